import Foundation
import ShipitCore

/// What one sample with one rule costs, beside sorting its window once: the least that an exact quantile takes.
enum Cost {
    private static let rules: [(name: String, text: String)] = [
        ("error rate", "api.error-rate > 5% for 2m"), ("quantile", "api.p95 > 300ms for 2m"),
        ("against the baseline", "api.p95 > baseline * 1.5 for 2m"), ("failures in a row", "api fails 3 times"),
    ]

    static func table() -> String {
        var rows = [["one sample, one rule", "window of 20", "of 200", "of 2,000", "1,000 sources at 5s (20)"]]
        for rule in rules {
            let costs = [20, 200, 2000].map { size in
                (own: evaluation(rule.text, window: size), floor: sorting(size))
            }
            let core = costs[0].own * 1000 / 5
            rows.append(
                [rule.name] + costs.map { String(format: "%.2f×", $0.own / $0.floor) }
                    + [String(format: "%.2f %% of a core", core * 100)])
        }
        return "COST, as multiples of sorting the window once\n" + aligned(rows)
    }

    private static func evaluation(_ rule: String, window: Int) -> Double {
        var dice = Dice(7)
        let start = Instant(milliseconds: 0)
        let monitor = monitor([rule]) { monitor in
            (monitor.minSamples, monitor.window) = (window, .seconds(Int64(window) * 5))
            (monitor.baseline, monitor.significance) = (BaselinePolicy(.minutes(2)), 0.98)
        }
        let samples = (0..<max(4000, 2 * window)).map { number in
            Sample(
                at: start + .seconds(Int64(number) * 5),
                kind: dice.comes(0.01) ? .error : .good(seconds: dice.latency(0.08), number: nil))
        }
        let before = Baseline(["api": SourceBaseline(Array(samples.prefix(max(24, window))))])
        return fastest {
            var evaluator = MonitorEvaluator(monitor, baseline: before, began: start)
            let time = seconds { for sample in samples { _ = evaluator.add(sample, from: "api") } }
            return time / Double(samples.count)
        }
    }

    private static func sorting(_ count: Int) -> Double {
        var dice = Dice(8)
        let values = (0..<count).map { _ in dice.latency(0.08) }
        let rounds = 200_000 / count
        var sum = 0.0
        let time = fastest {
            seconds { for round in 0..<rounds { sum += values.sorted()[round % count] } } / Double(rounds)
        }
        precondition(sum > 0)
        return time
    }

    /// The fastest of a few: what else the machine does only adds.
    private static func fastest(_ measure: () -> Double) -> Double { (0..<5).map { _ in measure() }.min() ?? 0 }

    private static func seconds(_ work: () -> Void) -> Double {
        let parts = ContinuousClock().measure(work).components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
}
