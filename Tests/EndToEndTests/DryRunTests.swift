import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct DryRunTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        environments: {production: {vars: {replicas: 2}}}
        secrets: {TOKEN: {env: TOKEN}}
        stages:
          preflight: {checks: preflight}
          first:
            needs: [preflight]
            run: echo first-command >> effects.log
            env: {TOKEN: "${{ secrets.TOKEN }}"}
            rollback: {run: echo way-back-of-first >> effects.log}
          backup:
            needs: [first]
            uses: backup/sqlite
            with: {database: app.db, to: backups}
          image:
            needs: [first]
            uses: build-image
            with: {context: ., tag: "app:${{ release.version }}", builder: archive}
          second:
            needs: [backup, image]
            run: [ops/second, "${{ release.version }}", "${{ vars.replicas }}"]
            finally: echo in-the-end >> effects.log
          drop: {needs: [second], run: ops/drop, reversible: no}
        checks:
          preflight: [{name: Look, run: test -e app.db}]
        """

    @Test(arguments: [["deploy", "v1.0.0", "--dry-run"], ["plan", "v1.0.0"]])
    func `looking at what would happen changes no byte outside the state folder`(_ arguments: [String]) async throws {
        let project = try await ScratchProject(Self.pipeline, files: ["app.db": "not yet a database"])
        let secret = "wolf-\(UInt32.random(in: 1_000_000...9_999_999))"
        let before = try project.image()

        let shown =
            arguments.count == 3
            ? try await project.shipit("deploy", "v1.0.0", "--dry-run", variables: ["TOKEN": secret])
            : try await project.shipit("plan", "v1.0.0", variables: ["TOKEN": secret])

        shown.exits(0)
        #expect(before.changes(to: try project.image()) == [])
        for command in [
            "echo first-command >> effects.log", "way-back-of-first", "ops/second", "1.0.0", "in-the-end", "ops/drop",
            "app.db", "tar --create",
        ] {
            #expect(shown.stdout.contains(command), "it doesn't show \(command): \(shown)")
        }
        #expect(!shown.printed.contains(secret))
        let state = try FolderImage(of: project.base)
        #expect(state.files(containing: secret) == [])
    }

    @Test func `the order, the points of no return and the digest are shown`() async throws {
        let project = try await ScratchProject(Self.pipeline)

        let plan = try await project.shipit("plan", "v1.0.0", variables: ["TOKEN": "wolf-1234"]).exits(0)

        plan.says("sha256:", "no return")
        let first = try #require(plan.stdout.range(of: "first-command"))
        let second = try #require(plan.stdout.range(of: "ops/second"))
        #expect(first.lowerBound < second.lowerBound)
        let json = try await project.shipit("plan", "v1.0.0", "--output", "json", variables: ["TOKEN": "wolf-1234"])
        #expect(try json.exits(0).json.keys.isEmpty == false)
    }

    @Test func `a dry-run is kept with all that it found, and every command that looks shows it`() async throws {
        let project = try await ScratchProject(Self.pipeline, files: ["app.db": "not yet a database"])
        let token = ["TOKEN": "wolf-1234"]

        try await project.shipit("deploy", "v1.0.0", "--dry-run", variables: token).exits(0)
            .says("nothing stands in the way", "passed", "the first of its kind", "nothing was changed")

        let status = try await project.status()
        #expect(status["run"]["dryRun"] == true)
        #expect(status["run"]["outcome"] == "succeeded")
        let parts = status["dryRun"]["previews"].first("stage", "first")["parts"]
        #expect(
            parts.first("part", "perform")["commands"].items == [
                "bash -euo pipefail -c 'echo first-command >> effects.log'"
            ])
        let suite = try #require(status["dryRun"]["checks"].items.first)
        #expect(suite["decides"] == true)
        #expect(suite["answers"].first("check", "Look")["standing"] == "passed")
        try await project.shipit("status").exits(0).says("dry run", "echo way-back-of-first", "Look")
        try await project.shipit("runs").exits(0).says("dry run")
        try await project.shipit("logs").exits(0).says(
            "would run (perform): bash -euo pipefail -c 'echo first-command", "passed: Look")
        #expect(
            try await project.journal().map { $0["type"] } == ["runCreated"]
                + Array(repeating: "stagePreviewed", count: 6) + ["suiteAsked", "dryRunCompared", "runFinished"])
        for format in ["markdown", "html", "json", "junit"] {
            try await project.shipit("report", "latest", "--format", format).exits(0).says("Look")
        }
        try await project.shipit("report", "latest").exits(0).says("What would run", "echo in-the-end")
        try await project.shipit("audit", "verify").exits(0)
    }

    @Test func `only what is otherwise than the time before is told`() async throws {
        let project = try await ScratchProject(Self.pipeline, files: ["app.db": "x"])
        let token = ["TOKEN": "wolf-1234"]
        try await project.shipit("deploy", "latest", "--dry-run", variables: token).exits(0)
        let first = try await project.latestRun()

        try await project.shipit("deploy", "latest", "--dry-run", variables: token).exits(0).says("as run \(first) was")
        try await project.release("v1.1.0")
        try project.write(
            "pipelines/deploy.yaml", Self.pipeline.replacingOccurrences(of: "first-command", with: "other-command"))
        try FileManager.default.removeItem(atPath: project.path("app.db"))
        let third = try await project.shipit("deploy", "latest", "--dry-run", variables: token).exits(3)

        third.says("release.tag: v1.0.0 → v1.1.0", "checks.preflight.Look: passed → failed", "other-command")
        let comparison = try await project.status()["dryRun"]["comparison"]
        let paths = comparison["changes"].items.map { $0["path"] }
        #expect(paths.contains("previews.first.perform"))
        #expect(paths.contains("checks.preflight.Look"))
    }

    @Test func `what would be refused makes it 3, and the rest is found out all the same`() async throws {
        let project = try await ScratchProject(
            Self.pipeline.replacingOccurrences(
                of: "environments:", with: "release: {require: [{version-file: NONE}]}\nenvironments:"))

        let shown = try await project.shipit(
            "deploy", "v1.0.0", "--dry-run", variables: ["TOKEN": "wolf-1234"]
        ).exits(3)

        shown.says("a deployment would be refused", "NONE", "checks preflight say NO-GO: Look", "echo first-command")
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "refused")
        #expect(status["next"] == nil)
        try await project.shipit("resume").exits(2).says("nothing to resume")
    }

    @Test func `checks are asked where they can be, and no stage is carried out`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            people: {ana: {}}
            roles: {ops: {people: [ana]}}
            stages:
              before: {checks: before}
              change: {needs: [before], run: echo changed >> effects.log}
              after: {needs: [change], checks: after}
            checks:
              before:
                - {name: Tag, run: [test, "${{ release.tag }}", "=", v1.0.0]}
                - {name: Briefed, manual: Support knows, role: ops}
                - {name: Waits, run: "true", depends-on: [Briefed]}
              after:
                - {name: Fails now, run: "false"}
                - {name: New one, run: [test, "${{ release.version }}", "=", 2]}
            """)

        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)

        #expect(project.effects == [])
        let suites = try await project.status()["dryRun"]["checks"]
        let before = suites.first("suite", "before")
        let after = suites.first("suite", "after")
        #expect(after["decides"] == false)
        #expect(before["answers"].first("check", "Tag")["standing"] == "passed")
        #expect(before["answers"].first("check", "Briefed")["standing"] == "not-asked")
        #expect(before["answers"].first("check", "Waits")["standing"] == "not-asked")
        #expect(after["answers"].first("check", "Fails now")["standing"] == "failed")
        #expect(after["answers"].first("check", "New one")["standing"] == "not-asked")
    }

    @Test func `a dry-run takes no lock, leaves nothing live and is told apart`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: echo a >> effects.log, rollback: {run: "true"}}}
            """)

        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
        #expect(project.effects == [])
        try await project.shipit("rollback").exits(2)
        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects == ["a"])
        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(0).says("already live")
        #expect(project.effects == ["a"])
    }
}
