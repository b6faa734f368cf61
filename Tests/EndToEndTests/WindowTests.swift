import Foundation
import Testing

/// `windows:` of an environment. In the past, because sleeps under a clock of the future take until then. 2025-12-02 is a Tuesday, and Athens is two hours ahead of UTC.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries, .enabled(if: FakeTime.isThere))
struct WindowTests {
    private static let before = "2025-12-01 21:00:00"
    private static let inside = "2025-12-02 01:00:00"

    private static func pipeline(_ windows: String = "", environment: String = "", second: String = "'true'") -> String
    {
        """
        shipit: 1
        name: deploy
        environments:
          production:
            windows: {zone: Europe/Athens, allow: ["Tue-Thu 02:00-06:00"], deny: [2025-12-04]\(windows)}
            \(environment)
        people: {cat: {}}
        roles: {devops: {people: [cat]}}
        stages:
          a: {run: 'echo a >> effects.log', rollback: 'echo undo-a >> effects.log'}
          b: {needs: [a], run: \(second), timeout: 24h, on-interrupt: rerun, rollback: 'true'}
        """
    }

    private func gate(_ project: ScratchProject, _ command: String..., at time: String) async throws -> JSON {
        let process = try await project.shipit(
            arguments: command + ["--output", "json"], variables: try FakeTime.at(time))
        return try process.exits(0).json["gates"].first("name", "window")
    }

    @Test func `outside a window nothing begins, and it is said when the next one opens`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        try await project.shipit("deploy", "v1.0.0", variables: FakeTime.at(Self.before)).exits(3).says(
            "production is closed now, outside its windows",
            "the next one opens Tue 2025-12-02 02:00 Europe/Athens (00:00 UTC), in 2h59m",
            "shipit deploy v1.0.0 --env production --wait")
        try await project.shipit("deploy", "v1.0.0", variables: FakeTime.at("2025-12-04 01:00:00")).exits(3)
            .says("denied by 2025-12-04", "opens Tue 2025-12-09 02:00")
        #expect(project.effects.isEmpty)
        #expect(try await gate(project, "plan", "v1.0.0", at: Self.before)["state"] == "refused")
        let open = try await gate(project, "plan", "v1.0.0", at: Self.inside)
        #expect(open["state"] == "passed")
        #expect(open["reason"] == "open until Tue 2025-12-02 06:00 Europe/Athens (04:00 UTC)")

        try await project.shipit("deploy", "v1.0.0", variables: FakeTime.at(Self.inside)).exits(0)

        #expect(project.effects == ["a"])
        #expect(try await project.status()["gates"].first("name", "window")["state"] == "passed")
    }

    /// By the real clock: sleeps do not go by a faked one.
    @Test func `deploy --wait begins when the window opens`() async throws {
        let opening = (Date().timeIntervalSince1970 / 60 + 0.1).rounded(.up) * 60
        func clock(_ time: TimeInterval) -> String {
            let minute = Int(time / 60) % 1440
            return String(format: "%02d:%02d", minute / 60, minute % 60)
        }
        let window = "\(clock(opening))-\(clock(opening + 600))"
        let project = try await ScratchProject(
            """
            shipit: 1
            environments:
              production: {windows: {zone: UTC, allow: "\(window)"}}
            stages:
              a: {run: 'date +%s >> effects.log', rollback: 'true'}
            """)
        try await project.shipit("deploy", "v1.0.0", "--wait", within: .seconds(100)).exits(0)
            .says("waiting: production is closed now")
        let began = try #require(project.effects.first.flatMap(TimeInterval.init))
        #expect((opening...opening + 60).contains(began))
    }

    @Test func `a run is announced and signed at any time, and begins in a window`() async throws {
        let project = try await ScratchProject(
            Self.pipeline(environment: "approvals: {roles: [devops], allow-self: yes, expires: 7d}"))
        try await project.shipit("deploy", "v1.0.0", variables: FakeTime.at(Self.before)).exits(6)
        try await project.shipit(
            "approve", "latest", "devops", "--as", "cat", variables: FakeTime.at(Self.before)
        ).exits(0)
        try await project.shipit("resume", variables: FakeTime.at(Self.before)).exits(3).says("opens Tue 2025-12-02")
        #expect(try await gate(project, "status", at: Self.before)["state"] == "waiting")
        #expect(try await gate(project, "status", at: Self.inside)["state"] == "passed")
        #expect(project.effects.isEmpty)
        try await project.shipit("resume", variables: FakeTime.at(Self.inside)).exits(0)
        #expect(project.effects == ["a"])
    }

    @Test func `what is half-way goes on outside, and is undone outside`() async throws {
        let project = try await ScratchProject(Self.pipeline(second: "ops/await go"))
        let deploy = try project.start("deploy", "v1.0.0", variables: FakeTime.at(Self.inside))
        try await project.untilEffect("a")
        try await project.killNow(deploy)
        try project.touch("go")
        try await project.shipit("resume", variables: FakeTime.at("2025-12-02 12:00:00")).exits(0)
            .says("production is closed now", "the run goes on because it is half-way")
        try await project.shipit("rollback", variables: FakeTime.at("2025-12-02 12:00:00")).exits(0)
        #expect(project.effects == ["a", "undo-a"])
    }

    @Test func `a run that usually takes longer than the window is left does not begin`() async throws {
        let project = try await ScratchProject(Self.pipeline(", fit: true", second: "sleep 2"))
        try await project.shipit("deploy", "v1.0.0", variables: FakeTime.at(Self.inside)).exits(0)
            .says("no earlier run tells how long this takes")
        try await project.shipit("deploy", "v1.0.0", "--again", variables: FakeTime.at("2025-12-02 03:59:58")).exits(3)
            .says("the run usually takes 2", "its rollback 2", "the next one opens Wed 2025-12-03 02:00")
        try await project.shipit("deploy", "v1.0.0", "--again", variables: FakeTime.at("2025-12-02 03:59:30")).exits(0)
    }
}
