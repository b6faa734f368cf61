import Foundation
import ShipitCore

/// One night after a deployment: what the sources say, and whether the release is bad.
struct Night {
    enum Kind: String, CaseIterable {
        case calm = "calm, good release"
        case quiet = "hardly any traffic, good release"
        case spikes = "short spikes, good release"
        case outage = "metric source fails, good release"
        case errors = "errors, bad release"
        case slow = "twice as slow, bad release"
        case leak = "slow leak, bad release"
        /// It says nothing from the first moment on.
        case outageBad = "metric source fails, bad release"

        var isBad: Bool {
            switch self {
            case .calm, .quiet, .spikes, .outage: false
            case .errors, .slow, .leak, .outageBad: true
            }
        }
    }

    static let length = TimeSpan.minutes(30)
    static let start = Instant(milliseconds: 0)
    static let baselineLength = TimeSpan.minutes(2)

    let kind: Kind
    /// What was measured before the first change.
    private(set) var before: [String: [Sample]] = ["api": [], "traffic": []]
    /// From the begin of monitoring on, in the order of time.
    private(set) var samples: [(source: String, sample: Sample)] = []

    private var dice: Dice
    private let median: Double
    private let requests: Int
    private let spikeAt: Double
    private let outageAt: Double

    init(_ kind: Kind, seed: UInt64) {
        var dice = Dice(seed)
        self.kind = kind
        // Services differ: some answer in 20 ms, some in 200.
        median = 0.02 * exp(dice.share() * log(10))
        requests = kind == .quiet ? 2 : 100
        (spikeAt, outageAt) = (120 + dice.share() * 1200, kind == .outageBad ? 0 : 60 + dice.share() * 900)
        self.dice = dice
        let seconds = Int(Self.length.milliseconds / 1000)
        for second in stride(from: -Int(Self.baselineLength.milliseconds / 1000), to: 0, by: 5) { take(second) }
        for second in stride(from: 0, through: seconds, by: 5) { take(second) }
    }

    private mutating func take(_ second: Int) {
        let at = Self.start + .seconds(Int64(second))
        keep("api", Sample(at: at, kind: answer(Double(second))))
        guard second.isMultiple(of: 15) else { return }
        let isOut = (kind == .outage || kind == .outageBad) && Double(second) >= outageAt
        let failed = dice.successes(requests, errorChance(Double(second)))
        keep(
            "traffic",
            Sample(at: at, kind: isOut ? .noData : .good(seconds: nil, number: Double(failed) / Double(requests))))
    }

    private mutating func keep(_ source: String, _ sample: Sample) {
        if sample.at < Self.start { before[source]?.append(sample) } else { samples.append((source, sample)) }
    }

    private mutating func answer(_ second: Double) -> Sample.Kind {
        let spikes = kind == .spikes && (spikeAt..<(spikeAt + 25)).contains(second)
        // The probe sees what users of one page see: a release may be bad elsewhere.
        if dice.comes(kind == .errors && second >= 0 ? 0.12 : spikes ? 0.2 : 0.002) { return .error }
        return .good(seconds: dice.latency(median * slowness(second, spikes)), number: nil)
    }

    private func slowness(_ second: Double, _ spikes: Bool) -> Double {
        guard second >= 0 else { return 1 }
        switch kind {
        case .slow: return 2
        case .leak: return 1 + 2.5 * second / Self.length.seconds
        case .spikes: return spikes ? 8 : 1
        case .calm, .quiet, .outage, .errors, .outageBad: return 1
        }
    }

    private func errorChance(_ second: Double) -> Double {
        guard second >= 0 else { return 0.005 }
        switch kind {
        case .errors, .outageBad: return 0.12
        case .spikes: return (spikeAt..<(spikeAt + 25)).contains(second) ? 0.2 : 0.005
        case .calm, .quiet, .outage, .slow, .leak: return 0.005
        }
    }
}
