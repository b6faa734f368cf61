import Foundation
import Glibc
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct SignalTests {
    static func running() async throws -> (ScratchProject, ChildProcess) {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        return (project, deploy)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `the first interrupt lets what runs finish, starts nothing new, and says so`(_ number: Int32) async throws {
        let (project, deploy) = try await Self.running()

        deploy.signal(number)
        try await eventually("it says what it waits for") {
            deploy.printed.localizedCaseInsensitiveContains("interrupt")
        }
        #expect(deploy.poll() == nil)
        try project.touch("go")
        try await project.finish(deploy).exits(6).says("resume")

        #expect(project.effects == ["a", "b-begin", "b-end"])
        let status = try await project.status()
        #expect(status["run"]["state"] == "interrupted")
        #expect(status["stages"].first("name", "c")["state"] == "pending")
        #expect(status["next"].string?.contains("resume") == true)
        try await project.shipit("deploy", "v1.0.0").exits(3).says("resume")
        try await project.shipit("resume").exits(0)
        #expect(project.effects == KilledEngineTests.whole)
    }

    @Test func `the second interrupt ends what runs, and the new attempt doesn't count`() async throws {
        let (project, deploy) = try await Self.running()

        deploy.signal(SIGINT)
        try await eventually("it says what it waits for") {
            deploy.printed.localizedCaseInsensitiveContains("interrupt")
        }
        deploy.signal(SIGINT)
        try await project.finish(deploy).exits(6)

        #expect(project.stageProcesses == [])
        #expect(project.effects == ["a", "b-begin"])
        #expect(try await project.state(of: "b")["state"] == "interrupted")
        try project.touch("go")
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a", "b-begin"] + KilledEngineTests.whole.dropFirst())
    }

    @Test func `fifty interrupts in a moment are no more than two`() async throws {
        let (project, deploy) = try await Self.running()

        for _ in 0..<50 {
            deploy.signal(SIGINT)
            // Signals of one kind that nobody has taken yet are one.
            try await Task.sleep(for: .milliseconds(2))
        }
        try await project.finish(deploy).exits(6)

        try project.touch("go")
        try await project.shipit("resume").exits(0)
        #expect(project.effects.filter { $0 == "c from-a from-b" }.count == 1)
    }

    @Test func `an interrupt during the way back lets the running undo finish, and resume goes on undoing`()
        async throws
    {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
              b: {needs: [a], run: exit 1, rollback: {run: "echo undo-b >> effects.log; ops/await go"}}
            """)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("undo-b")

        deploy.signal(SIGINT)
        try await eventually("it says what it waits for") {
            deploy.printed.localizedCaseInsensitiveContains("interrupt")
        }
        try project.touch("go")
        try await project.finish(deploy).exits(6).says("resume")
        #expect(project.effects == ["a", "undo-b"])

        try await project.shipit("resume").exits(4)
        #expect(project.effects == ["a", "undo-b", "undo-a"])
    }

    @Test func `a run that only monitors stops at the first interrupt, and resume watches on`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(MonitorTests.pipeline(server.port, rule: "api fails 3 times", for: "3s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the run only monitors") {
            let runs = try await project.shipit("runs", "--output", "json").json
            return runs.items.first?["state"] == "monitoring"
        }

        deploy.signal(SIGINT)
        try await project.finish(deploy, within: .seconds(10)).exits(6)
        try await project.shipit("resume").exits(0)

        #expect(project.effects == ["a", "finally"])
    }

    @Test func `a lost terminal is survived`() async throws {
        let (project, deploy) = try await Self.running()

        deploy.signal(SIGHUP)
        try await Task.sleep(for: .milliseconds(200))
        #expect(deploy.poll() == nil)
        try project.touch("go")
        try await project.finish(deploy).exits(0)

        #expect(project.effects == KilledEngineTests.whole)
    }

    @Test func `a terminal that is closed is survived, too`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let terminal = try Self.inTerminal("deploy", "v1.0.0", "--yes", of: project, until: "b-begin")
        try await project.untilEffect("b-begin")
        try await eventually("the terminal is closed") { project.exists("closed") }

        try project.touch("go")
        #expect(try await terminal.ending(within: .seconds(30)) == .code(0))

        #expect(project.effects == KilledEngineTests.whole)
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
    }

    @Test func `on a build server's terminal nobody is asked`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        try project.touch("go")
        let terminal = try Self.inTerminal("deploy", "v1.0.0", of: project, until: "never", variables: ["CI": "1"])

        #expect(try await terminal.ending(within: .seconds(30)) == .code(0))

        #expect(project.effects == KilledEngineTests.whole)
    }

    /// Runs shipit in a terminal that is closed once there is this effect.
    private static func inTerminal(
        _ words: String..., of project: ScratchProject, until effect: String, variables: [String: String] = [:]
    ) throws -> ChildProcess {
        let program = """
            import os, pty, select, sys
            child, terminal = pty.fork()
            if child == 0:
                os.execv(sys.argv[2], sys.argv[2:])
            while True:
                if select.select([terminal], [], [], 0.02)[0]:
                    try:
                        if not os.read(terminal, 65536): break
                    except OSError:
                        break
                if os.path.exists("effects.log") and sys.argv[1] in open("effects.log").read().split("\\n"):
                    os.close(terminal)
                    open("closed", "w").close()
                    break
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        return try ChildProcess(
            ["python3", "-c", program, effect, try Binaries.shipit()] + words, folder: project.root,
            variables: project.variables.merging(["TERM": "xterm"].merging(variables) { $1 }) { $1 },
            output: project.nextOutput())
    }

    @Test func `an engine that was stopped goes on where it was`() async throws {
        let (project, deploy) = try await Self.running()

        deploy.signal(SIGSTOP)
        try project.touch("go")
        try await project.untilEffect("b-end")
        try await project.shipit("deploy", "v1.0.0").exits(3)
        deploy.signal(SIGCONT)
        try await project.finish(deploy).exits(0)

        #expect(project.effects == KilledEngineTests.whole)
    }

    @Test(arguments: ["text", "jsonl"])
    func `whoever reads its output may leave, and the run goes on to its end`(_ form: String) async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let line = "'\(try Binaries.shipit())' deploy v1.0.0 --output \(form) 2>&1 | head -n 1"
        let pipe = try ChildProcess(
            ["bash", "-c", line], folder: project.root, variables: project.variables,
            output: project.nextOutput())
        try await project.untilEffect("b-begin")
        try await eventually("head has left") {
            !project.processes.contains { $0.arguments.first == "head" }
        }

        try project.touch("go")
        _ = try await pipe.ending(within: .seconds(30))

        #expect(project.effects == KilledEngineTests.whole)
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
    }
}
