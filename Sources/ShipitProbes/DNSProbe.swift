import FoundationEssentials
public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Asks a name server for the records of a name.
public struct DNSProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "dns", help: "Ask a name server for the records of a name.", subject: .text,
        fields: [
            FieldDescription(
                "type", .choice(DNSMessage.types.keys.sorted()), fallback: "A", help: "The type of the records."),
            FieldDescription("resolves", .textOrPattern, help: "What one of the records must contain, or /regex/."),
            FieldDescription("records", .condition(.count), help: "A condition on how many there are."),
            FieldDescription(
                "record-ttl", .condition(.time), help: "A condition on the shortest time they may be kept."),
            FieldDescription(
                "server", .text, fallback: "the first of /etc/resolv.conf",
                help: "The name server, as host or host:port."),
            FieldDescription("time", .condition(.time), help: "How long the answer may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let type = try fields.word("type", among: DNSMessage.types.keys.sorted()) ?? "A"
            let resolves = try fields.pattern("resolves")
            let count = try fields.limit("records", in: .count)
            let ttl = try fields.limit("record-ttl", in: .time)
            let given = try fields.text("server")
            let time = try fields.limit("time", in: .time)
            let name = try request.subjectText("dns", "a name")
            guard let server = Self.server(given) else { throw BadField("server", "must be host or host:port") }
            let start = ContinuousClock.now
            let message: DNSMessage
            switch Self.ask(
                name, DNSMessage.types[type]!, server, until: start + .milliseconds(request.timeout.milliseconds))
            {
            case .failure(let trouble):
                return Measurement(.noAnswer(trouble.reason), evidence: "\(name) \(type) at \(server)")
            case .success(let answer): message = answer
            }
            let seconds = (ContinuousClock.now - start).inSeconds
            // What an alias leads to is of the type that was asked for, too.
            let found = message.records.filter { $0.type == DNSMessage.types[type]! }
            let texts = found.map(\.text)
            let evidence =
                "\(name) \(type) at \(server): "
                + (texts.isEmpty ? "nothing" : Words.excerpt(texts.joined(separator: ", ")))
                + " in \(Words.seconds(seconds))"
            guard message.code == 0 || message.code == 3 else {
                return Measurement(.noAnswer("the name server refused, code \(message.code)"), evidence: evidence)
            }
            var judgement = Judgement()
            judgement.expect(
                "records", count, Double(found.count), "there are", { Words.rounded($0, digits: 0) }, after: " records")
            if found.isEmpty, count == nil {
                judgement.miss(
                    "resolves", message.code == 3 ? "there is no name \(name)" : "\(name) has no \(type) record")
            } else if let resolves, !texts.contains(where: resolves.matches) {
                judgement.miss(
                    "resolves",
                    "it resolves to \(Words.excerpt(texts.joined(separator: ", "))), expected \(resolves.words)")
            }
            judgement.expect("record-ttl", ttl, found.map { Double($0.ttl) }.min(), "it may be kept for", Words.seconds)
            judgement.expect("time", time, seconds, "took", Words.seconds)
            return judgement.measurement(seconds: seconds, number: Double(found.count), evidence: evidence)
        }
    }

    private static func server(_ given: String?) -> HostPort? {
        guard let given = given ?? systemServer() else { return nil }
        return HostPort(given) ?? HostPort(given.contains(":") ? "[\(given)]:53" : "\(given):53")
    }

    private static func systemServer() -> String? {
        let lines = (FileManager.default.contents(atPath: "/etc/resolv.conf")).map {
            String(decoding: $0, as: UTF8.self)
        }
        for line in (lines ?? "").split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count >= 2, words[0] == "nameserver" { return String(words[1]) }
        }
        // As the resolver of the system does without a file.
        return "127.0.0.1"
    }

    private static func ask(
        _ name: String, _ type: UInt16, _ server: HostPort, until deadline: ContinuousClock.Instant
    ) -> Result<DNSMessage, NoAnswer> {
        let id = UInt16.random(in: 0...UInt16.max)
        guard let question = DNSMessage.question(name, type: type, id: id) else {
            return .failure(NoAnswer(reason: "\"\(name)\" is no name"))
        }
        switch exchange(question, server, datagrams: true, until: deadline) {
        case .failure(let trouble): return .failure(trouble)
        case .success(let bytes):
            guard let message = DNSMessage(bytes, id: id) else {
                return .failure(NoAnswer(reason: "the answer is nonsense"))
            }
            guard message.isTruncated else { return .success(message) }
        }
        switch exchange(question, server, datagrams: false, until: deadline) {
        case .failure(let trouble): return .failure(trouble)
        case .success(let bytes):
            guard let message = DNSMessage(bytes, id: id) else {
                return .failure(NoAnswer(reason: "the answer is nonsense"))
            }
            return .success(message)
        }
    }

    private static func exchange(
        _ question: [UInt8], _ server: HostPort, datagrams: Bool, until deadline: ContinuousClock.Instant
    ) -> Result<[UInt8], NoAnswer> {
        let connection: Connection
        switch Connection.open(server, datagrams: datagrams, until: deadline) {
        case .failure(let trouble): return .failure(NoAnswer(reason: "\(server): \(trouble.words)"))
        case .success(let opened): connection = opened
        }
        defer { connection.close() }
        let silence = NoAnswer(reason: "\(server) does not answer")
        if datagrams {
            // A lost datagram is asked for again, as resolvers do.
            while ContinuousClock.now < deadline {
                guard connection.send(question, until: deadline) else { return .failure(silence) }
                let patience = min(deadline, ContinuousClock.now + .seconds(2))
                let answer = connection.readBytes(until: patience, limit: 65_535) { _ in true }
                if answer.prefix(2) == question.prefix(2) { return .success(answer) }
            }
            return .failure(silence)
        }
        let size = UInt16(question.count)
        guard connection.send([UInt8(size >> 8), UInt8(size & 255)] + question, until: deadline) else {
            return .failure(silence)
        }
        let answer = connection.readBytes(until: deadline, limit: 65_537) { bytes in
            bytes.count >= 2 && bytes.count >= 2 + (Int(bytes[0]) << 8 | Int(bytes[1]))
        }
        return answer.count > 2 ? .success(Array(answer.dropFirst(2))) : .failure(silence)
    }
}
