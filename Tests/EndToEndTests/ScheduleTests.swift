import Foundation
import Glibc
import Testing

/// `schedule:` and `shipit schedule`.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ScheduleTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        environments: {staging: {}, production: {}}
        stages:
          look: {checks: look}
          a: {needs: [look], run: "echo a-$SHIPIT_VERSION >> effects.log", rollback: 'true'}
        checks:
          look: [{name: Slow, run: 'sleep 0.5'}]
        schedule:
          - {name: nightly, cron: "0 2 * * *", zone: Europe/Athens, environment: staging, dry-run: yes}
          - {cron: "30 4 * * SUN", zone: UTC, environment: production, tag: "v1.*", missed: once}
        """

    @Test func `what the pipelines want by themselves is listed, with what comes next`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try project.write("pipelines/other.yaml", "shipit: 1\nstages: {}\n")

        let list = try await project.shipit("schedule", "list", "--output", "json").exits(0)

        let entries = try list.json.items
        #expect(entries.map { $0["entry"] } == ["deploy/nightly", "deploy/production"])
        #expect(entries[0]["dryRun"] == true)
        #expect(entries[0]["last"] == nil)
        #expect(entries[1]["tag"] == "v1.*")
        list.says("left out: pipelines/other.yaml")
        try await project.shipit("schedule", "list", "--pipeline", "deploy").exits(0)
            .says("deploy/nightly", "Europe/Athens", "dry run of latest to staging")
    }

    @Test(.enabled(if: FakeTime.isThere)) func `the next times are told in their order, by the clocks of their zones`()
        async throws
    {
        let project = try await ScratchProject(Self.pipeline)

        // 2025-10-26 is a Sunday, on which the clocks of Athens are set back at 04:00.
        let next = try await project.shipit(
            "schedule", "next", "--count", "4", "--output", "json",
            variables: try FakeTime.at("2025-10-24 22:00:00")
        ).exits(0)

        #expect(
            try next.json.items.map { $0["at"] } == [
                "2025-10-24T23:00:00.000Z", "2025-10-25T23:00:00.000Z", "2025-10-26T04:30:00.000Z",
                "2025-10-27T00:00:00.000Z",
            ])
        #expect(try next.json.items[0]["nominal"] == "2025-10-25 02:00")
    }

    @Test func `an entry is begun by hand as its schedule would`() async throws {
        let project = try await ScratchProject(Self.pipeline, tags: ["v1.0.0", "v1.2.0", "v2.0.0"])

        try await project.shipit("schedule", "run", "nightly").exits(0).says("v2.0.0 to staging", "nothing was changed")
        #expect(project.effects == [])
        #expect(try await project.status()["run"]["dryRun"] == true)
        try await project.shipit("schedule", "run", "deploy/production").exits(0)

        #expect(project.effects == ["a-1.2.0"])
        try await project.shipit("schedule", "run", "nightyl").exits(2).says("did you mean nightly?")
    }

    /// Two processes at one time of an entry, for real.
    @Test func `a time has one run, however many processes begin it at once`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        for kind in [["--dry-run"], []] {
            let firing = "1764640800000/deploy/x\(kind.count)@2025-12-02 02:00"
            let racers = try (0..<4).map { _ in
                try project.start(
                    arguments: ["deploy", "latest", "--env", "staging", "--yes", "--firing", firing] + kind)
            }
            var ends: [Shipit] = []
            for racer in racers { ends.append(try await project.finish(racer)) }

            #expect(ends.allSatisfy { $0.exitCode == 0 }, "\(ends)")
            #expect(ends.filter { $0.printed.contains("has been dealt with") }.count == 3, "\(ends)")
        }
        #expect(project.effects == ["a-1.0.0"])
        let runs = try await project.shipit("runs", "--output", "json").json.items
        #expect(runs.map { $0["dryRun"] } == [false, true])
        #expect(runs.map { $0["firing"] } == ["deploy/x0@2025-12-02 02:00", "deploy/x1@2025-12-02 02:00"])
    }
}
