import ShipitCore
import ShipitEngine

/// Many requests to one URL, several at once, and conditions on how they went together.
struct HTTPLoad: Sendable {
    private var question: HTTPQuestion
    private var expected: HTTPExpectation
    private var timeout: TimeSpan
    private var requests: Int
    private var concurrency: Int
    private var quantiles: [String: Limit] = [:]
    private static let shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)]
    private var errorRate: Limit?

    /// `nil` when the check asks for a single request and nothing about several.
    init?(
        _ fields: Fields, question: HTTPQuestion, expected: HTTPExpectation, timeout: TimeSpan
    ) throws(BadField) {
        let requests = try fields.number("requests")
        for (name, _) in Self.shares { quantiles[name] = try fields.limit(name, in: .time) }
        errorRate = try fields.limit("error-rate", in: .ratio)
        let concurrency = try fields.number("concurrency")
        if concurrency != nil, requests == nil { throw BadField("concurrency", "means nothing without requests") }
        guard requests != nil || !quantiles.isEmpty || errorRate != nil else { return nil }
        self.question = question
        self.expected = expected
        self.timeout = timeout
        self.requests = requests ?? 1
        self.concurrency = concurrency ?? 1
        guard (1...1_000_000).contains(self.requests) else { throw BadField("requests", "must be at least 1") }
        guard (1...1024).contains(self.concurrency) else { throw BadField("concurrency", "must be from 1 to 1024") }
    }

    func measure() async -> Measurement {
        let tally = await ask()
        let times = tally.times.sorted()
        func quantile(_ share: Double) -> Double? {
            times.isEmpty ? nil : times[max(0, Int((share * Double(times.count)).rounded(.up)) - 1)]
        }
        let rate = Double(tally.errors) / Double(requests)
        var evidence =
            "\(question.method) \(question.url): \(requests) requests, \(concurrency) at once, "
            + "\(Words.ratio(rate)) failed"
        for share in [0.5, 0.95, 0.99] {
            if let value = quantile(share) { evidence += ", p\(Int(share * 100)) \(Words.seconds(value))" }
        }
        if let first = tally.firstError { evidence += "; the first failure: \(first)" }
        let firstError = tally.firstError ?? "none"
        if times.isEmpty { return Measurement(.noAnswer("no request succeeded: \(firstError)"), evidence: evidence) }
        var judgement = Judgement()
        judgement.measured("error-rate", rate)
        if let errorRate, !errorRate.holds(rate) {
            judgement.miss(
                "error-rate", "error rate \(Words.ratio(rate)), expected \(errorRate.written): \(firstError)")
        } else if errorRate == nil, tally.errors > 0 {
            judgement.miss("error-rate", "\(tally.errors) of \(requests) requests failed: \(firstError)")
        }
        for (name, share) in Self.shares {
            judgement.expect(name, quantiles[name], quantile(share), "\(name) was", Words.seconds)
        }
        return judgement.measurement(seconds: quantile(0.5), evidence: evidence)
    }

    private struct Tally {
        var times: [Double] = []
        var errors = 0
        var firstError: String?

        mutating func count(_ outcome: Result<Double, NoAnswer>) {
            switch outcome {
            case .success(let seconds): times.append(seconds)
            case .failure(let trouble):
                errors += 1
                firstError = firstError ?? trouble.reason
            }
        }
    }

    /// All together have the check's time; what is not asked by then has failed.
    private func ask() async -> Tally {
        let deadline = ContinuousClock.now + .milliseconds(timeout.milliseconds)
        return await withTaskGroup(of: Result<Double, NoAnswer>.self) { group in
            var tally = Tally()
            var sent = 0
            while sent < min(concurrency, requests) {
                group.addTask { await askOnce(until: deadline) }
                sent += 1
            }
            while let outcome = await group.next() {
                tally.count(outcome)
                guard sent < requests else { continue }
                group.addTask { await askOnce(until: deadline) }
                sent += 1
            }
            return tally
        }
    }

    private func askOnce(until deadline: ContinuousClock.Instant) async -> Result<Double, NoAnswer> {
        let late = NoAnswer(reason: "timed out after \(Words.span(timeout)) for all requests")
        let left = TimeSpan(milliseconds: Int64(((deadline - .now).inSeconds * 1000).rounded()))
        guard left > .zero else { return .failure(late) }
        switch await HTTPClients.shared.ask(question, timeout: left) {
        case .failure(let trouble): return .failure(ContinuousClock.now >= deadline ? late : trouble)
        case .success(let answer):
            if let trouble = expected.judge(answer).trouble { return .failure(NoAnswer(reason: trouble)) }
            return .success(answer.seconds)
        }
    }
}
