/// `baseline:`: for how long the sources are sampled before the first change.
public struct BaselinePolicy: Hashable, Sendable, Codable {
    public var duration: TimeSpan
    /// Whether the run goes on where there was too little to compare with.
    public var isOptional: Bool

    public init(_ duration: TimeSpan, isOptional: Bool = false) {
        self.duration = duration
        self.isOptional = isOptional
    }
}

/// The smallest differences from the baseline that count, in base units.
public struct Floor: Hashable, Sendable, Codable {
    public var time: Double
    public var ratio: Double
    /// Of plain numbers, and of whatever else a source gives.
    public var count: Double

    public init(time: Double = 0.01, ratio: Double = 0.001, count: Double = 0) {
        self.time = time
        self.ratio = ratio
        self.count = count
    }

    func of(_ metric: Rule.Metric) -> Double {
        switch metric.dimension {
        case .time: time
        case .ratio: ratio
        case .size, .count, nil: count
        }
    }
}

/// What the sources gave before the first change: all that rules and tests compare with later.
public struct Baseline: Hashable, Sendable, Codable {
    public var sources: [String: SourceBaseline]

    public init(_ sources: [String: SourceBaseline] = [:]) { self.sources = sources }

    /// What is missing of it for the rules and controls that need it, in words; `nil` where nothing is.
    func lack(for monitor: Monitor) -> String? {
        let lacks = monitor.sources.compactMap { source -> String? in
            let own = sources[source.name] ?? SourceBaseline()
            let needed = monitor.comparedMetrics(of: source.name)
            let missing = needed.filter { own.value(of: $0, monitor.minSamples) == nil }
            let isBlindControl = monitor.isControl(source.name) && own.known(monitor.minSamples).isEmpty
            guard let metric = missing.first ?? (isBlindControl ? .value : nil) else { return nil }
            let (found, wanted) = own.counts(for: metric, monitor.minSamples)
            let span = monitor.baseline?.duration.written ?? ""
            return "\(source.name) gave \(found) of the \(wanted) samples in \(span) that it takes"
        }
        return lacks.isEmpty ? nil : "there is too little to compare with: " + lacks.joined(separator: "; ")
    }
}

/// One source's part of the baseline. Of long series only so many values are kept, evenly spread by rank.
public struct SourceBaseline: Hashable, Sendable, Codable {
    public var answers = 0
    public var errors = 0
    /// Samples that gave nothing.
    public var noData = 0
    /// How long answers took, ascending.
    public var seconds: [Double] = []
    /// What numbers it gave, ascending.
    public var numbers: [Double] = []

    /// More values make no difference that the rules could see.
    static let mostValues = 200
    /// So few numbers are enough: they come slower than answers do.
    static let fewestNumbers = 5

    public init() {}

    public init(_ samples: [Sample]) {
        var seconds: [Double] = []
        var numbers: [Double] = []
        for sample in samples {
            switch sample.kind {
            case .good(let time, let number):
                answers += 1
                if let time, time.isFinite { seconds.append(time) }
                if let number, number.isFinite { numbers.append(number) }
            case .error: errors += 1
            case .noData: noData += 1
            }
        }
        self.seconds = Self.spread(seconds)
        self.numbers = Self.spread(numbers)
    }

    private static func spread(_ values: [Double]) -> [Double] {
        let sorted = values.sorted()
        guard sorted.count > mostValues else { return sorted }
        return (0..<mostValues).map { sorted[$0 * (sorted.count - 1) / (mostValues - 1)] }
    }

    /// What the metric was; `nil` where there is too little to say.
    public func value(of metric: Rule.Metric, _ minSamples: Int) -> Double? {
        let (found, wanted) = counts(for: metric, minSamples)
        guard found >= wanted else { return nil }
        switch metric {
        case .errorRate: return Double(errors) / Double(answers + errors)
        case .quantile(let share): return quantile(share, ofSorted: seconds)
        case .mean: return seconds.reduce(0, +) / Double(seconds.count)
        case .value: return quantile(0.5, ofSorted: numbers)
        case .count, .rate: return nil
        }
    }

    /// How many samples there are that tell of a metric, and how many there must be.
    func counts(for metric: Rule.Metric, _ minSamples: Int) -> (found: Int, wanted: Int) {
        switch metric {
        case .errorRate: (answers + errors, max(1, minSamples))
        case .quantile, .mean: (seconds.count, min(max(1, minSamples), Self.mostValues))
        case .value, .count, .rate: (numbers.count, max(1, min(minSamples, Self.fewestNumbers)))
        }
    }

    /// The metrics that it can say something about.
    func known(_ minSamples: Int) -> [Rule.Metric] {
        [.errorRate, .quantile(0.5), .value].filter { value(of: $0, minSamples) != nil }
    }

    /// The values that a metric is about, ascending: times, numbers, or 1 for each error and 0 for each answer.
    func values(of metric: Rule.Metric) -> [Double] {
        switch metric {
        case .errorRate:
            let most = Self.mostValues * 5
            let all = max(1, answers + errors)
            let kept = min(all, most)
            let ones = Int((Double(errors) * Double(kept) / Double(all)).rounded())
            return Array(repeating: 0, count: kept - ones) + Array(repeating: 1, count: ones)
        case .quantile, .mean: return seconds
        case .value, .count, .rate: return numbers
        }
    }
}

extension Monitor {
    /// The metrics of a source that rules compare with the baseline.
    public func comparedMetrics(of source: String) -> [Rule.Metric] {
        (rollbackWhen + warnWhen).compactMap { rule in
            guard rule.source == source, case .relative(let metric, _, _) = rule.kind else { return nil }
            return metric
        }
    }

    public func isControl(_ source: String) -> Bool { control?.contains(source) == true }
}
