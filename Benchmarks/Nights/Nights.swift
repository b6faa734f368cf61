import Foundation
import ShipitCore

/// How often each way to judge brings a good release back, lets a bad one stay, or asks a person.
enum Nights {
    enum End: Hashable {
        case stays, rolledBack, asks
    }

    private struct Judge: Sendable {
        let name: String
        let decide: @Sendable (Night) -> End
    }

    private static let judges = [
        Judge(name: "plain", decide: { plain($0, inARow: 1) }),
        Judge(name: "plain, twice", decide: { plain($0, inARow: 2) }),
        Judge(name: "shipit, fixed", decide: { shipit($0, fixed) }),
        Judge(name: "shipit, baseline", decide: { shipit($0, relative) }),
    ]

    static func table(_ count: Int) -> String {
        let kinds = Night.Kind.allCases
        var ends: [Night.Kind: [[End: Int]]] = [:]
        for kind in kinds { ends[kind] = judges.map { _ in [:] } }
        for number in 0..<count {
            let night = Night(kinds[number % kinds.count], seed: UInt64(number) + 1)
            for (place, judge) in judges.enumerated() { ends[night.kind]?[place][judge.decide(night), default: 0] += 1 }
        }
        var rows = [["wrong (asked a person)"] + judges.map(\.name)]
        for kind in kinds { rows.append([kind.rawValue] + (ends[kind] ?? []).map { cell($0, isBad: kind.isBad) }) }
        for isBad in [false, true] {
            let own = kinds.filter { $0.isBad == isBad }.compactMap { ends[$0] }
            let sums = judges.indices.map { place in
                own.reduce(into: [End: Int]()) { $0.merge($1[place], uniquingKeysWith: +) }
            }
            rows.append([isBad ? "all missed breaches" : "all false rollbacks"] + sums.map { cell($0, isBad: isBad) })
        }
        return """
            \(count) NIGHTS of half an hour: good releases that were rolled back, bad ones that stayed
            plain: each minute's means beside fixed limits (300ms, 5% of traffic), one over it rolls back, no data passes;
            twice: two minutes in a row
            fixed: \(fixed.rollbackWhen.map(\.text).joined(separator: "; "))
            baseline: \(relative.rollbackWhen.map(\.text).joined(separator: "; ")); significance 0.98

            """ + aligned(rows)
    }

    private static func cell(_ ends: [End: Int], isBad: Bool) -> String {
        let all = max(1, ends.values.reduce(0, +))
        func share(_ end: End) -> String { String(format: "%.1f %%", 100 * Double(ends[end] ?? 0) / Double(all)) }
        return "\(share(isBad ? .stays : .rolledBack)) (\(share(.asks)))"
    }

    // MARK: The judges

    private static let fixed = monitor([
        "api.error-rate > 5% for 2m", "api.p95 > 300ms for 2m", "traffic.value > 5% for 2m",
    ])

    private static let relative = monitor([
        "api.error-rate > 5% for 2m", "api.p95 > baseline * 1.5 for 2m", "traffic.value > 5% for 2m",
    ]) { ($0.baseline, $0.significance) = (BaselinePolicy(Night.baselineLength), 0.98) }

    private static func shipit(_ night: Night, _ monitor: Monitor) -> End {
        let before = monitor.baseline == nil ? nil : Baseline(night.before.mapValues { SourceBaseline($0) })
        var evaluator = MonitorEvaluator(monitor, baseline: before, began: Night.start)
        for (source, sample) in night.samples {
            for event in evaluator.add(sample, from: source) {
                if case .breached = event { return .rolledBack }
            }
            if case .inconclusive = evaluator.verdict(now: sample.at) { return .asks }
        }
        return .stays
    }

    /// As tools judge that ask a metric store once a minute.
    private static func plain(_ night: Night, inARow limit: Int) -> End {
        var minute: [String: [Double]] = [:]
        var inARow = 0
        for (source, sample) in night.samples {
            if case .good(let seconds, let number) = sample.kind {
                minute[source, default: []].append(number ?? seconds ?? 0)
            }
            guard source == "traffic", (sample.at - Night.start).milliseconds % 60_000 == 0 else { continue }
            let isOver = mean(minute["api"]) > 0.3 || mean(minute["traffic"]) > 0.05
            inARow = isOver ? inARow + 1 : 0
            if inARow == limit { return .rolledBack }
            minute = [:]
        }
        return .stays
    }

    /// 0 where there was no data.
    private static func mean(_ values: [Double]?) -> Double {
        guard let values, !values.isEmpty else { return 0 }
        return values.reduce(0, +) / Double(values.count)
    }
}
