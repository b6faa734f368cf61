import Foundation
import Testing

/// Wishes of people that no engine hears, answers that contradict one another, readers who are gone.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct HesitantHandTests {
    @Test func `nothing is asked of a stopped engine that it would do whenever it wakes`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")
        deploy.signal(SIGSTOP)
        try await eventually("the stop") { try await project.shipit("deploy", "v1.0.0").printed.contains("stopped") }
        for words in [["cancel"], ["rollback", "--yes"], ["abandon", "--why", "x"]] {
            let asked =
                switch words.count {
                case 1: try await project.shipit(words[0], "latest")
                case 2: try await project.shipit(words[0], words[1], "latest")
                default: try await project.shipit(words[0], words[1], words[2], "latest")
                }
            asked.exits(3).says("stopped", "kill -CONT", "shipit unlock")
        }
        deploy.signal(SIGCONT)
        try project.touch("go")
        try await project.finish(deploy).exits(0)
        #expect(try await project.journal().allSatisfy { $0["type"] != "operatorActed" })
    }

    @Test func `two answers for one stage are a mistake, and neither is taken`() async throws {
        let project = try await ScratchProject(OperatorTests.simple)
        try await project.shipit("resume", "--stage", "a=done", "--stage", "a=failed").exits(2).says("twice")
    }

    @Test func `a deployment whose words nobody can read has succeeded all the same`() async throws {
        let project = try await ScratchProject(OperatorTests.simple)
        let binary = try Binaries.shipit()
        let shell = try ChildProcess(
            ["sh", "-c", "'\(binary)' deploy v1.0.0 >/dev/full 2>/dev/full"], folder: project.root,
            variables: project.variables, output: project.nextOutput())
        #expect(try await shell.ending(within: .seconds(60)) == .code(0))
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
        // A result that was asked for is another matter.
        let looking = try ChildProcess(
            ["sh", "-c", "'\(binary)' status >/dev/full"], folder: project.root, variables: project.variables,
            output: project.nextOutput())
        #expect(try await looking.ending(within: .seconds(60)) == .code(1))
    }

    @Test func `nothing is deployed on a journal that was changed, or whose lock is gone`() async throws {
        let project = try await ScratchProject(KilledEngineTests.pipeline, tags: ["v1.0.0", "v1.1.0"])
        try await KilledEngineTests.killed(project)
        func change(_ sql: String) async throws {
            let python =
                "import sqlite3; d = sqlite3.connect('.shipit/journal.db'); d.execute(\"\(sql)\"); d.commit(); d.close()"
            let child = try ChildProcess(
                ["python3", "-c", python], folder: project.root, variables: project.variables,
                output: project.nextOutput())
            try #require(try await child.ending(within: .seconds(30)) == .code(0), "\(child.printed)")
        }
        try await change("update events set body = replace(body, 'attempt', 'Attempt') where sequence = 3")
        try await project.shipit("deploy", "v1.1.0").exits(1).says("damaged after event 2", "audit verify")
        try await change("update events set body = replace(body, 'Attempt', 'attempt') where sequence = 3")
        try await project.shipit("deploy", "v1.1.0").exits(3).says("shipit resume")
        try await change("delete from locks")
        try await project.shipit("deploy", "v1.1.0").exits(1).says("the lock of", "audit verify")
    }
}
