import FoundationEssentials
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RunProbeTests {
    private let probe = RunProbe()

    @Test func `a command that ends with 0 passes`() async {
        let answer = await ask(probe, "echo 3 of 5")
        #expect(answer.verdict == .passed)
        #expect(answer.number == 3)
        #expect(answer.evidence.hasPrefix("echo 3 of 5: exit 0 in "))
        #expect(answer.evidence.hasSuffix(", printed 3 of 5"))
    }

    @Test func `another exit status fails with the last words of standard error`() async {
        #expect(
            await ask(probe, "echo no such table >&2; exit 3").verdict == .failed("exit 3, expected 0: no such table"))
        #expect(await ask(probe, "exit 3", ["exit": "3"]).verdict == .passed)
        #expect(await ask(probe, "exit 0", ["exit": "1"]).verdict == .failed("exit 0, expected 1"))
    }

    @Test func `a failure in the middle of a pipe is a failure`() async {
        guard case .failed = await ask(probe, "false | cat").verdict else {
            Issue.record("it passed")
            return
        }
    }

    @Test func `an argv list is run without a shell`() async {
        let answer = await ask(probe, .list(["printf", "%s", "$HOME;ls"]), ["stdout": "$HOME;ls"])
        #expect(answer.verdict == .passed)
    }

    @Test func `output is searched for words or for an expression`() async {
        let script = "echo 'rev 42 (head)'; echo careful >&2"
        #expect(await ask(probe, .text(script), ["stdout": "(head)", "stderr": "/^care/"]).verdict == .passed)
        #expect(
            await ask(probe, .text(script), ["stdout": "(base)"]).verdict
                == .failed("standard output lacks \"(base)\"; it was \"rev 42 (head)\""))
        #expect(
            await ask(probe, "true", ["stderr": "x"]).verdict
                == .failed("standard error lacks \"x\"; it was empty"))
    }

    @Test func `the first number printed is judged`() async {
        #expect(await ask(probe, "echo rows: 17, errors: 3", ["number": ">= 17"]).verdict == .passed)
        #expect(await ask(probe, "echo -2.5e1", ["number": "== -25"]).verdict == .passed)
        #expect(await ask(probe, "echo 17", ["number": "< 10"]).verdict == .failed("printed 17, expected < 10"))
        #expect(
            await ask(probe, "echo none", ["number": "< 10"]).verdict == .failed("printed no number, expected < 10"))
    }

    @Test func `a program that does not exist is no answer`() async {
        let missing = await ask(probe, .list(["no-such-program-at-all"]))
        #expect(missing.verdict == .noAnswer("no such program: no-such-program-at-all"))
        let path = await ask(probe, .list(["./no-such-file"]))
        #expect(path.verdict == .noAnswer("./no-such-file: no such file"))
    }

    @Test func `a signal is told apart from an exit`() async {
        #expect(await ask(probe, "kill -9 $$").verdict == .failed("ended by signal 9"))
    }

    @Test func `at the timeout the whole group is ended`() async throws {
        try await withFolder { folder in
            let script = "trap '' TERM; sh -c 'echo $$ > child; sleep 300' & wait"
            let answer = await ask(probe, .text(script), timeout: .milliseconds(500), in: folder)
            #expect(answer.verdict == .noAnswer("timed out after 500ms"))
            let child = try #require(Int32(text(folder + "/child")))
            #expect(await isGone(child))
        }
    }

    @Test func `a grandchild that keeps the output open neither hangs the probe nor survives it`() async throws {
        try await withFolder { folder in
            let script = "sh -c 'echo $$ > child; exec sleep 300' & while [ ! -s child ]; do sleep 0.01; done; echo ok"
            let answer = await ask(probe, .text(script), ["stdout": "ok"], timeout: .seconds(20), in: folder)
            #expect(answer.verdict == .passed)
            let child = try #require(Int32(text(folder + "/child")))
            #expect(await isGone(child))
        }
    }

    @Test func `floods on both streams are bounded and do not deadlock`() async {
        let script = "head -c 5000000 /dev/zero >&2; head -c 5000000 /dev/zero; echo; echo done"
        #expect(await ask(probe, .text(script)).verdict == .passed)
    }

    @Test func `standard input is closed`() async {
        #expect(
            await ask(probe, "if read x; then echo got; else echo closed; fi", ["stdout": "closed"]).verdict == .passed)
    }

    @Test func `only the given variables are seen, and the given folder is the working one`() async throws {
        try await withFolder { folder in
            var variables = searchPath
            variables["COLOUR"] = "green"
            let answer = await ask(
                probe, "echo $COLOUR ${HOME:-homeless}; pwd", ["stdout": .text("green homeless\n\(folder)")],
                in: folder,
                variables: variables)
            #expect(answer.verdict == .passed)
        }
    }

    @Test func `secrets in the output are masked`() async {
        let answer = await ask(probe, "echo token hunter2", ["stdout": "nothing"], secrets: ["hunter2"])
        #expect(answer.verdict == .failed("standard output lacks \"nothing\"; it was \"token ***\""))
        #expect(!answer.evidence.contains("hunter2"))
    }

    @Test func `sh runs the script where there is no bash`() async throws {
        try await withFolder { folder in
            try FileManager.default.createSymbolicLink(atPath: folder + "/sh", withDestinationPath: "/bin/sh")
            let answer = await ask(probe, "echo $0", ["stdout": "sh"], in: folder, variables: ["PATH": folder])
            #expect(answer.verdict == .passed)
            #expect(!answer.evidence.contains("bash"))
        }
    }

    private func text(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").joined()
    }

    /// Waits until the process is gone or a zombie that its new parent has not reaped yet.
    private func isGone(_ process: Int32) async -> Bool {
        for _ in 0..<2000 {
            guard let facts = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
            if facts.contains(") Z ") { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}
