public import ShipitCore
public import ShipitEngine

/// Asks a URL, once or under load. Redirects are not followed: where it leads to is part of the answer.
public struct HTTPProbe: Probe {
    /// A field that the monitor adds: 3xx is an answer as good as 2xx.
    public static let acceptRedirect = "accept-redirect"

    public init() {}

    public let description = ProbeDescription(
        name: "http", help: "Ask a URL.", subject: .url,
        fields: [
            FieldDescription("status", .number, fallback: "any 2xx", help: "The status that is expected."),
            FieldDescription("body", .textOrPattern, help: "What the body must contain, or /regex/."),
            FieldDescription(
                "json", .map, help: "Values or conditions by path in a JSON body, such as {checks.db.ok: true}."),
            FieldDescription(
                "header", .map,
                help:
                    "What headers of the answer must contain, or /regex/, or a condition (also of a directive: max-age >= 600)."
            ),
            FieldDescription(
                "redirect", .textOrPattern, help: "Where it must lead to, or /regex/; it is not followed."),
            FieldDescription(
                "certificate", .condition(.time), help: "How long the certificate of an https URL still holds."),
            FieldDescription("time", .condition(.time), help: "How long the answer may take."),
            FieldDescription("requests", .number, fallback: "1", help: "How many requests to send."),
            FieldDescription("concurrency", .number, fallback: "1", help: "How many of them at once."),
            FieldDescription("p50", .condition(.time), help: "A condition on the median time of `requests`."),
            FieldDescription("p95", .condition(.time), help: "A condition on the 95th percentile."),
            FieldDescription("p99", .condition(.time), help: "A condition on the 99th percentile."),
            FieldDescription("error-rate", .condition(.ratio), help: "A condition on the share of requests that fail."),
            FieldDescription("headers", .map, secret: true, help: "Headers to send."),
            FieldDescription("method", .text, fallback: "GET", help: "The method of the request."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        do throws(BadField) {
            return try await ask(request).masked(request.secretValues)
        } catch {
            return error.measurement.masked(request.secretValues)
        }
    }

    private func ask(_ request: ResolvedProbe) async throws(BadField) -> Measurement {
        let fields = Fields(request)
        guard let url = request.subject.text, !url.isEmpty else { throw BadField("http", "must be a URL") }
        let method = try fields.text("method") ?? "GET"
        let headers = try fields.map("headers").map { (name: $0.key, value: $0.value) }
        let question = HTTPQuestion(url: url, method: method, headers: headers)
        let expected = try HTTPExpectation(fields)
        let certificate = try fields.limit("certificate", in: .time)
        if let load = try HTTPLoad(fields, question: question, expected: expected, timeout: request.timeout) {
            return await load.measure()
        }
        switch await HTTPClients.shared.ask(question, timeout: request.timeout) {
        case .failure(let trouble):
            return Measurement(.noAnswer(trouble.reason), evidence: "\(method) \(url): \(trouble.reason)")
        case .success(let answer):
            var evidence = "\(method) \(url): \(answer.status) in \(Words.seconds(answer.seconds))"
            var judgement = expected.judge(answer)
            if let certificate {
                try await judge(
                    certificate, url, request.timeout - TimeSpan(milliseconds: Int64(answer.seconds * 1000)), &judgement
                )
            }
            if !judgement.isGood, !answer.body.isEmpty {
                evidence += ", body: \(Words.excerpt(String(decoding: answer.body.prefix(1024), as: UTF8.self)))"
            }
            return judgement.measurement(seconds: answer.seconds, evidence: evidence)
        }
    }

    private func judge(
        _ limit: Limit, _ url: String, _ timeout: TimeSpan, _ judgement: inout Judgement
    ) async throws(BadField) {
        guard let match = url.wholeMatch(of: /https:\/\/(?:[^\/?#@]*@)?([^\/?#]+).*/),
            let place = HostPort(String(match.output.1)) ?? HostPort("\(match.output.1):443")
        else { throw BadField("certificate", "only https has one") }
        switch await TLSHandshake(place: place, name: place.host, ca: nil).look(timeout: max(timeout, .milliseconds(1)))
        {
        case .failure(let trouble): judgement.miss("certificate", "its certificate cannot be seen: \(trouble.reason)")
        case .success(let facts):
            judgement.expect(
                "certificate", limit, facts.expires - FileProbe.now(), "the certificate holds for", Words.seconds)
        }
    }
}
