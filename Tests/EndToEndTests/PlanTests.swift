import Foundation
import Testing

/// What `plan` says about an earlier run, and what its digest stands for.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct PlanTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        environments: {production: {vars: {replicas: 2}}}
        stages:
          a: {run: "true", timeout: 10m}
          b: {needs: [a], run: "echo one\\necho two"}
        """

    @Test func `a plan is compared with an earlier run field by field`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await project.shipit("deploy", "v1.0.0").exits(0)
        let run = try await project.latestRun()

        // The release that was live when the run was planned is another than now, and that is all.
        let same = try await project.shipit("plan", "v1.0.0", "--diff", run, "--output", "json").exits(0).json
        #expect(same["changes"].items.map { $0["path"].string } == ["previous"], "\(same)")

        try project.write(
            "pipelines/deploy.yaml",
            """
            shipit: 1
            name: deploy
            stages:
              b: {run: "echo one\\necho three", needs: [a]} # the order of keys is nobody's business
              a: {timeout: 20m, run: "true"}
            environments: {production: {vars: {replicas: 2}}}
            """)
        let text = try await project.shipit("plan", "v1.0.0", "--diff", "latest").exits(0)
        #expect(text.stdout.contains("\nstages.a.timeout: 10m → 20m\n"), "\(text)")
        #expect(text.stdout.contains("\nstages.b.run:\n    echo one\n  - echo two\n  + echo three\n"), "\(text)")
        let json = try await project.shipit("plan", "v1.0.0", "--diff", run, "--output", "json").exits(0).json
        #expect(json["equal"] == false)
        #expect(
            Set(json["changes"].items.map { $0["path"].string }) == ["previous", "stages.a.timeout", "stages.b.run"])
        try await project.shipit("plan", "v1.0.0", "--diff", "20990101-0000-none").exits(2).says("there is no run")
    }

    @Test func `a run that waits is signed whoever writes its pipeline down anew, and not what would do another thing`()
        async throws
    {
        let head = """
            shipit: 1
            name: deploy
            people: {ana: {}}
            roles: {devops: {people: [ana]}}
            environments: {production: {approvals: {roles: [devops], allow-self: yes}}}

            """
        let project = try await ScratchProject(head + "stages: {a: {run: \"true\", timeout: 1m}, b: {run: \"true\"}}\n")
        try await project.shipit("deploy", "v1.0.0").exits(6)
        let run = try await project.latestRun()

        try project.write(
            "pipelines/deploy.yaml", head + "stages:\n  b: {run: \"true\"}\n  a: {timeout: 60s, run: \"true\"}\n")
        try await project.shipit("deploy", "v1.0.0").exits(6).says("run \(run) waits with this very plan already")

        try project.write(
            "pipelines/deploy.yaml", head + "stages:\n  b: {run: \"true\"}\n  a: {timeout: 61s, run: \"true\"}\n")
        try await project.shipit("deploy", "v1.0.0").exits(6)
        #expect(try await project.latestRun() != run)
    }

    static let migrating = """
        shipit: 1
        name: deploy
        secrets: {DATABASE: {env: DATABASE}}
        stages:
          migrate:
            uses: migrate
            env: {DATABASE: "${{ secrets.DATABASE }}"}
            with:
              status: 'touch applied; echo "$DATABASE" >&2; ls "$SHIPIT_TREE/migrations" | grep -vxFf applied || true'
              apply: ls "$SHIPIT_TREE/migrations" > applied
              revert: "rm -f applied; echo reverted >> effects.log"
          last: {needs: [migrate], run: "ops/last"}
        """

    @Test func `pending migrations are those of the tag's tree, asked with the stage's own secrets`() async throws {
        let project = try await ScratchProject(
            Self.migrating,
            files: ["migrations/0001.sql": "1", "applied": "", "ops/last": "#!/bin/sh\nexit ${FAIL:-0}\n"])
        try project.write("migrations/0002.sql", "not in the tag")
        let secret = "wolf-\(UInt32.random(in: 1_000_000...9_999_999))"
        let before = try project.image()

        let text = try await project.shipit("plan", "v1.0.0", variables: ["DATABASE": secret]).exits(0)
        let json = try await project.shipit(
            "deploy", "v1.0.0", "--dry-run", "--output", "json", variables: ["DATABASE": secret]
        ).exits(0).json
        let nobody = try await project.shipit("plan", "v1.0.0", "--output", "json").exits(0).json

        #expect(text.stdout.contains("     pending   0001.sql\n     limits"), "\(text)")
        #expect(json["stages"].first("name", "migrate")["pending"]["names"] == .array(["0001.sql"]))
        let unknown = nobody["stages"].first("name", "migrate")["pending"]
        #expect(unknown["names"] == nil)
        #expect(unknown["reason"].string?.contains("DATABASE is not set") == true, "\(unknown)")
        #expect(before.changes(to: try project.image()) == [])
        #expect(!text.printed.contains(secret))
        #expect(try FolderImage(of: project.base).files(containing: secret) == [])
        try await project.untilNoProcess()
    }

    @Test func `earlier runs tell how long stages and rollbacks usually take`() async throws {
        let project = try await ScratchProject(
            Self.migrating,
            files: ["migrations/0001.sql": "1", "applied": "", "ops/last": "#!/bin/sh\n[ ! -e fail ]\n"],
            tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0", variables: ["DATABASE": "wolf"]).exits(0)
        try project.touch("fail")
        try await project.shipit("deploy", "v1.1.0", variables: ["DATABASE": "wolf"]).exits(4)

        let plan = try await project.shipit("plan", "v1.1.0", "--output", "json").exits(0).json

        #expect(plan["usual"]["runs"] == 1 && plan["usual"]["rollbacks"] == 1, "\(plan["usual"])")
        #expect(try #require(plan["usual"]["rollback"].number) > 0)
        #expect(try #require(plan["stages"].first("name", "migrate")["usual"].number) > 0)
        #expect(try #require(plan["stages"].first("name", "migrate")["rollback"]["usual"].number) > 0)
        #expect(plan["rollback"]["to"]["tag"] == "v1.0.0" && plan["rollback"]["complete"] == true)
        #expect(plan["rollback"]["stages"].items.map { $0["stage"].string } == ["last", "migrate"])
    }
}
