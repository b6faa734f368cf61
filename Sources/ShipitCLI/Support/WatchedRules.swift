import ShipitCore
import ShipitEngine

/// Where the monitor's rules stand in a run that another process drives: judged here anew, from the samples that it keeps.
struct WatchedRules {
    private var evaluator: MonitorEvaluator?
    private var taken: Int64 = 0

    /// In the plan's order, those that only warn last; none before monitoring began.
    var rules: [MonitorEvaluator.RuleState] { evaluator?.rules ?? [] }

    /// Takes in what was measured since.
    /// - Returns: whether there was something.
    mutating func readOn(_ state: RunState, of run: RunID, in store: any RunStore) throws -> Bool {
        guard let monitor = state.plan.monitor, let began = state.monitoringStartedAt else { return false }
        if evaluator == nil { evaluator = MonitorEvaluator(monitor, began: began) }
        let samples = try store.samples(of: run, after: taken)
        for recorded in samples { _ = evaluator?.add(recorded.sample, from: recorded.source) }
        taken += Int64(samples.count)
        return !samples.isEmpty
    }
}
