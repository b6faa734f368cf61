import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

@Suite("Ending whole trees", .timeLimit(.minutes(3)))
struct TreeTests {
    let fixture: SupervisorFixture
    let processes: LocalProcesses
    /// Tells this test's processes from everybody's.
    let tag = "r1/tree/\(UInt64.random(in: 0 ... .max))"

    init() throws {
        fixture = try SupervisorFixture()
        processes = fixture.processes()
    }

    private var key: CommandKey { CommandKey(tag) }

    private func request(_ text: String, timeout: TimeSpan? = nil, killAfter: TimeSpan = .milliseconds(200))
        -> CommandRequest
    {
        var request = fixture.script(text, key: tag)
        request.timeout = timeout
        request.killAfter = killAfter
        return request
    }

    /// Ignores TERM, double-forks, makes sessions of its own, with and without its tag.
    private static let stubborn = """
        trap '' TERM
        (setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' &)
        (setsid sh -c '(trap "" TERM; exec sleep 1000) & (setsid sleep 1000 &)' &)
        (env -i setsid sh -c 'trap "" TERM; echo $$ > untagged; exec sleep 1000' &)
        (while :; do (sleep 0.01); done) &
        sleep 0.2
        echo ready > ready
        while :; do sleep 0.05; done
        """

    private func expectNothingAlive() {
        #expect(SupervisorFixture.alive(tagged: tag) == [])
        if let pid = fixture.read("untagged").flatMap({ Int32($0.dropLast()) }) {
            #expect(!SupervisorFixture.isAlive(pid))
        }
    }

    @Test func `a timeout leaves nothing of a stubborn tree alive`() async throws {
        let end = try await processes.run(key, request(Self.stubborn, timeout: .milliseconds(700)))
        #expect(end == .timedOut)
        #expect(fixture.read("ready") == "ready\n")
        #expect(fixture.read("untagged") != nil)
        expectNothingAlive()
        try await processes.finish()
    }

    @Test func `an end that is asked for leaves nothing of a stubborn tree alive`() async throws {
        async let end = processes.run(key, request(Self.stubborn))
        try await fixture.wait { fixture.read("ready") != nil }
        try await processes.end(prefix: tag)
        expectNothingAlive()
        #expect(try await end == .ended)
        try await processes.finish()
    }

    @Test func `what a command left behind goes with it, and its own exit stands`() async throws {
        let text = """
            (setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' &)
            (env -i setsid sh -c 'echo $$ > untagged; exec sleep 1000' &)
            sleep 1000 &
            while [ ! -s untagged ]; do sleep 0.01; done
            exit 3
            """
        #expect(try await processes.run(key, request(text)) == .exited(3))
        expectNothingAlive()
        try await processes.finish()
    }

    @Test func `what belongs to nobody is ended when the run's last command has left`() async throws {
        let (fixture, tag) = (fixture, tag)
        // Without control groups: in one, everything has an owner.
        let processes = fixture.processes(supervisorPath: try fixture.sweepingSupervisor())
        // Nothing tells whose it is once its command has ended beside another one.
        let first = fixture.script(
            "(env -i setsid sh -c 'echo $$ > stray; exec sleep 1000' &) ; while [ ! -e over ]; do sleep 0.01; done",
            key: "\(tag)/first")
        async let end = processes.run(CommandKey("\(tag)/first"), first)
        try await fixture.wait { fixture.read("stray")?.hasSuffix("\n") == true }
        // Start times count in hundredths of a second; the second command is to be the younger.
        try await Task.sleep(for: .milliseconds(30))
        var second = fixture.script("while [ ! -e over2 ]; do sleep 0.01; done", key: "\(tag)/second")
        second.leavesRunning = true
        let last = second
        async let lastEnd = processes.run(CommandKey("\(tag)/second"), last)
        try await fixture.wait { try fixture.ledger().entries.values.count { $0.process != nil } == 2 }
        try "".write(toFile: fixture.work + "/over", atomically: true, encoding: .utf8)
        #expect(try await end == .exited(0))
        try "".write(toFile: fixture.work + "/over2", atomically: true, encoding: .utf8)
        #expect(try await lastEnd == .exited(0))

        try await processes.finish()

        let stray = try #require(Int32(fixture.read("stray")?.dropLast() ?? ""))
        #expect(!SupervisorFixture.isAlive(stray))
    }

