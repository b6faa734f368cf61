/// The recent samples of one source: those of the last `window`, and as many more as `minSamples` needs. Answers and
/// latencies are kept apart: each may need to look further back than the other.
struct SampleWindow: Sendable {
    /// 1 for an error, 0 for an answer.
    private(set) var errors: Series
    /// Seconds that good answers took.
    private(set) var latencies: Series
    /// What the newest sample gave, if it gave a number.
    private(set) var number: Double?
    private(set) var failuresInARow = 0
    private(set) var isEmpty = true

    init(window: TimeSpan, minSamples: Int) {
        errors = Series(window: window, minSamples: minSamples)
        latencies = Series(window: window, minSamples: minSamples)
    }

    mutating func add(_ sample: Sample) {
        isEmpty = false
        number = nil
        switch sample.kind {
        case .good(let seconds, let number):
            failuresInARow = 0
            errors.add(0, at: sample.at)
            // NaN and infinity are nonsense: no data.
            if let seconds, seconds.isFinite { latencies.add(seconds, at: sample.at) }
            if let number, number.isFinite { self.number = number }
        case .error:
            failuresInARow += 1
            errors.add(1, at: sample.at)
        case .noData: failuresInARow += 1
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
    }
}
