import Glibc
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

/// What the engine and the language may rely on, of every probe.
@Suite(.timeLimit(.minutes(3)))
struct ProbeContractTests {
    /// A subject of each probe that can be asked, and what else it needs.
    private static let subjects: [String: (ResolvedValue, [String: ResolvedValue])] = [
        "http": ("http://127.0.0.1:1/", [:]), "tcp": ("127.0.0.1:1", [:]), "tls": ("127.0.0.1:1", [:]),
        "dns": ("example.invalid", ["server": "127.0.0.1:1"]), "ping": ("127.0.0.1", [:]), "smtp": ("127.0.0.1:1", [:]),
        "run": ("true", [:]), "file": ("/", [:]), "disk": ("/", [:]), "memory": ("machine", [:]),
        "cpu": ("machine", ["over": "50ms"]), "process": ("swift", [:]), "log": ("/etc/passwd", ["pattern": "root"]),
        "port": ("1", [:]), "git": ("/", [:]),
        "report": ("/none", ["format": "junit"]), "redis": ("127.0.0.1:1", [:]),
        "postgresql": ("host=127.0.0.1 port=1", [:]), "prometheus": ("http://127.0.0.1:1", ["query": "up"]),
        "docker": ("none", [:]), "kubernetes": ("deployment/none", [:]),
    ]

    /// Those that ask a server whose address they are given.
    private static let askers = ["http", "tcp", "tls", "dns", "smtp", "redis", "postgresql", "prometheus"]

    @Test func `every probe is tried here, and has a name of its own`() {
        let names = BuiltinProbes.all().map(\.description.name)
        #expect(Set(names) == Set(Self.subjects.keys) && Set(names).count == names.count)
    }

    @Test func `no field has the name of a probe or of what all checks have`() {
        let common: Set = [
            "name", "severity", "owner", "depends-on", "retries", "timeout", "remediation", "ttl", "blocks", "waiver",
            "imported", "every",
        ]
        let probes = Set(BuiltinProbes.all().map(\.description.name))
        for probe in BuiltinProbes.all().map(\.description) {
            let fields = probe.fields.map(\.name)
            #expect(Set(fields).isDisjoint(with: common.union(probes)), "\(probe.name)")
            #expect(Set(fields).count == fields.count, "\(probe.name)")
            #expect(probe.help.hasSuffix(".") && probe.fields.allSatisfy { $0.help.hasSuffix(".") }, "\(probe.name)")
        }
    }

    @Test(arguments: BuiltinProbes.all().map(\.description.name))
    func `a subject that is none is no answer`(name: String) async throws {
        let (probe, _, fields) = try Self.probe(name)
        for subject in [ResolvedValue.map([:]), .list([.map([:])])] {
            guard case .noAnswer = await ask(probe, subject, fields).verdict else {
                Issue.record("\(name) answered")
                return
            }
        }
    }

    @Test(arguments: BuiltinProbes.all().map(\.description.name))
    func `every field that is declared is read, and refuses what it cannot be`(name: String) async throws {
        let (probe, subject, fields) = try Self.probe(name)
        for field in probe.description.fields {
            // A list of maps is no value of any field.
            let answer = await ask(probe, subject, fields.merging([field.name: .list([.map([:])])]) { $1 })
            guard case .noAnswer(let reason) = answer.verdict, reason.hasPrefix("\(field.name): ") else {
                Issue.record("\(name): \(field.name) was ignored: \(answer)")
                continue
            }
        }
    }

    // MARK: Servers that do not behave

    @Test(arguments: askers)
    func `a server that accepts and says nothing is given up when the time is up`(name: String) async throws {
        let server = try LocalServer(greets: true) { _, _ in .silence }
        defer { server.stop() }
        try await Self.expectNoPass(name, server, within: .milliseconds(700))
    }

    @Test(arguments: askers)
    func `a server that trickles is given up when the time is up`(name: String) async throws {
        let server = try LocalServer(greets: true) { _, _ in .trickle("2") }
        defer { server.stop() }
        try await Self.expectNoPass(name, server, within: .milliseconds(700))
    }

    @Test(arguments: askers)
    func `an answer without an end takes neither for ever nor all memory`(name: String) async throws {
        let server = try LocalServer(greets: true) { _, _ in .flood("220-220-HTTP/1.1 200 OK\r\n$9999999\r\n") }
        defer { server.stop() }
        let before = Self.residentBytes()
        try await Self.expectNoPass(name, server, within: .milliseconds(1500))
        #expect(Self.residentBytes() - before < 300 << 20)
    }

    private static func expectNoPass(_ name: String, _ server: LocalServer, within limit: TimeSpan) async throws {
        var (probe, subject, fields) = try probe(name)
        let place = "127.0.0.1:\(server.port)"
        switch name {
        case "http", "prometheus": subject = .text("http://\(place)/")
        case "dns": fields["server"] = .text(place)
        case "postgresql": subject = .text("host=127.0.0.1 port=\(server.port) user=u dbname=d")
        case "tcp": (subject, fields) = (.text(place), ["banner": "/^ready$/"])
        default: subject = .text(place)
        }
        let start = ContinuousClock.now
        let answer = await ask(probe, subject, fields, timeout: limit)
        #expect(answer.verdict != .passed)
        // A busy machine may take its time; for ever it is not.
        #expect(ContinuousClock.now - start < .milliseconds(limit.milliseconds) + .seconds(20))
    }

    private static func residentBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    // MARK: Secrets

    @Test(arguments: askers)
    func `no secret is in what is kept, whoever said it`(name: String) async throws {
        let secret = "hunter2-and-more"
        let server = try LocalServer(greets: true) { _, _ in .bytes("220 \(secret)\r\n-ERR \(secret)\r\n") }
        defer { server.stop() }
        var (probe, subject, fields) = try Self.probe(name)
        let place = "127.0.0.1:\(server.port)"
        switch name {
        case "http", "prometheus": subject = .text("http://\(place)/\(secret)")
        case "dns": (subject, fields["server"]) = (.text("\(secret).invalid"), .text(place))
        case "postgresql": subject = .text("host=127.0.0.1 port=\(server.port) user=\(secret) dbname=d")
        default: subject = .text(place)
        }
        let answer = await ask(probe, subject, fields, timeout: .milliseconds(500), secrets: [secret])
        #expect(!"\(answer)".contains(secret))
    }

    private static func probe(_ name: String) throws -> (any Probe, ResolvedValue, [String: ResolvedValue]) {
        let probe = try #require(BuiltinProbes.all().first { $0.description.name == name })
        let (subject, fields) = try #require(subjects[name])
        return (probe, subject, fields)
    }

    @Test func `a command that ignores being asked to end is ended all the same`() async throws {
        let answer = await ask(RunProbe(), "trap '' TERM INT; while :; do sleep 1; done", timeout: .milliseconds(200))
        #expect(answer.verdict == .noAnswer("timed out after 200ms"))
    }
}