    @Test func `a grandchild that holds the output cannot hang its command`() async throws {
        let end = try await processes.run(key, request("sleep 999 & echo ok"))
        #expect(end == .exited(0))
        #expect(try await processes.output(of: key, limit: 100).out == "ok\n")
        expectNothingAlive()
        let notes = try fixture.log.chunks().chunks.filter { $0.stream == .note }
        #expect(
            String(decoding: notes.flatMap(\.bytes), as: UTF8.self).hasPrefix("it left running, and it is ended: sleep")
        )
        try await processes.finish()
    }

    @Test func `a pipe's reader gets to say its last words`() async throws {
        let text = "mkfifo p; (sleep 0.05; cat) < p & exec > p; echo late"
        #expect(try await processes.run(key, request(text)) == .exited(0))
        #expect(try await processes.output(of: key, limit: 100).out == "late\n")
        try await processes.finish()
    }

    @Test func `the first one to obey TERM may clean up`() async throws {
        let text = "trap 'echo cleaned > cleaned; exit 0' TERM; echo ready > ready; while :; do sleep 0.02; done"
        async let end = processes.run(key, request(text, killAfter: .seconds(30)))
        try await fixture.wait { fixture.read("ready") != nil }
        try await processes.end(prefix: tag)
        #expect(fixture.read("cleaned") == "cleaned\n")
        #expect(try await end == .ended)
        try await processes.finish()
    }

    @Test func `a stopped process is ended, too`() async throws {
        async let end = processes.run(key, request("echo $$ > pid; kill -STOP $$; sleep 1000", killAfter: .seconds(30)))
        try await fixture.wait { fixture.read("pid")?.hasSuffix("\n") == true }
        try await processes.end(prefix: tag)
        #expect(try await end == .ended)
        expectNothingAlive()
        try await processes.finish()
    }

    @Test func `only what stands under the prefix is ended`() async throws {
        func sleeper(_ key: String) -> CommandRequest { fixture.script("exec sleep 1000", key: key) }
        let (fixture, processes, tag) = (fixture, processes, tag)
        async let first = processes.run(CommandKey("\(tag)/1"), sleeper("\(tag)/1"))
        async let step = processes.run(CommandKey("\(tag)/1/step"), sleeper("\(tag)/1/step"))
        async let other = processes.run(CommandKey("\(tag)/12"), sleeper("\(tag)/12"))
        try await fixture.wait { try fixture.ledger().entries.values.count { $0.process != nil } == 3 }
        try await processes.end(prefix: "\(tag)/1")
        #expect(try await (first, step) == (.ended, .ended))
        #expect(try await processes.record(of: CommandKey("\(tag)/12")) == .running)
        try await processes.finish()
        #expect(try await other == .ended)
        #expect(SupervisorFixture.alive(tagged: "\(tag)/12") == [])
    }

    @Test func `one command's end does not touch another's processes`() async throws {
        let (fixture, processes, tag) = (fixture, processes, tag)
        var long = fixture.script(
            "(setsid sh -c 'echo $$ > daemon; exec sleep 1000' &) ; while [ ! -e go ]; do sleep 0.01; done",
            key: "\(tag)/a")
        long.killAfter = .milliseconds(100)
        let request = long
        async let end = processes.run(CommandKey("\(tag)/a"), request)
        try await fixture.wait { fixture.read("daemon")?.hasSuffix("\n") == true }
        let daemon = try #require(fixture.read("daemon").flatMap { Int32($0.dropLast()) })
        #expect(
            try await processes.run(CommandKey("\(tag)/b"), fixture.script("sleep 1000 & exit 0", key: "\(tag)/b"))
                == .exited(0))
        #expect(SupervisorFixture.isAlive(daemon))
        #expect(SupervisorFixture.alive(tagged: "\(tag)/b") == [])
        try "".write(toFile: fixture.work + "/go", atomically: true, encoding: .utf8)
        #expect(try await end == .exited(0))
        #expect(!SupervisorFixture.isAlive(daemon))
        try await processes.finish()
    }

    @Test func `a service that may stay stays, is recorded, and may go on writing`() async throws {
        let text = """
            (setsid sh -c 'echo $$ > service; while :; do echo alive; date +%N > beat; sleep 0.02; done' &)
            while [ ! -s service ]; do sleep 0.01; done
            echo started
            """
        var starting = request(text)
        starting.leavesRunning = true
        #expect(try await processes.run(key, starting) == .exited(0))
        let service = try #require(fixture.read("service").flatMap { Int32($0.dropLast()) })
        defer { kill(service, SIGKILL) }
        // Another command's end, and its strays, leave it alone.
        let other = fixture.script("(env -i setsid sleep 1000 &) ; exit 0", key: "\(tag)/other")
        #expect(try await processes.run(CommandKey("\(tag)/other"), other) == .exited(0))
        try await processes.finish()
        #expect(SupervisorFixture.isAlive(service))
        #expect(try fixture.ledger().entries[tag]?.left.map(\.pid).contains(service) == true)
        // The pipes are still read: a line that found nobody would have killed it.
        let beat = fixture.read("beat")
        try await fixture.wait { fixture.read("beat") != beat }
        #expect(SupervisorFixture.isAlive(service))
    }
}
