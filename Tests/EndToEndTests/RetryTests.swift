import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct RetryTests {
    static func pipeline(_ retry: String, _ script: String) -> String {
        """
        shipit: 1
        name: deploy
        stages:
          a:
            run: |
              echo "try $SHIPIT_ATTEMPT" >> effects.log
              \(script)
            retry: {\(retry)}
            rollback: {run: echo undo >> effects.log}
        """
    }

    @Test func `the budget is a total: three attempts are three runs`() async throws {
        let project = try await ScratchProject(Self.pipeline("attempts: 3, delay: 10ms", "exit 1"))

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["try 1", "try 2", "try 3", "undo"])
        #expect(try await project.state(of: "a")["attempts"] == 3)
    }

    @Test func `an attempt that succeeds ends the trying`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("attempts: 5, delay: 10ms, backoff: 2", "test \"$SHIPIT_ATTEMPT\" = 2"))

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects == ["try 1", "try 2"])
        #expect(try await project.state(of: "a")["state"] == "succeeded")
        #expect(try await project.state(of: "a")["attempts"] == 2)
    }

    @Test func `only what the retry is for is tried again`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("attempts: 4, delay: 10ms, on: [exit 75]", "test \"$SHIPIT_ATTEMPT\" = 2 || exit 75; exit 1"))

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["try 1", "try 2", "undo"])
    }

    @Test func `a stage whose attempts are used up can keep its place and ask`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
              b:
                needs: [a]
                run: "echo b >> effects.log; test -e mended"
                retry: {attempts: 2, delay: 10ms}
                on-exhausted: pause
                rollback: {run: echo undo-b >> effects.log}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(6)
        #expect(project.effects == ["a", "b", "b"])
        #expect(try await project.status()["run"]["state"] == "paused")

        try project.touch("mended")
        try await project.shipit("retry", "latest", "b").exits(0)
        #expect(project.effects == ["a", "b", "b", "b"])
    }

    @Test func `an undo has its stage's retry`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a:
                run: echo a >> effects.log
                retry: {attempts: 2, delay: 10ms}
                rollback: {run: "echo undo >> effects.log; test $(grep -c undo effects.log) = 2"}
              b: {needs: [a], run: exit 1}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["a", "undo", "undo"])
        #expect(try await project.status()["rollback"].first("stage", "a")["attempts"] == 2)
    }
}
