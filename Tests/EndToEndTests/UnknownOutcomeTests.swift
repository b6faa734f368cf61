import Glibc
import Testing

/// Engine and supervisor killed: nobody knows how the command ended, and nobody guesses.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct UnknownOutcomeTests {
    /// - Parameter command: whether the command goes, too, as at a power cut; else it is left without anybody.
    static func lost(_ pipeline: String, command: Bool = false) async throws -> ScratchProject {
        let project = try await ScratchProject(pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        try await project.killNow(deploy)
        try await project.killSupervisor()
        if command {
            for process in project.processes { kill(process.id, SIGKILL) }
            try await project.untilNoProcess()
        }
        return project
    }

    @Test func `the run is paused with the question, and the command that was left is ended`() async throws {
        let project = try await Self.lost(KilledEngineTests.pipeline)

        try await project.shipit("resume").exits(6).says("--stage b=", "done", "failed", "rerun")

        let status = try await project.status()
        #expect(status["run"]["state"] == "paused")
        #expect(status["stages"].first("name", "b")["state"] == "unknown")
        #expect(status["next"].string?.contains("--stage b=") == true)
        #expect(project.effects == ["a", "b-begin"])
        try await project.untilNoProcess()
        // Asking again changes nothing.
        try await project.shipit("resume").exits(6)
        #expect(project.effects == ["a", "b-begin"])
    }

    @Test func `answered with done the run goes on behind it`() async throws {
        let project = try await Self.lost(
            KilledEngineTests.pipeline.replacing(", Y: \"${{ stages.b.outputs.y }}\"", with: ", Y: none"))
        try await project.shipit("resume").exits(6)

        try await project.shipit("resume", "--stage", "b=done").exits(0)

        #expect(project.effects == ["a", "b-begin", "c from-a none", "finally"])
        let answers = try await project.journal().filter { $0["type"] == "operatorActed" }
        #expect(answers.count == 1)
        #expect(answers.first?["by"].string?.isEmpty == false)
    }

    @Test func `answered with rerun the stage starts again`() async throws {
        let project = try await Self.lost(KilledEngineTests.pipeline)
        try await project.shipit("resume").exits(6)
        try project.touch("go")

        try await project.shipit("resume", "--stage", "b=rerun").exits(0)

        #expect(project.effects == ["a", "b-begin"] + KilledEngineTests.whole.dropFirst())
    }

    @Test func `answered with failed the run is undone`() async throws {
        let project = try await Self.lost(KilledEngineTests.pipeline)
        try await project.shipit("resume").exits(6)

        try await project.shipit("resume", "--stage", "b=failed").exits(4)

        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
    }

    @Test func `a stage whose author says rerun is started again without a question`() async throws {
        let project = try await Self.lost(
            KilledEngineTests.pipeline.replacing("    needs: [a]\n", with: "    needs: [a]\n    on-interrupt: rerun\n"),
            command: true)
        try project.touch("go")

        try await project.shipit("resume").exits(0)

        #expect(project.effects == ["a", "b-begin"] + KilledEngineTests.whole.dropFirst())
    }

    @Test(arguments: [(0, ["c"], 0), (1, ["b-begin", "b-end", "c"], 0), (7, [], 6)])
    func `a verify command decides: 0 is done, 1 is run again, anything else asks`(
        _ code: Int, _ effects: [String], _ exit: Int32
    ) async throws {
        let project = try await Self.lost(
            """
            shipit: 1
            name: deploy
            stages:
              b:
                run: echo b-begin >> effects.log; ops/await go; echo b-end >> effects.log
                on-interrupt: verify
                verify: exit \(code)
              c: {needs: [b], run: echo c >> effects.log}
            """, command: true)
        try project.touch("go")

        try await project.shipit("resume").exits(exit)

        #expect(project.effects == ["b-begin"] + effects)
    }

    @Test(arguments: ["rollback", "cancel"])
    func `taken back at once, the run first ends the command that was left`(_ command: String) async throws {
        let project = try await Self.lost(
            KilledEngineTests.pipeline.replacing(
                "{run: echo undo-b >> effects.log}", with: "{run: \"touch go; sleep 0.5; echo undo-b >> effects.log\"}")
        )

        try await project.shipit(command, "latest").exits(command == "cancel" ? 4 : 0)

        // Were it still there, it would have gone on once the file came.
        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
        try await project.untilNoProcess()
    }

    @Test func `an answer for a stage that nobody asked about is refused`() async throws {
        let project = try await Self.lost(KilledEngineTests.pipeline)
        try await project.shipit("resume").exits(6)

        let wrong = try await project.shipit("resume", "--stage", "a=rerun")
        #expect(wrong.exitCode == 2 || wrong.exitCode == 3, "\(wrong)")
        try await project.shipit("resume", "--stage", "nothing=done").exits(2)
        try await project.shipit("resume", "--stage", "b=perhaps").exits(2)

        #expect(project.effects == ["a", "b-begin"])
    }

    @Test func `with its supervisor killed alone, the engine asks and guesses nothing`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        try await project.killSupervisor()
        let ended = try await project.finish(deploy)

        // Whether it stops or pauses, it must not have gone on behind a stage of unknown outcome.
        #expect(ended.exitCode == 6 || ended.exitCode == 1, "\(ended)")
        #expect(project.effects == ["a", "b-begin"])
        try await project.shipit("resume").exits(6)
        try project.touch("go")
        try await project.shipit("resume", "--stage", "b=rerun").exits(0)
        #expect(project.effects == ["a", "b-begin"] + KilledEngineTests.whole.dropFirst())
    }
}
