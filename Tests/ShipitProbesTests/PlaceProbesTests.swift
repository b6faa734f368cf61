import FoundationEssentials
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TCPProbeTests {
    private let probe = TCPProbe()

    @Test func `a port that listens passes`() async throws {
        let server = try LocalServer { _, _ in .silence }
        defer { server.stop() }
        let answer = await ask(probe, "127.0.0.1:\(server.port)", ["time": "< 5s"])
        #expect(answer.verdict == .passed)
        #expect(answer.seconds != nil)
        #expect(await ask(probe, "localhost:\(server.port)").verdict == .passed)
    }

    @Test func `a closed port is refused`() async throws {
        let answer = await ask(probe, "127.0.0.1:\(try closedPort())")
        #expect(answer.verdict == .noAnswer("connection refused"))
    }

    @Test func `a host that nobody knows is no answer`() async throws {
        guard case .noAnswer(let reason) = await ask(probe, "no-such-host.invalid:80").verdict else {
            Issue.record("it passed")
            return
        }
        #expect(reason.hasPrefix("no-such-host.invalid: "))
    }

    @Test func `a banner is waited for`() async throws {
        let server = try LocalServer(greets: true) { _, _ in .bytes("220 mail ESMTP ready\r\n") }
        defer { server.stop() }
        let place = "127.0.0.1:\(server.port)"
        #expect(await ask(probe, place, ["banner": "/^220 /"]).verdict == .passed)
        #expect(
            await ask(probe, place, ["banner": "SSH"]).verdict
                == .failed("said \"220 mail ESMTP ready\", expected \"SSH\""))
    }

    @Test func `a server that never says its banner fails when the time is up`() async throws {
        let server = try LocalServer(greets: true) { _, _ in .silence }
        defer { server.stop() }
        let answer = await ask(probe, "127.0.0.1:\(server.port)", ["banner": "220"], timeout: .milliseconds(300))
        #expect(answer.verdict != .passed)
    }

    @Test(arguments: ["localhost", "localhost:", ":80", "localhost:99999", "::1:80", "localhost:0"])
    func `what is no place is said to be none`(text: String) async {
        #expect(await ask(probe, text).verdict == .noAnswer("tcp: must be host:port"))
    }
}

@Suite(.timeLimit(.minutes(3)))
struct FileProbeTests {
    private let probe = FileProbe()

    private func write(_ path: String, bytes: Int, age: Double) throws {
        try Data(repeating: 1, count: bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }

    @Test func `the newest file that a glob matches is judged`() async throws {
        try await withFolder { folder in
            try write(folder + "/a.sql", bytes: 10, age: 86_400)
            try write(folder + "/b.sql", bytes: 3000, age: 600)
            try write(folder + "/c.txt", bytes: 1, age: 0)
            let answer = await ask(probe, "*.sql", ["age": "< 24h", "size": "> 2KB"], in: folder)
            #expect(answer.verdict == .passed)
            #expect(answer.evidence == "b.sql: 3KB, written 10m ago")
            #expect(
                await ask(probe, "*.sql", ["age": "< 5m"], in: folder).verdict
                    == .failed("b.sql was written 10m ago, expected < 5m"))
            #expect(
                await ask(probe, "*.sql", ["size": "> 50MB"], in: folder).verdict
                    == .failed("b.sql has 3KB, expected > 50MB"))
        }
    }

    @Test func `a file that must be there, or must not, is looked for`() async throws {
        try await withFolder { folder in
            #expect(await ask(probe, "flag", in: folder).verdict == .failed("flag does not exist"))
            #expect(await ask(probe, "flag", ["exists": "false"], in: folder).verdict == .passed)
            try write(folder + "/flag", bytes: 0, age: 0)
            #expect(await ask(probe, "flag", in: folder).verdict == .passed)
            #expect(
                await ask(probe, "flag", ["exists": "no"], in: folder).verdict
                    == .failed("flag exists, expected none"))
        }
    }

    @Test func `characters of a glob in the folder's own name mean themselves`() async throws {
        try await withFolder { folder in
            let odd = folder + "/a[1]*"
            try FileManager.default.createDirectory(atPath: odd, withIntermediateDirectories: false)
            try write(odd + "/x", bytes: 1, age: 0)
            #expect(await ask(probe, "x", in: odd).verdict == .passed)
        }
    }
}

@Suite(.timeLimit(.minutes(3)))
struct DiskProbeTests {
    private let probe = DiskProbe()

    @Test func `free space and the used share are judged`() async {
        let answer = await ask(probe, "/", ["free": "> 1B", "used": "<= 100%"])
        #expect(answer.verdict == .passed)
        #expect((answer.number ?? 0) > 0)
        guard case .failed(let reason) = await ask(probe, "/", ["free": "> 999999TB"]).verdict else {
            Issue.record("it passed")
            return
        }
        #expect(reason.hasSuffix(" free, expected > 999999TB"))
        let used = await ask(probe, "/", ["used": "<= 100%"])
        #expect((0...1).contains(used.number ?? -1))
    }

    @Test func `a path that does not exist is no answer`() async {
        #expect(await ask(probe, "no/such", in: "/").verdict == .noAnswer("no/such: no such file"))
    }
}
