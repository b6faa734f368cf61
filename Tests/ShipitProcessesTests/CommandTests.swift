import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

@Suite("Commands under the supervisor", .timeLimit(.minutes(3)))
struct CommandTests {
    let fixture: SupervisorFixture
    let processes: LocalProcesses

    init() throws {
        fixture = try SupervisorFixture()
        processes = fixture.processes()
    }

    private func run(_ key: String, _ text: String) async throws -> CommandEnd {
        try await processes.run(CommandKey(key), fixture.script(text, key: key))
    }

    @Test func `an exit code is told as it is`() async throws {
        #expect(try await run("r1/a/1", "exit 0") == .exited(0))
        #expect(try await run("r1/a/2", "exit 7") == .exited(7))
        #expect(try await run("r1/a/3", "exit 127") == .exited(127))
        try await processes.finish()
    }

    @Test func `a signal is not an exit code`() async throws {
        #expect(try await run("r1/a/1", "kill -9 $$") == .signalled(9))
        #expect(try await run("r1/a/2", "exit 137") == .exited(137))
        try await processes.finish()
    }

    @Test func `a command that cannot be started says why`() async throws {
        func start(_ key: String, _ argv: [String], directory: String? = nil) async throws -> CommandEnd {
            var request = fixture.script("", key: key)
            request.argv = argv
            request.directory = directory ?? fixture.work
            return try await processes.run(CommandKey(key), request)
        }
        #expect(try await start("k/1", ["./deploy"]) == .notStarted("no such file: ./deploy"))
        #expect(try await start("k/2", ["no-such-program"]) == .notStarted("not in PATH: no-such-program"))
        #expect(try await start("k/3", ["/etc/passwd"]) == .notStarted("not executable: /etc/passwd"))
        #expect(try await start("k/4", ["true"], directory: "/nowhere") == .notStarted("no such folder: /nowhere"))
        #expect(try await start("k/5", []) == .notStarted("the command is empty"))
        #expect(
            try await start("k/6", ["a\0b"]) == .notStarted("an argument or a variable contains a zero byte"))
        #expect(
            try await processes.record(of: CommandKey("k/2")) == .finished(.notStarted("not in PATH: no-such-program")))
        try await processes.finish()
    }

    @Test func `a command reads its input, and then the stream stays open until it ends`() async throws {
        var request = fixture.script(
            "head -c 7 && head -c 3000000 | wc -c && timeout 0.3 cat; echo $?", key: "r1/a/1")
        request.input = "secret\n" + String(repeating: "x", count: 3_000_000)
        #expect(try await processes.run(CommandKey("r1/a/1"), request) == .exited(0))
        #expect(try await processes.output(of: CommandKey("r1/a/1"), limit: 1000).out == "secret\n3000000\n124\n")
        try await processes.finish()
    }

    @Test func `a command that does not read its input hinders nobody`() async throws {
        var request = fixture.script("exec <&-; echo done", key: "r1/a/1")
        request.input = String(repeating: "x", count: 1_000_000)
        #expect(try await processes.run(CommandKey("r1/a/1"), request) == .exited(0))
        #expect(try await run("r1/a/2", "exit 3") == .exited(3))
        try await processes.finish()
    }

    @Test func `the environment is exactly what was given`() async throws {
        let request = CommandRequest(
            argv: ["/usr/bin/env"], environment: ["A": "1", "B": "two words", "C": "é\n$(x)"], directory: fixture.work)
        #expect(try await processes.run(CommandKey("e"), request) == .exited(0))
        #expect(try await processes.output(of: CommandKey("e"), limit: 1000).out == "A=1\nB=two words\nC=é\n$(x)\n")
        try await processes.finish()
    }

    @Test func `it starts in its folder with nothing to read and no foreign descriptors`() async throws {
        #expect(try await run("d", "pwd; cat; ls /proc/self/fd | tr '\\n' ' '; ulimit -n >/dev/null") == .exited(0))
        // ls has one of its own for the listing.
        #expect(try await processes.output(of: CommandKey("d"), limit: 1000).out == "\(fixture.work)\n0 1 2 3 ")
        try await processes.finish()
    }

    @Test func `the program is looked up in the command's own PATH, from its own folder`() async throws {
        try "#!/bin/sh\necho mine\n".write(toFile: fixture.work + "/tool", atomically: true, encoding: .utf8)
        chmod(fixture.work + "/tool", 0o755)
        for (key, path) in [("p/1", fixture.work), ("p/2", "/nowhere:"), ("p/3", ".")] {
            let request = CommandRequest(argv: ["tool"], environment: ["PATH": path], directory: fixture.work)
            #expect(try await processes.run(CommandKey(key), request) == .exited(0))
            #expect(try await processes.output(of: CommandKey(key), limit: 10).out == "mine\n")
        }
        try await processes.finish()
    }

    @Test func `signals have their defaults, whatever the supervisor ignores`() async throws {
        let text = "grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2 | tr '\\n' ' '"
        #expect(try await run("s", text) == .exited(0))
        let output = try await processes.output(of: CommandKey("s"), limit: 100).out
        #expect(output == "0000000000000000 0000000000000000 ")
        try await processes.finish()
    }

    @Test func `each command and the supervisor have sessions of their own, which the engine's interrupts don't reach`()
        async throws
    {
        _ = try await run("session", "cut -d' ' -f6 /proc/$$/stat /proc/$PPID/stat; echo $$ $PPID")
        let words = try await processes.output(of: CommandKey("session"), limit: 100).out.split { $0.isWhitespace }
        #expect(words.count == 4 && words.prefix(2) == words.suffix(2), "sessions and processes: \(words)")
        try await processes.finish()
    }

    @Test func `two streams are kept apart and in order`() async throws {
        #expect(try await run("o", "echo a; echo b >&2; echo c; printf 'd\\n\\376\\377' >&2") == .exited(0))
        let output = try await processes.output(of: CommandKey("o"), limit: 1000)
        #expect(output.out == "a\nc\n")
        #expect(output.standardError == Array("b\nd\n".utf8) + [0xfe, 0xff])
        #expect(!output.truncated)
        try await processes.finish()
        let chunks = try fixture.log.chunks().chunks
        #expect(chunks.allSatisfy { $0.key.text == "o" })
        #expect(SafeText.text(of: chunks.filter { $0.stream == .standardError }.flatMap(\.bytes)) == "b\nd\n\\xfe\\xff")
    }

    @Test func `a mebibyte on one stream before the other one stops nobody`() async throws {
        let text = "head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero"
        #expect(try await run("m", text) == .exited(0))
        let output = try await processes.output(of: CommandKey("m"), limit: 2 << 20)
        #expect((output.standardOutput.count, output.standardError.count) == (1 << 20, 1 << 20))
        try await processes.finish()
    }

    @Test func `a secret is masked across writes and is nowhere on the disk`() async throws {
        var request = fixture.script("printf hun; sleep 0.05; printf 'ter2\\n'; echo $SECRET | base64 >&2", key: "m")
        request.environment["SECRET"] = "hunter2"
        request.secrets = ["hunter2"]
        #expect(try await processes.run(CommandKey("m"), request) == .exited(0))
        let output = try await processes.output(of: CommandKey("m"), limit: 1000)
        #expect(output.out == "***\n")
        #expect(output.err.hasPrefix("***"))
        try await processes.finish()
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.folder) {
            guard let bytes = FileManager.default.contents(atPath: "\(fixture.folder)/\(name)") else { continue }
            #expect(bytes.range(of: Data("hunter2".utf8)) == nil, "\(name) holds the secret")
        }
    }

    @Test func `a flood is bounded, and its beginning and end are kept`() async throws {
        let text = "echo first; yes 'a line of forty bytes, more or less......' | head -c 60000000; echo; echo last"
        #expect(try await run("f", text) == .exited(0))
        let output = try await processes.output(of: CommandKey("f"), limit: 1000)
        #expect(output.truncated)
        #expect(output.out.hasPrefix("first\na line"))
        #expect(output.out.hasSuffix("\nlast\n"))
        #expect(output.standardOutput.count == 2000)
        try await processes.finish()
        var (position, chunks) = (OutputLog.Position.start, [OutputChunk]())
        while true {
            let page = try fixture.log.chunks(from: position)
            chunks += page.chunks
            position = page.next
            if page.isLast { break }
        }
        let kept = chunks.filter { $0.stream == .standardOutput }.reduce(0) { $0 + $1.bytes.count }
        let notes = chunks.filter { $0.stream == .note }.map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(notes == ["\(60_000_012 - kept) bytes of output are left out here"])
        #expect(kept <= 4 << 20)
        let size = try FileManager.default.contentsOfDirectory(atPath: fixture.folder).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(fixture.folder)/\(name)")
            return sum + (attributes[.size] as? Int ?? 0)
        }
        #expect(size < 5 << 20)
        #expect(try fixture.log.tail(of: "f", lines: 1).map { String(decoding: $0.bytes, as: UTF8.self) } == ["last\n"])
    }

    @Test func `the last lines are told, whoever wrote them`() async throws {
        #expect(try await run("t/1", "printf 'a\\nb\\n'; sleep 0.05; echo c >&2") == .exited(0))
        #expect(try await run("t/2", "printf 'd\\ne'") == .exited(0))
        try await processes.finish()
        func tail(_ prefix: String, _ lines: Int) throws -> String {
            String(decoding: try fixture.log.tail(of: prefix, lines: lines).flatMap(\.bytes), as: UTF8.self)
        }
        #expect(try tail("t", 3) == "c\nd\ne")
        #expect(try tail("t/1", 2) == "b\nc\n")
        #expect(try tail("t", 100) == "a\nb\nc\nd\ne")
        #expect(try tail("t", 0) == "")
        #expect(try tail("other", 5) == "")
    }

    @Test func `a thousand quick commands all end as they should`() async throws {
        let (processes, fixture) = (processes, fixture)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<125 {
                        let key = CommandKey("q/\(worker)/\(number)")
                        let request = CommandRequest(argv: ["/bin/true"], directory: fixture.work)
                        let end = try await processes.run(key, request)
                        #expect(end == .exited(0))
                    }
                }
            }
            try await group.waitForAll()
        }
        let ledger = try fixture.ledger()
        #expect(ledger.entries.count == 1000)
        #expect(ledger.open.isEmpty)
        try await processes.finish()
    }

    @Test func `what is on record is private`() async throws {
        #expect(try await run("x", "echo hello; head -c 3000000 /dev/zero") == .exited(0))
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.folder) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(fixture.folder)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        try await processes.finish()
    }

    @Test func `a supervisor that is killed while it starts is started again`() async throws {
        let dying = try fixture.dyingSupervisor(times: 2)
        let processes = fixture.processes(supervisorPath: dying)
        #expect(try await processes.run(CommandKey("k"), fixture.script("exit 7", key: "k")) == .exited(7))
        try await processes.finish()
    }

    @Test func `a supervisor that never comes up is an error that says where to look`() async throws {
        let processes = fixture.processes(supervisorPath: try fixture.dyingSupervisor(times: 1000))
        await #expect(throws: ProcessesError.self) {
            try await processes.run(CommandKey("k"), fixture.script("exit 7", key: "k"))
        }
        #expect(fixture.read("deaths").map { $0.count / 2 } == 10)
    }

    @Test func `a supervisor that cannot be started is named`() async throws {
        let processes = fixture.processes(supervisorPath: "/nowhere/shipit-supervisor")
        await #expect(
            throws: ProcessesError.unavailable(
                "the supervisor cannot be started: /nowhere/shipit-supervisor: No such file or directory")
        ) { try await processes.run(CommandKey("x"), fixture.script("true", key: "x")) }
    }
}
