public import ShipitCore
public import ShipitEngine

/// Asks a Prometheus server for the value of a query now, or how many of its targets are up.
public struct PrometheusProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "prometheus", help: "Ask a Prometheus server, by its URL.", subject: .url,
        fields: [
            FieldDescription("query", .text, help: "A PromQL expression that gives one number."),
            FieldDescription("value", .condition(.count), help: "A condition on that number."),
            FieldDescription("up", .condition(.ratio), help: "A condition on the share of targets that are up."),
            FieldDescription("job", .text, fallback: "all jobs", help: "The job whose targets `up` means."),
            FieldDescription("time", .condition(.time), help: "How long the answer may take."),
            FieldDescription("headers", .map, secret: true, help: "Headers to send."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let query = try fields.text("query")
            let value = try fields.limit("value", in: .count)
            let up = try fields.limit("up", in: .ratio)
            let job = try fields.text("job")
            let time = try fields.limit("time", in: .time)
            let headers = try fields.map("headers").map { (name: $0.key, value: $0.value) }
            var url = try request.subjectText("prometheus", "a URL")
            while url.hasSuffix("/") { url.removeLast() }
            guard query != nil || up != nil else { throw BadField("query", "or up is needed") }
            guard query == nil || up == nil else { throw BadField("up", "and query are two questions") }
            if value != nil, query == nil { throw BadField("value", "means nothing without query") }
            let path =
                query.map { "/api/v1/query?query=\(percentEncoded($0))" } ?? "/api/v1/targets?state=active"
            let question = HTTPQuestion(url: url + path, method: "GET", headers: headers)
            let asked = query ?? "targets\(job.map { " of \($0)" } ?? "")"
            switch await HTTPClients.shared.ask(question, timeout: request.timeout) {
            case .failure(let trouble):
                return Measurement(.noAnswer(trouble.reason), evidence: "\(url): \(Words.excerpt(asked))")
            case .success(let answer):
                let evidence = "\(url): \(Words.excerpt(asked))"
                guard let document = JSONValue(parsing: answer.body), case .object(let members) = document else {
                    return Measurement(.noAnswer("status \(answer.status), and no JSON"), evidence: evidence)
                }
                guard members["status"] == .text("success"), let data = members["data"] else {
                    return Measurement(
                        .noAnswer("it refused: \(Words.excerpt(members["error"]?.words ?? "status \(answer.status)"))"),
                        evidence: evidence)
                }
                let number = query == nil ? Self.shareUp(data, job: job) : Self.value(data)
                switch number {
                case .failure(let trouble):
                    return Measurement(.noAnswer(trouble.reason), seconds: answer.seconds, evidence: evidence)
                case .success(let number):
                    var judgement = Judgement()
                    judgement.expect(
                        "value", value, query == nil ? nil : number, "it is", { Words.rounded($0, digits: 6) })
                    judgement.expect("up", up, query == nil ? number : nil, "up are", Words.ratio)
                    judgement.expect("time", time, answer.seconds, "took", Words.seconds)
                    let words = query == nil ? "\(Words.ratio(number)) up" : Words.rounded(number, digits: 6)
                    return judgement.measurement(
                        seconds: answer.seconds, number: number,
                        evidence: "\(evidence): \(words) in \(Words.seconds(answer.seconds))")
                }
            }
        }
    }

    /// The one number of a scalar or of a vector of one. Nothing and NaN are no data, and of several nobody says which.
    private static func value(_ data: JSONValue) -> Result<Double, NoAnswer> {
        guard case .object(let members) = data, let kind = members["resultType"]?.words, let result = members["result"]
        else {
            return .failure(NoAnswer(reason: "the answer has no result"))
        }
        var sample = result
        if kind == "vector", case .list(let series) = result {
            guard series.count == 1, case .object(let only) = series[0], let value = only["value"] else {
                let reason =
                    series.isEmpty
                    ? "no data: the query gives nothing" : "the query gives \(series.count) series, and one is needed"
                return .failure(NoAnswer(reason: reason))
            }
            sample = value
        }
        guard kind == "vector" || kind == "scalar", case .list(let pair) = sample, pair.count == 2,
            let number = pair[1].number
        else {
            return .failure(NoAnswer(reason: "the query gives a \(kind), and a number is needed"))
        }
        return number.isFinite
            ? .success(number) : .failure(NoAnswer(reason: "no data: the query gives \(pair[1].words)"))
    }

    private static func shareUp(_ data: JSONValue, job: String?) -> Result<Double, NoAnswer> {
        guard case .object(let members) = data, case .list(let targets)? = members["activeTargets"] else {
            return .failure(NoAnswer(reason: "the answer has no targets"))
        }
        let health = targets.compactMap { target -> String? in
            guard case .object(let facts) = target else { return nil }
            if let job, case .object(let labels)? = facts["labels"], labels["job"]?.words != job { return nil }
            return facts["health"]?.words
        }
        guard !health.isEmpty else { return .failure(NoAnswer(reason: "no data: there are no such targets")) }
        return .success(Double(health.count { $0 == "up" }) / Double(health.count))
    }
}

/// Everything but letters, digits and `-._~` escaped, as in the query of a URL.
func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            return String(UnicodeScalar(byte))
        default:
            return "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
        }
    }.joined()
}
