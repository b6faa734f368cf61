import ShipitCore

/// What the monitor does before it judges.
enum MonitorWords {
    /// `samples the baseline, 45s of 2m`.
    static func baseline(_ state: RunState, now: Instant) -> String {
        guard let began = state.baselineStartedAt, let policy = state.plan.monitor?.baseline else {
            return "samples the baseline"
        }
        return "samples the baseline, \(Words.elapsed(now - began)) of \(Words.span(policy.duration))"
    }
}
