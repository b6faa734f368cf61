/// One answer (or none) of a monitor source.
public struct Sample: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// An answer: how long it took (seconds), the number it gave.
        case good(seconds: Double?, number: Double?)
        /// Refused, timed out, or a status that means failure: counts in `error-rate` and in `fails`, gives no latency.
        case error
        /// Nothing, NaN or nonsense: counts in `fails` alone.
        case noData
    }

    public var at: Instant
    public var kind: Kind

    public init(at: Instant, kind: Kind) {
        self.at = at
        self.kind = kind
    }
}

/// A sample as it is kept: whose it is, and where the rules of its source stood with it.
public struct RecordedSample: Hashable, Sendable {
    public var source: String
    public var sample: Sample
    /// A letter for each rule of the source, in the plan's order, those that only warn last.
    public var standings: String

    public init(source: String, sample: Sample, standings: String) {
        self.source = source
        self.sample = sample
        self.standings = standings
    }
}

/// What the monitor's rules say together.
public enum MonitorVerdict: Hashable, Sendable {
    /// There is nothing to judge by.
    case none
    /// Not every rule is at pass; the next samples may tell.
    case open
    case pass
    /// A rule has had no verdict for longer than `grace`.
    case inconclusive(String)
}

/// The quantile by the nearest-rank method: the smallest value that at least `quantile` of all are not above.
/// - Precondition: `sorted` is not empty and ascending.
public func quantile(_ quantile: Double, ofSorted sorted: [Double]) -> Double {
    // The little taken off keeps 0.07 × 100, which is a hair over 7, from being rank 8.
    let rank = (quantile * Double(sorted.count) - 1e-9).rounded(.up)
    return sorted[min(sorted.count - 1, max(0, Int(rank) - 1))]
}
