/// Gathers the samples before the first change. An engine that takes the run up while it is under way begins anew: only
/// the whole baseline is kept.
struct BaselineSampler: Sendable {
    private let policy: BaselinePolicy
    private let began: Instant
    private var samples: [String: [Sample]]

    init(_ policy: BaselinePolicy, of sources: [MonitorSource], began: Instant) {
        self.policy = policy
        self.began = began
        samples = Dictionary(sources.map { ($0.name, []) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func add(_ sample: Sample, from source: String) {
        guard samples[source] != nil else { return }
        samples[source]!.append(sample)
        // Where the change is put off, what counts is the time just before it.
        let first = sample.at - policy.duration
        if let old = samples[source]!.first, old.at < first { samples[source]!.removeAll { $0.at < first } }
    }

    /// `nil` while it is not over.
    func taken(now: Instant) -> Baseline? {
        now >= began + policy.duration ? Baseline(samples.mapValues(SourceBaseline.init)) : nil
    }
}
