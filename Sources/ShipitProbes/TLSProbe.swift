public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Shakes hands with a TLS server and looks at its certificate.
public struct TLSProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "tls", help: "Look at the certificate of a TLS server.", subject: .text,
        fields: [
            FieldDescription(
                "expires-in", .condition(.time), help: "How long the certificate still holds, such as \"> 30d\"."),
            FieldDescription(
                "chain", .boolean, fallback: "yes", help: "Whether somebody trusted must vouch for it, for this name."),
            FieldDescription("protocol", .textOrPattern, help: "The version spoken, such as TLSv1.3, or /regex/."),
            FieldDescription(
                "server-name", .text, fallback: "the host", help: "The name to ask for and hold it against."),
            FieldDescription("ca", .path, help: "A PEM file of certificates to trust, too."),
            FieldDescription("time", .condition(.time), help: "How long the handshake may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let expires = try fields.limit("expires-in", in: .time)
            let chain = try fields.boolean("chain") ?? true
            let version = try fields.pattern("protocol")
            let name = try fields.text("server-name")
            let ca = try fields.text("ca").map(request.absolute)
            let time = try fields.limit("time", in: .time)
            let subject = try request.subjectText("tls", "host:port")
            guard let place = HostPort(subject) ?? HostPort("\(subject):443") else {
                throw BadField("tls", "must be host:port")
            }
            let handshake = TLSHandshake(place: place, name: name ?? place.host, ca: ca)
            let start = ContinuousClock.now
            let facts: TLSHandshake.Facts
            switch await handshake.look(timeout: request.timeout) {
            case .failure(let trouble): return Measurement(.noAnswer(trouble.reason), evidence: "\(place)")
            case .success(let seen): facts = seen
            }
            let seconds = (ContinuousClock.now - start).inSeconds
            let left = facts.expires - Double(Glibc.time(nil))
            let ends = left < 0 ? "ended \(Words.seconds(-left)) ago" : "holds for \(Words.seconds(left))"
            let evidence = "\(place): \(facts.version) in \(Words.seconds(seconds)), the certificate \(ends)"
            var judgement = Judgement()
            judgement.expect("expires-in", expires, left, "the certificate holds for", Words.seconds)
            if left < 0, expires == nil { judgement.miss("expires-in", "the certificate \(ends)") }
            if let version, !version.matches(facts.version) {
                judgement.miss("protocol", "it speaks \(facts.version), expected \(version.words)")
            }
            judgement.expect("time", time, seconds, "took", Words.seconds)
            let rest = max(request.timeout - TimeSpan(milliseconds: Int64(seconds * 1000)), .milliseconds(1))
            if chain, left >= 0, let trouble = await handshake.distrust(timeout: rest) {
                judgement.miss("chain", trouble.reason)
            }
            return judgement.measurement(seconds: seconds, number: left, evidence: evidence)
        }
    }
}
