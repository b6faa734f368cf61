/// The recent samples of one source: those of the last `window`, and as many more as `minSamples` needs.
struct SampleWindow: Sendable {
    private(set) var samples: [Sample] = []
    private(set) var failuresInARow = 0
    private let window: TimeSpan
    private let minSamples: Int

    init(window: TimeSpan, minSamples: Int) {
        self.window = window
        self.minSamples = minSamples
    }

    mutating func add(_ sample: Sample) {
        samples.append(sample)
        if case .good = sample.kind { failuresInARow = 0 } else { failuresInARow += 1 }
        prune(now: sample.at)
    }

    /// Errors are kept apart from latencies: each may need to look further back than the other.
    private mutating func prune(now: Instant) {
        guard samples.count > 4 * (minSamples + 16), samples[samples.count / 2].at < now - window else { return }
        let oldest = now - window
        var good = 0
        var keep = samples.count
        while keep > 0, samples[keep - 1].at >= oldest || good < minSamples {
            keep -= 1
            if case .good = samples[keep].kind { good += 1 }
        }
        samples.removeFirst(keep)
    }

    /// The values of the last `window`, lengthened to `minSamples`; `nil` while there are fewer altogether.
    func values(now: Instant, _ value: (Sample) -> Double?) -> [Double]? {
        let oldest = now - window
        var values: [Double] = []
        for sample in samples.reversed() {
            if sample.at < oldest, values.count >= minSamples { break }
            if let value = value(sample) { values.append(value) }
        }
        return values.count >= max(1, minSamples) ? values : nil
    }
}
