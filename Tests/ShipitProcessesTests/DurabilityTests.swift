import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

@Suite("What survives whose death", .timeLimit(.minutes(3)))
struct DurabilityTests {
    let fixture: SupervisorFixture
    let tag = "r1/durable/\(UInt64.random(in: 0 ... .max))"

    init() throws { fixture = try SupervisorFixture() }

    private var key: CommandKey { CommandKey(tag) }
    private static let waiting = "echo begun >> begun; while [ ! -e go ]; do sleep 0.01; done; exit 5"

    private func go() throws { try "".write(toFile: fixture.work + "/go", atomically: true, encoding: .utf8) }

    /// Starts the command through an engine in a process of its own, which is then killed with -9.
    private func startAndKillEngine(_ text: String, timeoutMilliseconds: Int64 = 50_000) async {
        let job = Job(
            folder: fixture.folder, work: fixture.work, tag: tag, text: text, timeoutMilliseconds: timeoutMilliseconds)
        await #expect(processExitsWith: .signal(SIGKILL)) { [job = job as Job] in
            let engine = LocalProcesses(
                run: "r1", folder: job.folder, epoch: Epoch(1), supervisorPath: SupervisorFixture.supervisorPath)
            let request = CommandRequest(
                argv: ["sh", "-c", job.text],
                environment: ["PATH": "/usr/bin:/bin", "SHIPIT_IDEMPOTENCY_KEY": job.tag], directory: job.work,
                timeout: .milliseconds(job.timeoutMilliseconds), killAfter: .milliseconds(100))
            Task { try await engine.run(CommandKey(job.tag), request) }
            while !FileManager.default.fileExists(atPath: job.work + "/begun") {
                try await Task.sleep(for: .milliseconds(5))
            }
            kill(getpid(), SIGKILL)
        }
    }

    private struct Job: Codable, Sendable {
        var folder: String
        var work: String
        var tag: String
        var text: String
        var timeoutMilliseconds: Int64
    }

    @Test func `a key that was never accepted is absent`() async throws {
        #expect(try await fixture.processes().record(of: key) == .absent)
    }

    @Test func `after the engine was killed another one attaches and learns the true exit`() async throws {
        await startAndKillEngine(Self.waiting)
        let second = fixture.processes(epoch: 2)
        #expect(try await second.record(of: key) == .running)
        async let end = second.run(key, fixture.script("echo begun >> begun", key: tag))
        try go()
        #expect(try await end == .exited(5))
        #expect(fixture.read("begun") == "begun\n")
        #expect(try await second.record(of: key) == .finished(.exited(5)))
        try await second.finish()
    }

    @Test func `after the engine was killed the command ends, and that is found on record`() async throws {
        await startAndKillEngine(Self.waiting)
        try go()
        try await fixture.wait { try fixture.ledger().entries[tag]?.end != nil }
        let second = fixture.processes(epoch: 2)
        #expect(try await second.record(of: key) == .finished(.exited(5)))
        #expect(try await second.run(key, fixture.script("exit 0", key: tag)) == .exited(5))
        try await second.finish()
        // The file alone tells it, too.
        #expect(try await fixture.processes(epoch: 2).record(of: key) == .finished(.exited(5)))
    }

    @Test func `without an engine a timeout still holds, and the supervisor leaves in the end`() async throws {
        await startAndKillEngine(
            "trap '' TERM; echo begun > begun; while :; do sleep 0.05; done", timeoutMilliseconds: 500)
        try await fixture.wait { try fixture.ledger().entries[tag]?.end?.fate == .timedOut }
        #expect(SupervisorFixture.alive(tagged: tag) == [])
        try await fixture.wait { fixture.supervisorPID() == nil }
    }

    @Test func `a supervisor killed under a command makes its outcome unknown, and the command is ended`() async throws
    {
        let engine = fixture.processes()
        let text = "trap '' TERM; (setsid sleep 1000 &) ; echo begun > begun; while :; do sleep 0.05; done"
        var request = fixture.script(text, key: tag)
        request.killAfter = .milliseconds(100)
        let given = request
        async let end = engine.run(key, given)
        try await fixture.wait { fixture.read("begun") != nil }
        kill(try #require(fixture.supervisorPID()), SIGKILL)
        #expect(try await end == .unknown)
        #expect(SupervisorFixture.alive(tagged: tag) == [])
        #expect(try await engine.record(of: key) == .finished(.unknown))
        // The run goes on under a new supervisor.
        #expect(try await engine.run(CommandKey("\(tag)/next"), fixture.script("exit 4", key: "next")) == .exited(4))
        try await engine.finish()
    }

    @Test func `a supervisor and an engine that died leave a command that the next engine ends`() async throws {
        await startAndKillEngine("echo begun > begun; sleep 1000; exit 0")
        kill(try #require(fixture.supervisorPID()), SIGKILL)
        let second = fixture.processes(epoch: 2)
        #expect(try await second.record(of: key) == .finished(.unknown))
        #expect(SupervisorFixture.alive(tagged: tag) == [])
        try await second.finish()
    }

    @Test func `a supervisor and a command that both died make an unknown outcome`() async throws {
        await startAndKillEngine("echo begun > begun; exec sleep 1000")
        let supervisor = try #require(fixture.supervisorPID())
        let command = try #require(try fixture.ledger().entries[tag]?.process?.pid)
        kill(supervisor, SIGSTOP)
        kill(command, SIGKILL)
        kill(supervisor, SIGKILL)
        let second = fixture.processes(epoch: 2)
        #expect(try await second.run(key, fixture.script("echo again >> begun", key: tag)) == .unknown)
        #expect(fixture.read("begun") == "begun\n")
        try await second.finish()
    }

    @Test func `after power loss what was begun is unknown, and what has no record is, too`() async throws {
        try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
        let accepted = AcceptedCommand(
            id: 1, key: tag, at: 0, tag: tag, killAfterMilliseconds: 1000, leavesRunning: false, outputStart: 0)
        let lines = [
            LedgerRecord.supervisor(pid: 1, startTime: 1, bootID: "another boot"), .epoch(1), .accepted(accepted),
            .spawned(id: 1, process: ProcessIdentity(pid: getpid(), startTime: 1)),
        ].flatMap(\.line)
        try Data(lines).write(to: URL(fileURLWithPath: "\(fixture.folder)/\(Ledger.fileName)"))
        let engine = fixture.processes(epoch: 2)
        #expect(try await engine.record(of: CommandKey("never seen")) == .finished(.unknown))
        #expect(try await engine.record(of: key) == .finished(.unknown))
        try await engine.finish()
    }

    @Test func `a torn last line does not spoil the ledger`() async throws {
        let engine = fixture.processes()
        #expect(try await engine.run(key, fixture.script("exit 1", key: tag)) == .exited(1))
        try await engine.finish()
        let file = "\(fixture.folder)/\(Ledger.fileName)"
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("accepted 2 half/of/a".utf8))
        try handle.close()
        let second = fixture.processes(epoch: 2)
        #expect(try await second.record(of: key) == .finished(.exited(1)))
        #expect(try await second.run(CommandKey("\(tag)/2"), fixture.script("exit 2", key: "2")) == .exited(2))
        try await second.finish()
        #expect(try fixture.ledger().entries.count == 2)
    }

    @Test func `the same key is never spawned twice`() async throws {
        let engine = fixture.processes()
        let (key, request) = (key, fixture.script("echo once >> begun; exit 9", key: tag))
        try await withThrowingTaskGroup(of: CommandEnd.self) { group in
            for _ in 0..<20 { group.addTask { try await engine.run(key, request) } }
            for try await end in group { #expect(end == .exited(9)) }
        }
        #expect(try await engine.run(key, request) == .exited(9))
        try await engine.finish()
        #expect(try await engine.run(key, request) == .exited(9))
        #expect(fixture.read("begun") == "once\n")
        try await engine.finish()
    }

    @Test func `a torn line is cut off, and every line after it counts`() async throws {
        let first = fixture.processes()
        #expect(try await first.run(key, fixture.script("exit 3", key: tag)) == .exited(3))
        try await first.finish()
        let path = "\(fixture.folder)/\(Ledger.fileName)"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("accepted 2 torn/1 17000".utf8))
        try file.close()

        let second = fixture.processes(epoch: 2)
        #expect(try await second.run(CommandKey("\(tag)/2"), fixture.script("exit 4", key: tag)) == .exited(4))
        try await second.finish()

        let bytes = try Data(contentsOf: URL(filePath: path))
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            #expect(LedgerRecord(line: line) != nil, "\(String(decoding: line, as: UTF8.self))")
        }
        #expect(try fixture.ledger().entries.count == 2)
    }

    @Test func `an engine with a lower epoch is refused for ever, and one at work is stopped`() async throws {
        let first = fixture.processes(epoch: 1)
        let second = fixture.processes(epoch: 2)
        let (key, request) = (key, fixture.script(Self.waiting, key: tag))
        let waiting = Task { try await first.run(key, request) }
        try await fixture.wait { fixture.read("begun") != nil }
        #expect(try await second.record(of: key) == .running)
        let fenced = ProcessesError.fenced(by: Epoch(2))
        await #expect(throws: fenced) { try await waiting.value }
        await #expect(throws: fenced) { try await first.run(CommandKey("x"), request) }
        await #expect(throws: fenced) { try await first.end(prefix: "") }
        await #expect(throws: fenced) { try await fixture.processes(epoch: 1).record(of: key) }
        try go()
        #expect(try await second.run(key, request) == .exited(5))
        try await second.finish()
        // Nobody is alive any more: the file refuses.
        await #expect(throws: fenced) { try await fixture.processes(epoch: 1).record(of: key) }
        await #expect(throws: fenced) { try await fixture.processes(epoch: 1).run(CommandKey("y"), request) }
    }

    @Test func `output can be followed while it is written`() async throws {
        let engine = fixture.processes()
        let text = "echo one; while [ ! -e go ]; do sleep 0.01; done; echo two"
        async let end = engine.run(key, fixture.script(text, key: tag))
        var (position, seen) = (OutputLog.Position.start, "")
        func follow() throws -> String {
            let page = try fixture.log.chunks(matching: "r1/durable", from: position)
            position = page.next
            seen += String(decoding: page.chunks.flatMap(\.bytes), as: UTF8.self)
            return seen
        }
        while try follow() != "one\n" { try await Task.sleep(for: .milliseconds(5)) }
        try go()
        #expect(try await end == .exited(0))
        #expect(try follow() == "one\ntwo\n")
        try await engine.finish()
    }

    @Test func `a very long folder name is no obstacle`() async throws {
        let deep = fixture.work + "/" + String(repeating: "d", count: 200)
        let engine = LocalProcesses(
            run: "r", folder: deep, epoch: Epoch(1), supervisorPath: SupervisorFixture.supervisorPath)
        #expect(try await engine.run(key, fixture.script("exit 6", key: tag)) == .exited(6))
        let second = LocalProcesses(
            run: "r", folder: deep, epoch: Epoch(1), supervisorPath: SupervisorFixture.supervisorPath)
        #expect(try await second.record(of: key) == .finished(.exited(6)))
        try await second.finish()
        try await engine.finish()
    }

    @Test func `finishing without ever having begun is nothing`() async throws {
        let engine = fixture.processes()
        try await engine.finish()
        try await engine.end(prefix: "")
        #expect(!FileManager.default.fileExists(atPath: fixture.folder))
    }
}
