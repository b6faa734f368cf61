import Foundation
import ShipitCore

/// What judging by numbers costs, how exact it is, and how often it is wrong. Prints three tables; `monitor [NIGHTS]`.
@main struct Main {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        guard words.count <= 1, let nights = Int(words.first ?? "10000"), nights > 0 else {
            print("usage: monitor [NIGHTS]")
            exit(2)
        }
        print(Cost.table())
        print(Exactness.table())
        print(Nights.table(nights))
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 to 1, never 0.
    mutating func share() -> Double { Double(next() >> 11 + 1) / Double(1 << 53) }

    mutating func comes(_ chance: Double) -> Bool { share() < chance }

    mutating func normal() -> Double { (-2 * log(share())).squareRoot() * cos(2 * .pi * share()) }

    /// How long an answer takes: most near `median`, some much longer.
    mutating func latency(_ median: Double, spread: Double = 0.35) -> Double { median * exp(spread * normal()) }

    /// How many of `count` come true.
    mutating func successes(_ count: Int, _ chance: Double) -> Int { (0..<count).count { _ in comes(chance) } }
}

/// Rows in columns, the first one left-aligned.
func aligned(_ rows: [[String]]) -> String {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { column, text in
            let space = String(repeating: " ", count: widths[column] - text.count)
            return column == 0 ? text + space : space + text
        }.joined(separator: "  ") + "\n"
    }.joined()
}

func monitor(_ rules: [String], _ change: (inout Monitor) -> Void = { _ in }) -> Monitor {
    let probe = ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1/")))
    var monitor = Monitor(
        duration: Night.length,
        sources: [
            MonitorSource(name: "api", probe: probe, every: .seconds(5)),
            MonitorSource(name: "traffic", probe: probe, every: .seconds(15)),
        ],
        rollbackWhen: rules.map { text in
            do { return try RuleParser.rule(text) } catch { fatalError("\(text): \(error)") }
        })
    change(&monitor)
    return monitor
}
