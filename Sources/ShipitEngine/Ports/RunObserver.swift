public import ShipitCore

/// Is told what a run does, after it is durable. Called on the conductor's thread: it must return soon.
public protocol RunObserver: Sendable {
    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant)

    /// A person's wish that came while the run went on and cannot be granted: why.
    func refused(_ reason: String)
}

extension RunObserver {
    public func refused(_ reason: String) {}
}

/// For runs that nobody watches.
public struct SilentObserver: RunObserver {
    public init() {}
    public func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {}
}
