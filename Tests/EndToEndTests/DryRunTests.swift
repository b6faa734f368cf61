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
          preflight: [{name: Look, run: touch checked}]
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

    @Test func `a dry-run takes no lock, leaves nothing live and is told apart`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: echo a >> effects.log, rollback: {run: "true"}}}
            """)

        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
        #expect(project.effects == [])
        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects == ["a"])
        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(0).says("already live")
        #expect(project.effects == ["a"])
    }
}
