import ShipitCore

/// One deployment at night: what a service answers before the change and for half an hour after it.
struct Night: Sendable {
    enum Weather: String, CaseIterable {
        case usual = "usual traffic"
        case quiet = "quiet traffic"
        case spikes
        case outage = "source out"
    }

    enum Fault: String, CaseIterable {
        case none = "good release"
        case slower = "twice as slow"
        case errors = "8% errors"
        case leak = "slow leak"
    }

    static let every = TimeSpan.seconds(5)
    static let before = TimeSpan.minutes(5)
    static let after = TimeSpan.minutes(30)

    let weather: Weather
    let fault: Fault
    private(set) var baseline: [Sample] = []
    private(set) var samples: [Sample] = []
    /// The change, and the beginning of the monitoring.
    let change: Instant
    private var chance: Chance
    /// No two nights are as fast, and no limit in seconds fits them all.
    private let median: Double
    private let spread: Double
    private var spikeEnds = Instant(milliseconds: 0)

    init(number: Int, weather: Weather, fault: Fault) {
        chance = Chance(seed: UInt64(number))
        self.weather = weather
        self.fault = fault
        change = Instant(milliseconds: 0) + Self.before
        median = chance.between(0.06, 0.16)
        spread = weather == .quiet ? 0.5 : 0.25
        var now = Instant(milliseconds: 0)
        while now < change {
            baseline.append(sample(at: now))
            now = now + Self.every
        }
        while now <= change + Self.after {
            samples.append(sample(at: now))
            now = now + Self.every
        }
    }

    private mutating func sample(at now: Instant) -> Sample {
        let isAfter = now >= change
        let passed = isAfter ? (now - change).seconds / Self.after.seconds : 0
        // The metric source is out for ten minutes after the change.
        if weather == .outage, isAfter, passed > 0.2, passed < 0.53 { return Sample(at: now, kind: .noData) }
        // Few requests at night: most samples find none to tell of.
        if weather == .quiet, chance.happens(0.6) { return Sample(at: now, kind: .noData) }
        if weather == .spikes, now >= spikeEnds, chance.happens(0.01) {
            spikeEnds = now + .seconds(Int64(chance.between(10, 50)))
        }
        if chance.happens(isAfter && fault == .errors ? 0.082 : 0.002) { return Sample(at: now, kind: .error) }
        var middle = median
        if now < spikeEnds { middle *= 4 }
        if isAfter, fault == .slower { middle *= 2 }
        if isAfter, fault == .leak { middle *= 1 + 2 * passed }
        return Sample(at: now, kind: .good(seconds: chance.logNormal(median: middle, spread: spread), number: nil))
    }
}
