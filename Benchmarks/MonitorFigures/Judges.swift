import ShipitCore

/// What becomes of a night.
enum Ending {
    case rolledBack(after: TimeSpan)
    case green
    /// Nothing can be said, and a person is asked.
    case asks
}

/// Who judges nights.
struct Judge: Sendable {
    let name: String
    let judge: @Sendable (Night) -> Ending

    static let all = [
        Judge(name: "plain threshold") { plain($0) },
        Judge(name: "shipit, ratio alone") { shipit($0, significance: nil) },
        Judge(name: "shipit, significance") { shipit($0, significance: 0.98) },
    ]

    /// The rule that other tools use: each minute the mean of the last one against a fixed limit; three failures roll back; what
    /// gives no data has not failed.
    private static func plain(_ night: Night) -> Ending {
        var failures = 0
        var minute = 1
        while TimeSpan.minutes(Int64(minute)) <= Night.after {
            let end = night.change + .minutes(Int64(minute))
            let window = night.samples.filter { $0.at > end - .minutes(1) && $0.at <= end }
            var (times, errors): ([Double], Int) = ([], 0)
            for sample in window {
                switch sample.kind {
                case .good(let seconds, _): times.append(seconds ?? 0)
                case .error: errors += 1
                case .noData: break
                }
            }
            let isSlow = !times.isEmpty && times.reduce(0, +) / Double(times.count) > 0.2
            let isBad = times.count + errors > 0 && Double(errors) / Double(times.count + errors) > 0.05
            failures = isSlow || isBad ? failures + 1 : 0
            if failures == 3 { return .rolledBack(after: .minutes(Int64(minute))) }
            minute += 1
        }
        return .green
    }

    static func monitor(significance: Double?) -> Monitor {
        func rule(_ text: String) -> Rule {
            do { return try RuleParser.rule(text) } catch { preconditionFailure("\(text): \(error)") }
        }
        let probe = ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1/")))
        return Monitor(
            duration: Night.after, sources: [MonitorSource(name: "api", probe: probe, every: Night.every)],
            window: .minutes(3),
            rollbackWhen: [
                rule("api.p50 > baseline * 1.5 for 2m"), rule("api.error-rate > baseline + 3% for 2m"),
            ],
            baseline: BaselinePolicy(Night.before), significance: significance)
    }

    private static func shipit(_ night: Night, significance: Double?) -> Ending {
        let monitor = monitor(significance: significance)
        let baseline = Baseline(["api": SourceBaseline(night.baseline)])
        var evaluator = MonitorEvaluator(monitor, baseline: baseline, began: night.change)
        for sample in night.samples {
            for case .breached in evaluator.add(sample, from: "api") {
                return .rolledBack(after: sample.at - night.change)
            }
        }
        // What is open goes on until it is at pass, breached or inconclusive.
        var now = night.change + Night.after
        while case .open = evaluator.verdict(now: now), now < night.change + Night.after + .minutes(5) {
            now = now + Night.every
        }
        if case .pass = evaluator.verdict(now: now) { return .green }
        return .asks
    }
}
