import ShipitCore

/// What the monitor has brought back in an environment before, whichever pipeline's runs they were. To be asked under the
/// environment's lock: from then on nothing is added to it.
struct EarlierRollbacks {
    let store: any RunStore

    private static let span = TimeSpan.hours(24)
    /// Nobody deploys oftener in a day.
    private static let looked = 1000

    /// The event that tells of them, for a plan whose monitor could bring a release back; none where there were none.
    func counted(in plan: Plan, now: Instant) throws(StoreError) -> [RunEvent] {
        guard plan.monitor != nil else { return [] }
        var times: [Instant] = []
        for record in try store.runs(matching: nil, environment: plan.environment, limit: Self.looked) {
            guard Self.mayHaveGoneBack(record.summary, now: now) else { continue }
            times += try store.entries(of: record.created.run, after: 0).automaticRollbacks
        }
        times = times.filter { now < $0 + Self.span }.sorted()
        return times.isEmpty ? [] : [.rollbacksCounted(times)]
    }

    /// A run that has ended longer ago went back longer ago.
    private static func mayHaveGoneBack(_ summary: RunSummaryState, now: Instant) -> Bool {
        if let end = summary.finishedAt, now >= end + span { return false }
        switch summary.outcome {
        case .succeeded, .superseded, .refused: return false
        case .rolledBack, .rollbackFailed, .failed, .cancelled, nil: return true
        }
    }
}
