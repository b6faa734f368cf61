import Testing

/// The operator's hand: cancel, rollback, again.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct OperatorTests {
    static let simple = """
        shipit: 1
        name: deploy
        stages:
          a: {run: 'echo "a $SHIPIT_VERSION" >> effects.log', rollback: {run: 'echo "undo-a to $SHIPIT_TARGET_VERSION" >> effects.log'}}
          b: {needs: [a], run: 'echo "b $SHIPIT_VERSION" >> effects.log', rollback: {run: 'echo "undo-b to $SHIPIT_TARGET_VERSION" >> effects.log'}}
        """

    @Test func `cancelling a running run from another process ends and undoes it`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")

        let cancel = try await project.shipit("cancel")

        #expect(cancel.exitCode == 0 || cancel.exitCode == 4, "\(cancel)")
        try await project.finish(deploy).exits(4)
        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "cancelled")
        #expect(status["stages"].first("name", "b")["state"] == "cancelled")
        try await project.untilNoProcess()
        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
    }

    @Test func `an interrupted run is cancelled without an engine of its own`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        try await KilledEngineTests.killed(project)

        try await project.shipit("cancel", "latest").exits(4)

        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
        #expect(try await project.status()["run"]["outcome"] == "cancelled")
    }

    @Test func `rolling back a running run from another process ends and undoes it`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")

        let rollback = try await project.shipit("rollback", "latest")

        let ended = try await project.finish(deploy)
        #expect([0, 4].contains(ended.exitCode), "\(ended)")
        #expect([0, 4].contains(rollback.exitCode), "\(rollback)")
        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
        try await project.untilNoProcess()
    }

    @Test func `a stage that has not started is skipped by hand, with who and why, and counts as satisfied`()
        async throws
    {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log; ops/await go}
              b: {needs: [a], run: echo b >> effects.log}
              c: {needs: [b], run: echo c >> effects.log}
            """)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")

        try await project.shipit("skip", "latest", "b").exits(2).says("--why")
        try await project.shipit("skip", "latest", "b", "--why", "done by hand").exits(0)
        try project.touch("go")
        try await project.finish(deploy).exits(0)

        #expect(project.effects == ["a", "c"])
        #expect(try await project.state(of: "b")["state"] == "skipped")
        let act = try await project.journal().first { $0["type"] == "operatorActed" }
        #expect(act?["stage"] == "b")
        #expect(act?["why"] == "done by hand")
    }

    @Test func `a rollback long after success brings the previous release back`() async throws {
        let project = try await ScratchProject(Self.simple, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("deploy", "v1.1.0").exits(0)

        try await project.shipit("rollback").exits(0)

        #expect(project.effects.suffix(2) == ["undo-b to 1.0.0", "undo-a to 1.0.0"])
        let status = try await project.status()
        #expect(status["run"]["release"]["tag"] == "v1.1.0")
        #expect(status["run"]["outcome"] == "rolled-back")
        // The one before it is live again.
        let count = project.effects.count
        try await project.shipit("deploy", "v1.0.0").exits(0).says("already live")
        #expect(project.effects.count == count)
        try await project.shipit("deploy", "v1.1.0").exits(0)
        #expect(project.effects.suffix(2) == ["a 1.1.0", "b 1.1.0"])
    }

    @Test func `only the environment's live run can be rolled back`() async throws {
        let project = try await ScratchProject(Self.simple, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        let first = try await project.latestRun()
        try await project.shipit("deploy", "v1.1.0").exits(0)
        let effects = project.effects

        try await project.shipit("rollback", first).exits(3)

        #expect(project.effects == effects)
    }

    @Test func `what is already live is deployed again only when asked to`() async throws {
        let project = try await ScratchProject(Self.simple)
        try await project.shipit("deploy", "v1.0.0").exits(0)

        try await project.shipit("deploy", "v1.0.0").exits(0).says("already live")
        #expect(project.effects.count == 2)
        try await project.shipit("deploy", "v1.0.0", "--again").exits(0)
        #expect(project.effects.count == 4)
    }

    @Test func `latest as a tag is the highest version`() async throws {
        let project = try await ScratchProject(Self.simple, tags: ["v1.9.0", "v1.10.0", "v1.2.0", "v2.0.0-rc.1"])

        try await project.shipit("deploy", "latest").exits(0)

        #expect(try await project.status()["run"]["release"]["tag"] == "v1.10.0")
    }

    @Test func `a run is named by a unique beginning of its id`() async throws {
        let project = try await ScratchProject(Self.simple, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        let first = try await project.latestRun()
        try await project.shipit("deploy", "v1.1.0").exits(0)

        #expect(try await project.status(String(first.dropLast(1)))["run"]["id"] == .string(first))
        try await project.shipit("status", "2").exits(2).says(first)
    }
}
