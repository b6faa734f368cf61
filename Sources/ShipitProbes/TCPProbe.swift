public import ShipitCore
public import ShipitEngine

/// Opens a connection, and reads what the server says first where a banner is expected.
public struct TCPProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "tcp", help: "Open a connection to host:port.", subject: .text,
        fields: [
            FieldDescription("banner", .textOrPattern, help: "What the server must say first, or /regex/."),
            FieldDescription("time", .condition(.time), help: "How long it may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        guard let subject = request.subject.text, let place = HostPort(subject) else {
            return BadField("tcp", "must be host:port").measurement
        }
        let timedOut = Measurement(
            .noAnswer("timed out after \(Words.span(request.timeout))"), evidence: "\(subject): no answer")
        return await onThread(within: request.timeout, otherwise: timedOut) {
            do throws(BadField) {
                let fields = Fields(request)
                let banner = try fields.pattern("banner")
                let time = try fields.limit("time", in: .time)
                return Self.ask(place, banner, time, request.timeout)
            } catch {
                return error.measurement
            }
        }.masked(request.secretValues)
    }

    private static func ask(
        _ place: HostPort, _ banner: TextPattern?, _ time: Limit?, _ timeout: TimeSpan
    ) -> Measurement {
        let start = ContinuousClock.now
        let deadline = start + .milliseconds(timeout.milliseconds)
        let connection: Connection
        switch Connection.open(place, until: deadline) {
        case .failure(let trouble): return Measurement(.noAnswer(trouble.reason(timeout)), evidence: "\(place)")
        case .success(let opened): connection = opened
        }
        defer { connection.close() }
        var evidence = "\(place): connected"
        var judgement = Judgement()
        if let banner {
            let heard = String(decoding: connection.read(until: deadline, enough: banner.matches), as: UTF8.self)
            evidence += ", said \"\(Words.excerpt(heard))\""
            if !banner.matches(heard) {
                let reason = heard.isEmpty ? "said nothing" : "said \"\(Words.excerpt(heard))\""
                judgement.miss("banner", "\(reason), expected \(banner.words)")
                return judgement.measurement(evidence: evidence)
            }
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        evidence += " in \(Words.seconds(seconds))"
        judgement.expect("time", time, seconds, "took", Words.seconds)
        return judgement.measurement(seconds: seconds, evidence: evidence)
    }
}
