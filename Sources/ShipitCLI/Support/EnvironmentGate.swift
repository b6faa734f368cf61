import ShipitCore
import ShipitEngine

/// Whether an environment is open to a new deployment. Only looks; the lock itself is taken later and may still refuse.
struct EnvironmentGate {
    let store: any RunStore

    /// Refuses where a run has the environment or has left it dirty. One that only monitors yields.
    /// - Parameter bearsHolder: whether one that is being driven is to be borne: it ends by itself.
    /// - Returns: whether there is such a one.
    @discardableResult
    func check(_ environment: String, bearsHolder: Bool = false) throws -> Bool {
        guard let lock = try store.lock(of: environment) else { return false }
        if try Yielding(store: store).run(in: environment) != nil { return false }
        if !lock.dirty, lock.holderIsDead, try hasEndedCleanly(lock.run) { return false }
        guard bearsHolder, !lock.dirty, !lock.holderIsDead else { throw try refusal(lock) }
        return true
    }

    /// An engine that was killed between its run's end and giving the lock back leaves nothing to be taken up.
    private func hasEndedCleanly(_ run: RunID) throws -> Bool {
        let clean: [Outcome] = [.succeeded, .superseded, .rolledBack, .refused]
        return try store.run(run)?.summary.outcome.map(clean.contains) ?? false
    }

    /// Why not, with the run that is in the way, since when, and what can be done about it.
    func refusal(_ lock: LockState) throws -> CommandFailure {
        let record = try store.run(lock.run)
        var refusal = ErrorText.refusal(
            lock, isUnfinished: record.map { $0.summary.outcome == nil } ?? false,
            state: record?.summary.state)
        if let record {
            let release = SafeText.line(record.created.release.tag)
            refusal.message += "\nit deploys \(release) and was started at \(Words.minute(record.startedAt)) UTC"
        }
        return refusal
    }
}
