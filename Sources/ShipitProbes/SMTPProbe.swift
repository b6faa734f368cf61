public import ShipitCore
public import ShipitEngine

/// Greets a mail server, and leaves again before any mail.
public struct SMTPProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "smtp", help: "Greet a mail server at host:port.", subject: .text,
        fields: [
            FieldDescription("banner", .textOrPattern, help: "What its greeting must contain, or /regex/."),
            FieldDescription(
                "ehlo", .textOrPattern, help: "What its answer to EHLO must contain, such as STARTTLS, or /regex/."),
            FieldDescription("time", .condition(.time), help: "How long greeting and answer may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let banner = try fields.pattern("banner")
            let ehlo = try fields.pattern("ehlo")
            let time = try fields.limit("time", in: .time)
            let subject = try request.subjectText("smtp", "host:port")
            guard let place = HostPort(subject) ?? HostPort("\(subject):25") else {
                throw BadField("smtp", "must be host:port")
            }
            let start = ContinuousClock.now
            let deadline = start + .milliseconds(request.timeout.milliseconds)
            let connection: Connection
            switch Connection.open(place, until: deadline) {
            case .failure(let trouble):
                return Measurement(.noAnswer(trouble.reason(request.timeout)), evidence: "\(place)")
            case .success(let opened): connection = opened
            }
            defer { connection.close() }
            let greeting = Self.reply(connection, deadline)
            guard greeting.hasPrefix("220") else {
                let said = greeting.isEmpty ? "it said nothing" : "it said \"\(Words.excerpt(greeting))\", expected 220"
                return greeting.isEmpty && ContinuousClock.now >= deadline
                    ? request.late : Measurement(.noAnswer(said), evidence: "\(place)")
            }
            let answer =
                connection.send(Array("EHLO shipit.invalid\r\n".utf8), until: deadline)
                ? Self.reply(connection, deadline) : ""
            let seconds = (ContinuousClock.now - start).inSeconds
            // Courtesy: whether it is heard changes nothing.
            _ = connection.send(Array("QUIT\r\n".utf8), until: deadline)
            let evidence =
                "\(place): \(Words.excerpt(greeting)) ⏎ \(Words.excerpt(answer)) in \(Words.seconds(seconds))"
            guard answer.hasPrefix("250") else {
                let said =
                    answer.isEmpty ? "it did not answer EHLO" : "it answered EHLO with \"\(Words.excerpt(answer))\""
                return Measurement(.noAnswer(said), evidence: evidence)
            }
            var judgement = Judgement()
            if let banner, !banner.matches(greeting) {
                judgement.miss("banner", "it greets with \"\(Words.excerpt(greeting))\", expected \(banner.words)")
            }
            if let ehlo, !ehlo.matches(answer) {
                judgement.miss("ehlo", "it offers \"\(Words.excerpt(answer))\", expected \(ehlo.words)")
            }
            judgement.expect("time", time, seconds, "took", Words.seconds)
            return judgement.measurement(seconds: seconds, evidence: evidence)
        }
    }

    /// Lines up to the one whose code is followed by a space: the others end in `-`.
    private static func reply(_ connection: Connection, _ deadline: ContinuousClock.Instant) -> String {
        let bytes = connection.read(until: deadline, limit: 16_384) { text in
            guard text.utf8.last == UInt8(ascii: "\n") else { return false }
            let last = text.split(whereSeparator: \.isNewline).last ?? ""
            return !(last.count > 3 && last[last.index(last.startIndex, offsetBy: 3)] == "-")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
