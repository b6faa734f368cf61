import Foundation
import ShipitCore

/// How far the quantiles that rules judge are from the exact ones of the same window, counted here in another way.
enum Exactness {
    private static let shapes: [(name: String, draw: @Sendable (inout Dice) -> Double)] = [
        ("near one value", { $0.latency(0.08, spread: 0.1) }), ("long tail", { $0.latency(0.08, spread: 1.2) }),
        ("two humps", { dice in dice.latency(dice.comes(0.3) ? 0.9 : 0.05, spread: 0.2) }),
        ("even", { $0.share() }), ("few values", { Double(Int($0.share() * 5)) / 100 }),
    ]
    private static let shares = [0.5, 0.9, 0.95, 0.99]

    static func table() -> String {
        var rows = [["largest error of the quantiles"] + shares.map { "p\(Int($0 * 100))" }]
        for shape in shapes {
            rows.append(
                [shape.name] + shares.map { String(format: "%.3f %%", 100 * worst($0, shape.draw)) })
        }
        return "EXACTNESS, windows of 20 to 400 samples\n" + aligned(rows)
    }

    private static func worst(_ share: Double, _ draw: (inout Dice) -> Double) -> Double {
        var worst = 0.0
        for round in 0..<40 {
            var dice = Dice(UInt64(round) + 100)
            let size = 20 + round * 10
            let start = Instant(milliseconds: 0)
            let monitor = monitor(["api.p\(Int(share * 100)) > 1000s"]) {
                ($0.window, $0.minSamples) = (.seconds(Int64(size) - 1), size)
            }
            var evaluator = MonitorEvaluator(monitor, began: start)
            var recent: [Double] = []
            for number in 0..<(3 * size) {
                let value = draw(&dice)
                recent = recent.suffix(size - 1) + [value]
                let sample = Sample(at: start + .seconds(Int64(number)), kind: .good(seconds: value, number: nil))
                _ = evaluator.add(sample, from: "api")
                guard recent.count == size, let observed = evaluator.rules[0].observed else { continue }
                let exact = exact(share, recent)
                worst = max(worst, exact == 0 ? abs(observed) : abs(observed / exact - 1))
            }
        }
        return worst
    }

    /// The smallest value that at least `share` of all are not above, by counting.
    private static func exact(_ share: Double, _ values: [Double]) -> Double {
        values.filter { candidate in
            Double(values.count { $0 <= candidate }) >= share * Double(values.count) - 1e-9
        }.min() ?? .nan
    }
}
