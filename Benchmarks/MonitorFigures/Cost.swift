import ShipitCore

/// What one evaluation costs, and how exact quantiles are.
enum Cost {
    private static let rounds = 20_000

    /// Nanoseconds for a sample and a rule.
    private static func measure(_ rule: String?) -> Double {
        var monitor = Judge.monitor(significance: 0.98)
        monitor.window = .minutes(1)
        monitor.rollbackWhen = rule.flatMap { try? RuleParser.rule($0) }.map { [$0] } ?? []
        let night = Night(number: 1, weather: .usual, fault: .none)
        var evaluator = MonitorEvaluator(
            monitor, baseline: Baseline(["api": SourceBaseline(night.baseline)]), began: night.change)
        var chance = Chance(seed: 5)
        let samples = (0..<rounds).map { number in
            Sample(
                at: night.change + .seconds(Int64(number) * 5),
                kind: .good(seconds: chance.logNormal(median: 0.1, spread: 0.2), number: 1))
        }
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0..<5 {
            let start = clock.now
            var copy = evaluator
            for sample in samples { _ = copy.add(sample, from: "api") }
            let (seconds, attoseconds) = (clock.now - start).components
            best = min(best, (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(rounds))
        }
        _ = evaluator.add(samples[0], from: "api")
        return best
    }

    static func table() -> String {
        let rules = [
            "api fails 3 times", "api.error-rate > 5%", "api.value > 3", "api.mean > 1s", "api.p95 > 1s",
            "api.p95 > baseline * 9", "api.error-rate > baseline + 9%",
        ]
        let alone = measure(nil)
        let plain = measure("api.mean > 1s") - alone
        var text = "one evaluation, beside that of a mean against a limit (a window of a minute, 12 to 20 samples)\n"
        for rule in rules {
            text += "  \(rule.padded(34)) \(((measure(rule) - alone) / plain).written(1)) ×\n"
        }
        return text
    }

    static func quantiles() -> String {
        var chance = Chance(seed: 11)
        var (inWindow, ofBaseline) = (0.0, 0.0)
        for size in [20, 50, 200, 1000, 10_000] {
            for _ in 0..<20 {
                let values = (0..<size).map { _ in chance.logNormal(median: 0.1, spread: 0.6) }
                let sorted = values.sorted()
                let kept = SourceBaseline(
                    values.map { Sample(at: Instant(milliseconds: 0), kind: .good(seconds: $0, number: nil)) })
                for share in [0.5, 0.9, 0.95, 0.99] {
                    let exact = counted(share, values)
                    inWindow = max(inWindow, abs(quantile(share, ofSorted: sorted) - exact) / exact)
                    if share < 0.99 {
                        ofBaseline = max(ofBaseline, abs(quantile(share, ofSorted: kept.seconds) - exact) / exact)
                    }
                }
            }
        }
        return
            "quantiles beside exact ones, found by counting: largest error \((inWindow * 100).written(2))% in a window, "
            + "\((ofBaseline * 100).written(2))% of a baseline's p50 to p95 (200 values kept of up to 10,000)\n"
    }

    /// The smallest value that so many are not above.
    private static func counted(_ share: Double, _ values: [Double]) -> Double {
        let wanted = Int((share * Double(values.count) - 1e-9).rounded(.up))
        var (low, high) = (values.min() ?? 0, values.max() ?? 0)
        for _ in 0..<80 {
            let middle = (low + high) / 2
            if values.count(where: { $0 <= middle }) >= wanted { high = middle } else { low = middle }
        }
        return high
    }
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension Double {
    /// With so many places.
    func written(_ places: Int) -> String {
        let factor = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
        let scaled = Int((self * factor).rounded())
        guard places > 0 else { return "\(scaled)" }
        let rest = String(scaled.magnitude % UInt(factor))
        return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt(factor))."
            + String(repeating: "0", count: places - rest.count) + rest
    }
}
