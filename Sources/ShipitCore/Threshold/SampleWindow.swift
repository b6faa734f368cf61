/// The recent samples of one source: those of the last `window`, and as many more as `minSamples` needs. Answers and
/// latencies are kept apart: each may need to look further back than the other.
struct SampleWindow: Sendable {
    /// 1 for an error, 0 for an answer.
    private(set) var errors: Series
    /// Seconds that good answers took.
    private(set) var latencies: Series
    /// The numbers that samples gave.
    private(set) var numbers: Series
    /// What the newest sample gave, if it gave a number.
    private(set) var number: Double?
    private(set) var failuresInARow = 0
    /// Whether the newest sample was an error.
    private(set) var endsInError = false
    private var first: Instant?
    private let window: TimeSpan

    var isEmpty: Bool { first == nil }

    init(window: TimeSpan, minSamples: Int) {
        self.window = window
        errors = Series(window: window, minSamples: minSamples)
        latencies = Series(window: window, minSamples: minSamples)
        numbers = Series(window: window, minSamples: SourceBaseline.fewestNumbers)
    }

    mutating func add(_ sample: Sample) {
        if first == nil { first = sample.at }
        number = nil
        endsInError = sample.kind == .error
        switch sample.kind {
        case .good(let seconds, let number):
            failuresInARow = 0
            errors.add(0, at: sample.at)
            // NaN and infinity are nonsense: no data.
            if let seconds, seconds.isFinite { latencies.add(seconds, at: sample.at) }
            if let number, number.isFinite {
                self.number = number
                numbers.add(number, at: sample.at)
            }
        case .error:
            failuresInARow += 1
            errors.add(1, at: sample.at)
        case .noData: failuresInARow += 1
        }
    }
}

extension SampleWindow {
    /// What a rule is compared with its limit by; `nil` where too little is there to say.
    func measure(_ metric: Rule.Metric, _ comparison: Comparison, now: Instant) -> Double? {
        switch metric {
        case .errorRate: errors.values(now: now).map { $0.reduce(0, +) / Double($0.count) }
        case .quantile(let share): latencies.values(now: now).map { quantile(share, ofSorted: $0.sorted()) }
        case .mean: latencies.values(now: now).map { $0.reduce(0, +) / Double($0.count) }
        case .value: number
        case .count: isCovered(now) || comparison == .more || comparison == .atLeast ? counted(now) : nil
        case .rate: isCovered(now) ? counted(now).map { $0 / window.seconds } : nil
        }
    }

    /// Of a window that has only begun, a sum can only be too small.
    private func isCovered(_ now: Instant) -> Bool { first.map { $0 <= now - window } ?? false }

    private func counted(_ now: Instant) -> Double? {
        number == nil ? nil : numbers.within(window, of: now).reduce(0, +)
    }

    /// Why there is nothing to measure.
    var lack: Lack { endsInError ? .error : .noData }

    /// The values that a metric is made of: times, numbers, or 1 for each error and 0 for each answer.
    func values(of metric: Rule.Metric, now: Instant) -> [Double] {
        switch metric {
        case .errorRate: errors.values(now: now) ?? []
        case .quantile, .mean: latencies.values(now: now) ?? []
        case .value, .count, .rate: numbers.values(now: now) ?? numbers.within(window, of: now)
        }
    }
}

extension SampleWindow {
    /// Values of one kind with their times, no older ones than are needed.
    struct Series: Sendable {
        private var entries: [(at: Instant, value: Double)] = []
        private var head = 0
        private let window: TimeSpan
        private let minSamples: Int

        init(window: TimeSpan, minSamples: Int) {
            self.window = window
            self.minSamples = max(1, minSamples)
        }

        fileprivate mutating func add(_ value: Double, at now: Instant) {
            entries.append((now, value))
            while entries.count - head > minSamples, entries[head].at < now - window { head += 1 }
            if head > 64, head > entries.count / 2 {
                entries.removeFirst(head)
                head = 0
            }
        }

        /// The values of the last `window`, lengthened to `minSamples`. `nil` while there are fewer altogether, and when
        /// the window itself holds none: old values say nothing about now.
        func values(now: Instant) -> [Double]? {
            guard entries.count - head >= minSamples, let newest = entries.last, newest.at >= now - window else {
                return nil
            }
            var first = max(head, entries.count - minSamples)
            while first > head, entries[first - 1].at >= now - window { first -= 1 }
            return entries[first...].map(\.value)
        }

        /// The values of the last `window`, however few.
        func within(_ window: TimeSpan, of now: Instant) -> [Double] {
            entries[head...].reversed().prefix { $0.at > now - window }.map(\.value)
        }
    }
}
