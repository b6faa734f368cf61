import ShipitCore
import ShipitEngine

/// Where the monitor's rules stand in a run that another process drives: judged here anew, from the samples that it keeps.
struct WatchedRules {
    private var evaluator: MonitorEvaluator?
    private var taken: Int64 = 0
    private(set) var lastSampleAt = Instant(milliseconds: 0)

    /// In the plan's order, those that only warn last; none before monitoring began.
    func rules(at now: Instant) -> [MonitorEvaluator.RuleState] { evaluator?.rules(at: now) ?? [] }

    /// Takes in what was measured since.
    /// - Returns: whether there was something.
    mutating func readOn(_ state: RunState, of run: RunID, in store: any RunStore) throws -> Bool {
        guard let monitor = state.plan.monitor, let began = state.monitoringStartedAt else { return false }
        if evaluator == nil { evaluator = MonitorEvaluator(monitor, baseline: state.baseline, began: began) }
        let samples = try store.samples(of: run, after: taken)
        for recorded in samples { _ = evaluator?.add(recorded.sample, from: recorded.source) }
        taken += Int64(samples.count)
        lastSampleAt = samples.last?.sample.at ?? lastSampleAt
        return !samples.isEmpty
    }
}

extension RunView {
    /// Judges what was measured. Of a run that goes no further forward the last word counts, however long ago it was.
    mutating func lookAtRules(in store: any RunStore) throws {
        var watched = WatchedRules()
        guard try watched.readOn(state, of: created.run, in: store) else { return }
        let isWatched = phase == .running || phase == .monitoring
        rules = watched.rules(at: isWatched ? now ?? SystemClock.wallTime : watched.lastSampleAt)
    }
}
