import Testing

/// Nothing that a stage starts outlives it.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ProcessHygieneTests {
    static func pipeline(_ script: String, timeout: String = "700ms") -> String {
        """
        shipit: 1
        name: deploy
        defaults: {kill-after: 500ms}
        stages:
          a:
            timeout: \(timeout)
            run: |
              \(script.replacing("\n", with: "\n      "))
            rollback: {run: echo undo >> effects.log}
        """
    }

    static func expectNothingLeft(_ project: ScratchProject) async throws {
        #expect(project.stageProcesses == [])
        try await project.untilNoProcess()
    }

    @Test func `a timeout ends a command that ignores TERM`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("trap '' TERM; echo begun >> effects.log; while :; do sleep 0.2; done"))

        try await project.shipit("deploy", "v1.0.0").exits(4).says("timed out")

        #expect(project.effects == ["begun", "undo"])
        try await Self.expectNothingLeft(project)
    }

    @Test func `a timeout ends what forked twice into a session of its own`() async throws {
        let project = try await ScratchProject(
            Self.pipeline(
                """
                (setsid sh -c 'trap "" TERM HUP; cd /; sleep 301; sleep 302' </dev/null >/dev/null 2>&1 &)
                (setsid setsid sleep 303 &) &
                sleep 304
                """))

        try await project.shipit("deploy", "v1.0.0").exits(4)

        try await Self.expectNothingLeft(project)
    }

    @Test func `a grandchild that holds the output open neither delays the run nor survives it`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("sleep 305 &\nsetsid sleep 306 &\necho done", timeout: "50s"))

        try await project.shipit("deploy", "v1.0.0", within: .seconds(40)).exits(0)

        try await Self.expectNothingLeft(project)
        #expect(try await project.shipit("logs", "latest", "a").exits(0).stdout.contains("done"))
    }

    @Test func `what a failed stage left behind is gone before it is undone`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a:
                run: "setsid sh -c 'while :; do echo alive > pulse; sleep 0.05; done' >/dev/null 2>&1 & ops/await pulse; exit 1"
                rollback: {run: "rm -f pulse; sleep 0.3; test ! -e pulse && echo quiet >> effects.log"}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["quiet"])
        try await Self.expectNothingLeft(project)
    }

    @Test func `a stage that says so may leave something running`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              serve:
                leaves-running: true
                run: setsid sleep 307 </dev/null >/dev/null 2>&1 & echo $! > pid
              after: {needs: [serve], run: setsid sleep 308 </dev/null >/dev/null 2>&1 & echo after >> effects.log}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(0)

        try await eventually("only the server is left of \(project.processes)", within: .seconds(10)) {
            project.processes.map(\.arguments) == [["sleep", "307"]]
        }
    }

    @Test func `a flood of output does not hold the run up`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo end", timeout: "50s"))

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(try await project.shipit("logs", "latest").exits(0).stdout.utf8.count < 31_000_000)
    }
}
