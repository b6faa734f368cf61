extension RunState {
    /// Whether a stage whose turn has come would be the first to change something, and what is compared with later has not
    /// been measured.
    func awaitsBaseline(_ position: Int) -> Bool {
        let stage = plan.stages[position]
        guard plan.monitor?.baseline != nil, baseline == nil else { return false }
        return stage.changes && !stage.skipped
    }

    /// Why the run ends before anything is changed; `nil` where the baseline is good enough, or need not be.
    var whyNoBaseline: String? {
        guard let policy = plan.monitor?.baseline, !policy.isOptional, !hasChangedAnything else { return nil }
        return baselineLack
    }

    /// Whether the engine samples what is compared with later.
    public var takesBaseline: Bool {
        outcome == nil && rollbackReason == nil && baselineStartedAt != nil && baseline == nil
    }
}

/// Before the first change the sources are sampled, so that there is something to compare with. What is durable of it is
/// never measured anew: later the sources tell of the new release.
func decideBaseline(_ state: RunState, _ conditions: Conditions, _ now: Instant) -> [Decision] {
    guard let monitor = state.plan.monitor, let policy = monitor.baseline, state.baseline == nil else { return [] }
    let isAwaited = state.ready.candidates.contains {
        state.stages[$0].perform.phase == .pending && state.awaitsBaseline($0)
    }
    guard isAwaited else { return [] }
    guard let began = state.baselineStartedAt else { return [.record(.baselineStarted)] }
    guard let baseline = conditions.baseline else { return [.wait(until: max(now, began + policy.duration))] }
    return [.record(.baselineTaken(baseline, lacking: baseline.lack(for: monitor)))]
}
