import Testing

/// What happens when a stage fails: the way back, and what is said where there is none.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct FailureTests {
    /// Four stages in a row, the last of which fails; each way back writes a line.
    static func fourStages(undoOfB: String = "echo undo-b >> effects.log", more: String = "") -> String {
        """
        shipit: 1
        name: deploy
        environments: {production: {}}
        stages:
          a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
          b: {needs: [a], run: echo b >> effects.log, rollback: {run: "\(undoOfB)"}}
          c: {needs: [b], run: echo c >> effects.log, rollback: {run: echo undo-c >> effects.log}}
          d: {needs: [c], run: "echo d >> effects.log; echo the-reason >&2; exit 3", rollback: {run: echo undo-d >> effects.log}}
          e: {needs: [d], run: echo e >> effects.log, rollback: {run: echo undo-e >> effects.log}}
        \(more)
        """
    }

    @Test func `a stage that fails after three others succeeded has them undone in reverse`() async throws {
        let project = try await ScratchProject(Self.fourStages())

        let deploy = try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["a", "b", "c", "d", "undo-d", "undo-c", "undo-b", "undo-a"])
        deploy.says("d", "the-reason")
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "rolled-back")
        #expect(
            status["stages"].items.map { $0["state"] } == ["succeeded", "succeeded", "succeeded", "failed", "skipped"])
        #expect(status["rollback"].items.map { $0["stage"] } == ["d", "c", "b", "a"])
        try await project.untilNoProcess()
    }

    @Test func `a stage is undone only after all that need it`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              first: {run: echo first >> effects.log, rollback: {run: echo undo-first >> effects.log}}
              left: {needs: [first], run: echo left >> effects.log, rollback: {run: "sleep 0.3; echo undo-left >> effects.log"}}
              right: {needs: [first], run: echo right >> effects.log, rollback: {run: echo undo-right >> effects.log}}
              last: {needs: [left, right], run: exit 1, rollback: {run: echo undo-last >> effects.log}}
            """)

        try await project.shipit("deploy", "v1.0.0", "--jobs", "2").exits(4)

        let undone = project.effects.filter { $0.hasPrefix("undo") }
        #expect(undone.first == "undo-last")
        #expect(Set(undone) == ["undo-last", "undo-left", "undo-right", "undo-first"])
        #expect(undone.last == "undo-first")
    }

    @Test func `when an undo fails the others are still undone, and the list of both is printed`() async throws {
        let project = try await ScratchProject(Self.fourStages(undoOfB: "echo undo-b-tried >> effects.log; exit 9"))

        let deploy = try await project.shipit("deploy", "v1.0.0").exits(5)

        #expect(project.effects == ["a", "b", "c", "d", "undo-d", "undo-c", "undo-b-tried", "undo-a"])
        deploy.says("not undone", "undone", "b", "9")
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "rollback-failed")
        #expect(status["rollback"].first("stage", "b")["state"] == "failed")
        for stage in ["a", "c", "d"] { #expect(status["rollback"].first("stage", stage)["state"] == "succeeded") }
        #expect(status["next"].string?.contains("shipit") == true)
    }

    @Test func `stages that run beside the failed one finish, and are undone, too`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              fails: {run: "ops/await slow.here; exit 1", rollback: {run: echo undo-fails >> effects.log}}
              slow: {run: "touch slow.here; sleep 0.5; echo slow >> effects.log", rollback: {run: echo undo-slow >> effects.log}}
              never: {needs: [slow], run: echo never >> effects.log, rollback: {run: echo undo-never >> effects.log}}
            """)

        try await project.shipit("deploy", "v1.0.0", "--jobs", "2").exits(4)

        #expect(project.effects.first == "slow")
        #expect(project.effects.sorted() == ["slow", "undo-fails", "undo-slow"])
        #expect(try await project.state(of: "never")["state"] == "skipped")
    }

    @Test func `where nothing that started declares a way back the run has failed`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log}
              b: {needs: [a], run: exit 1}
            """)

        let deploy = try await project.shipit("deploy", "v1.0.0").exits(5)

        deploy.says("a", "b")
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "failed")
    }

    @Test func `when only checks have run, nothing has changed and the deployment is refused`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              preflight: {checks: preflight}
              a: {needs: [preflight], run: echo a >> effects.log}
            checks:
              preflight: [{name: The door, run: "echo shut; exit 1"}]
            """)

        try await project.shipit("deploy", "v1.0.0").exits(3).says("The door")

        #expect(project.effects == [])
        #expect(try await project.status()["run"]["outcome"] == "refused")
        // Nothing is left to be settled.
        try await project.shipit("deploy", "v1.0.0").exits(3).says("The door")
    }

    @Test func `a stage marked as changing nothing is refused alike`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              look: {run: exit 1, changes: no}
              a: {needs: [look], run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(3)

        #expect(project.effects == [])
    }

    @Test func `a stage past its point of no return is left, and the rest is undone`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
              drop: {needs: [a], run: echo drop >> effects.log, reversible: no}
              c: {needs: [drop], run: exit 1, rollback: {run: echo undo-c >> effects.log}}
            """)

        let deploy = try await project.shipit("deploy", "v1.0.0").exits(5)

        #expect(project.effects == ["a", "drop", "undo-c", "undo-a"])
        deploy.says("drop", "no return")
    }

    @Test func `finally runs when all goes well and when it doesn't, and after the undoing`() async throws {
        let pipeline = """
            shipit: 1
            name: deploy
            stages:
              maintenance:
                run: echo on >> effects.log
                finally: echo off >> effects.log
                rollback: {run: echo undo-maintenance >> effects.log}
              work: {needs: [maintenance], run: "echo work >> effects.log; test ! -e broken", rollback: {run: echo undo-work >> effects.log}}
            """
        let project = try await ScratchProject(pipeline)

        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.effects == ["on", "work", "off"])

        try project.touch("broken")
        try await project.shipit("deploy", "v1.0.0", "--again").exits(4)
        #expect(project.effects.dropFirst(3) == ["on", "work", "undo-work", "undo-maintenance", "off"])
    }

    @Test func `a finally that fails is listed and makes exit 5`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              maintenance: {run: echo on >> effects.log, finally: exit 8, rollback: {run: "true"}}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(5).says("maintenance", "finally")
    }

    @Test func `a dirty environment refuses deployments until it is rolled back`() async throws {
        let project = try await ScratchProject(Self.fourStages(undoOfB: "test -e mended && echo undo-b >> effects.log"))
        try await project.shipit("deploy", "v1.0.0").exits(5)
        let run = try await project.latestRun()
        let effects = project.effects

        try await project.shipit("deploy", "v1.0.0").exits(3).says(run, "rollback", "abandon")
        #expect(project.effects == effects)

        try project.touch("mended")
        try await project.shipit("rollback", run).exits(0)
        #expect(project.effects == effects + ["undo-b"])
        try await project.shipit("deploy", "v1.0.0").exits(4)
    }

    @Test func `a dirty environment refuses deployments until its run is abandoned, with a reason`() async throws {
        let project = try await ScratchProject(Self.fourStages(undoOfB: "exit 1"))
        try await project.shipit("deploy", "v1.0.0").exits(5)
        let run = try await project.latestRun()
        try await project.shipit("deploy", "v1.0.0").exits(3)

        try await project.shipit("abandon", run).exits(2).says("--why")
        try await project.shipit("abandon", run, "--why", "settled by hand").exits(0)

        try await project.shipit("deploy", "v1.0.0").exits(5)
        let acts = try await project.journal(run).filter { $0["type"] == "operatorActed" }
        #expect(acts.first?["why"] == "settled by hand")
    }
}
