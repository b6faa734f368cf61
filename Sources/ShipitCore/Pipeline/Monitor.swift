/// `monitor:`: what is sampled, and which rules bring the old release back.
public struct Monitor: Hashable, Sendable, Codable {
    /// Monitoring begins when this stage succeeds; `nil`: the last stage that changes things (where several stages that
    /// don't need one another are the last, all of them).
    public var from: StageName?
    /// How long after the end of the last stage.
    public var duration: TimeSpan
    public var sources: [MonitorSource]
    /// What ratios and quantiles look back over.
    public var window: TimeSpan
    public var minSamples: Int
    public var inconclusive: Inconclusive
    /// How long no verdict is borne before `inconclusive` acts.
    public var grace: TimeSpan
    public var rollbackWhen: [Rule]
    public var warnWhen: [Rule]
    /// What is asked after a rollback; `nil`: what the smoke stage asks of any release.
    public var rollbackVerify: RollbackVerification?
    /// How often a day it may bring back a release in one environment; `nil`: as often as `budget` says.
    public var rollbackBudget: Int?

    public var budget: Int { rollbackBudget ?? Self.usualBudget }
    public static let usualBudget = 3
    /// How long is sampled before the first change, for what is compared with it.
    public var baseline: BaselinePolicy?
    /// `nil`: the usual one.
    public var floor: Floor?
    /// How sure a difference from the baseline must be, 0–1; `nil`: that is shown, and vetoes nothing.
    public var significance: Double?
    /// Sources that this release does not move: where one has moved, a broken rule pauses instead of rolling back.
    public var control: [String]?

    public enum Inconclusive: String, Hashable, Sendable, Codable {
        case rollback, pause, ignore
    }

    public init(
        from: StageName? = nil, duration: TimeSpan = .zero, sources: [MonitorSource] = [],
        window: TimeSpan = .minutes(1), minSamples: Int = 20, inconclusive: Inconclusive = .pause,
        grace: TimeSpan = .minutes(2), rollbackWhen: [Rule] = [], warnWhen: [Rule] = [],
        rollbackVerify: RollbackVerification? = nil, rollbackBudget: Int? = nil,
        baseline: BaselinePolicy? = nil, floor: Floor? = nil, significance: Double? = nil, control: [String]? = nil
    ) {
        self.from = from
        self.duration = duration
        self.sources = sources
        self.window = window
        self.minSamples = minSamples
        self.inconclusive = inconclusive
        self.grace = grace
        self.rollbackWhen = rollbackWhen
        self.warnWhen = warnWhen
        self.rollbackVerify = rollbackVerify
        self.rollbackBudget = rollbackBudget
        self.baseline = baseline
        self.floor = floor
        self.significance = significance
        self.control = control
    }
}

/// `rollback-verify:`
public enum RollbackVerification: Hashable, Sendable, Codable {
    case suite(String)
    /// Nothing is asked.
    case none
}

public struct MonitorSource: Hashable, Sendable, Codable {
    public var name: String
    public var probe: ProbeRequest
    public var every: TimeSpan
    public var timeout: TimeSpan

    public init(
        name: String, probe: ProbeRequest, every: TimeSpan = .seconds(5), timeout: TimeSpan = .seconds(10)
    ) {
        self.name = name
        self.probe = probe
        self.every = every
        self.timeout = timeout
    }
}

/// A threshold of the monitor: `api.p95 > 200ms for 2m`, or `db fails 3 times`.
public struct Rule: Hashable, Sendable, Codable {
    public enum Kind: Hashable, Sendable, Codable {
        case metric(Metric, Condition, hold: TimeSpan?)
        /// Compared with what was measured before the first change.
        case relative(Metric, RelativeLimit, hold: TimeSpan?)
        /// So many samples in a row without success.
        case fails(times: Int)
    }

    public enum Metric: Hashable, Sendable, Codable {
        /// Share of error samples, 0–1.
        case errorRate
        /// Quantile of the time taken, in seconds; `0.95` for p95.
        case quantile(Double)
        /// The mean of the time taken, in seconds.
        case mean
        /// The newest number that the source gave.
        case value
        /// What a log counted in the window, and the same for each second of it.
        case count, rate
    }

    /// As written: the rule's name in `status`, in events and on the screen.
    public var text: String
    public var source: String
    public var kind: Kind

    public init(text: String, source: String, kind: Kind) {
        self.text = text
        self.source = source
        self.kind = kind
    }

    /// `nil` for one that counts failures.
    public var metric: Metric? {
        switch kind {
        case .metric(let metric, _, _), .relative(let metric, _, _): metric
        case .fails: nil
        }
    }

    /// What its value is measured in.
    public var dimension: Dimension {
        switch kind {
        case .metric(_, let condition, _): condition.limit.dimension
        case .relative(let metric, _, _): metric.dimension ?? .count
        case .fails: .count
        }
    }

    /// For how long it must be over its limit.
    public var hold: TimeSpan? {
        switch kind {
        case .metric(_, _, let hold), .relative(_, _, let hold): hold
        case .fails: nil
        }
    }

    public var isRelative: Bool {
        if case .relative = kind { true } else { false }
    }

    /// Whether values below the limit break it.
    public var breaksBelow: Bool {
        let comparison: Comparison? =
            switch kind {
            case .metric(_, let condition, _): condition.comparison
            case .relative(_, let limit, _): limit.comparison
            case .fails: nil
            }
        return comparison == .less || comparison == .atMost
    }
}
