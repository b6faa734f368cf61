import Testing

/// `kill -9` of the engine, and `resume`: every effect exactly once, and the same outcome.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct KilledEngineTests {
    /// The middle stage waits for the file `go`.
    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          a: {run: 'echo a >> effects.log; echo "x=from-a" >> "$SHIPIT_OUTPUT"', rollback: {run: echo undo-a >> effects.log}}
          b:
            needs: [a]
            run: |
              echo b-begin >> effects.log
              ops/await go
              echo b-end >> effects.log
              echo "y=from-b" >> "$SHIPIT_OUTPUT"
            rollback: {run: echo undo-b >> effects.log}
          c:
            needs: [b]
            env: {X: "${{ stages.a.outputs.x }}", Y: "${{ stages.b.outputs.y }}"}
            run: echo "c $X $Y" >> effects.log
            finally: echo finally >> effects.log
        """
    static let whole = ["a", "b-begin", "b-end", "c from-a from-b", "finally"]

    /// Starts a deployment and kills its engine while `b` waits.
    static func killed(_ project: ScratchProject, _ arguments: String...) async throws {
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        try await project.killNow(deploy)
    }

    @Test func `a command goes on without its engine, and resume takes its end`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)
        #expect(try await project.status()["run"]["state"] == "interrupted")

        try project.touch("go")
        try await project.untilEffect("b-end")
        try await project.shipit("resume").exits(0)

        #expect(project.effects == Self.whole)
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "succeeded")
        #expect(status["stages"].first("name", "b")["attempts"] == 1)
        try await project.untilNoProcess()
    }

    @Test func `resume attaches to a command that still runs`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)

        let resume = try project.start("resume", "latest")
        try await eventually("the attempt is taken up") {
            try await project.journal().contains { $0["type"] == "attemptReattached" }
        }
        try project.touch("go")
        try await project.finish(resume).exits(0)

        #expect(project.effects == Self.whole)
    }

    @Test func `an engine that is killed again and again still does everything once`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)

        for _ in 0..<4 {
            let resume = try project.start("resume")
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...150)))
            try await project.killNow(resume)
        }
        try project.touch("go")
        try await project.shipit("resume").exits(0)

        #expect(project.effects == Self.whole)
    }

    @Test func `an engine that is killed at any moment leaves a run that resumes to the same end`() async throws {
        for delay in [20, 45, 70, 95, 120, 145, 170, 200, 240, 300] {
            let project = try await ScratchProject(Self.pipeline)
            try project.touch("go")
            let deploy = try project.start("deploy", "v1.0.0")
            try await Task.sleep(for: .milliseconds(delay))
            try await project.killNow(deploy)

            // Killed before the run was recorded: then there is nothing to resume, and nothing has happened.
            if try await project.shipit("runs", "--output", "json").json.items.isEmpty {
                #expect(project.effects == [])
                continue
            }
            try await project.shipit("resume", "latest").exits(0)
            #expect(project.effects == Self.whole, "killed after \(delay) ms")
            try await project.untilNoProcess()
        }
    }

    @Test func `a kill during the way back: resume goes on undoing, each stage once`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
              b:
                needs: [a]
                run: echo b >> effects.log
                rollback: {run: "echo undo-b-begin >> effects.log; ops/await go; echo undo-b-end >> effects.log"}
              c: {needs: [b], run: exit 1, rollback: {run: echo undo-c >> effects.log}}
            """)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("undo-b-begin")
        try await project.killNow(deploy)

        try project.touch("go")
        try await project.shipit("resume").exits(4)

        #expect(project.effects == ["a", "b", "undo-c", "undo-b-begin", "undo-b-end", "undo-a"])
        #expect(try await project.status()["run"]["outcome"] == "rolled-back")
        try await project.shipit("deploy", "v1.0.0").exits(4)
    }

    @Test func `a failure of a command while no engine was there is undone at resume`() async throws {
        let project = try await ScratchProject(
            Self.pipeline.replacing("ops/await go", with: "ops/await go; echo failing >> effects.log; exit 5"))
        try await Self.killed(project)

        try project.touch("go")
        try await project.untilEffect("failing")
        try await project.shipit("resume").exits(4)

        #expect(project.effects == ["a", "b-begin", "failing", "undo-b", "undo-a"])
    }

    @Test func `an interrupted run keeps its environment, and a deployment names the ways out`() async throws {
        let project = try await ScratchProject(Self.pipeline, tags: ["v1.0.0", "v1.1.0"])
        try await Self.killed(project)
        let run = try await project.latestRun()

        try await project.shipit("deploy", "v1.1.0").exits(3).says(run, "resume", "rollback", "abandon")

        try project.touch("go")
        try await project.shipit("rollback", run).exits(0)
        #expect(project.effects.suffix(2) == ["undo-b", "undo-a"])
        #expect(project.effects.contains("c from-a from-b") == false)
        try await project.shipit("deploy", "v1.1.0").exits(0)
    }

    @Test func `an abandoned run lets go of its environment and of its processes`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)

        try await project.shipit("abandon", "latest", "--why", "the machine is replaced").exits(0)

        try await project.untilNoProcess()
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.effects == ["a", "b-begin"] + Self.whole)
    }

    @Test func `a second deployment while one runs is refused and names the run`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        let run = try await project.latestRun()

        try await project.shipit("deploy", "v1.0.0").exits(3).says(run)
        try await project.shipit("resume", run).exits(3).says(run)

        try project.touch("go")
        try await project.finish(deploy).exits(0)
        #expect(project.effects == Self.whole)
    }

    @Test func `of a finished run resume says how it ended, and does nothing`() async throws {
        let project = try await ScratchProject(FailureTests.fourStages())
        try await project.shipit("deploy", "v1.0.0").exits(4)
        let effects = project.effects
        let run = try await project.latestRun()

        try await project.shipit("resume", run).exits(4).says("rolled")

        #expect(project.effects == effects)
    }

    @Test func `with nothing to resume, or an unknown run, resume is wrong usage`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try project.touch("go")

        try await project.shipit("resume").exits(2)
        try await project.shipit("resume", "20200101-0000-zzzz").exits(2).says("20200101-0000-zzzz")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("resume").exits(2)
    }

    @Test func `a pipeline edited meanwhile is reported, not obeyed`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)
        try project.write("pipelines/deploy.yaml", Self.pipeline.replacing("echo \"c $X $Y\"", with: "echo edited"))

        try project.touch("go")
        try await project.shipit("resume").exits(0).says("pipelines/deploy.yaml")

        #expect(project.effects == Self.whole)
    }

    @Test func `a tag that was moved meanwhile stops the run, and both commits are shown`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await Self.killed(project)
        let before = try await project.commit(of: "v1.0.0")
        try await project.git("commit", "--quiet", "--allow-empty", "--message", "Other")
        try await project.git("tag", "--force", "--annotate", "--message", "Moved", "v1.0.0")
        let after = try await project.commit(of: "v1.0.0")
        try project.touch("go")
        try await project.untilEffect("b-end")

        try await project.shipit("resume").exits(3).says("v1.0.0", String(before.prefix(7)), String(after.prefix(7)))

        #expect(project.effects == ["a", "b-begin", "b-end"])
    }

    @Test func `a retry keeps its count over a kill, and its pause is not started anew`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a:
                run: echo "try $SHIPIT_ATTEMPT" >> effects.log; exit 1
                retry: {attempts: 3, delay: 500ms}
                rollback: {run: echo undo >> effects.log}
            """)
        for attempt in 1...2 {
            let engine = attempt == 1 ? try project.start("deploy", "v1.0.0") : try project.start("resume")
            try await project.untilEffect("try \(attempt)")
            try await eventually("the next try is planned") {
                try await project.journal().filter { $0["type"] == "retryScheduled" }.count == attempt
            }
            try await project.killNow(engine)
        }

        try await project.shipit("resume").exits(4)

        #expect(project.effects == ["try 1", "try 2", "try 3", "undo"])
    }
}
