import ShipitCore
import ShipitEngine

/// A run that only monitors gives its environment to a newer deployment.
struct Yielding {
    let store: any RunStore

    /// The run that has the environment and would give it away: driven, all its stages through, nothing breached.
    func run(in environment: String) throws -> RunReading? {
        guard let lock = try store.lock(of: environment), !lock.dirty, !lock.holderIsDead,
            let record = try store.run(lock.run), record.summary.state == .monitoring
        else { return nil }
        let reading = try RunReading(record, in: store)
        return reading.isHeld && reading.state.onlyMonitors ? reading : nil
    }
}

/// Asks the run that monitors an environment to end, before a newer one takes the lock.
struct Superseding {
    let session: Session
    let interrupts: Interrupts

    /// How long an engine that has ended its run may take to leave.
    private static let patience = TimeSpan.seconds(60)

    /// Returns when the environment is free. Where a breach was faster, or the run does more than monitor, the newcomer is
    /// refused, and nothing has changed.
    func clear(_ created: RunCreated) async throws {
        guard var reading = try Yielding(store: session.store).run(in: created.environment),
            reading.record.created.run != created.run
        else { return }
        let older = reading.record.created
        let release = created.release.tag
        let act = OperatorAct(
            .supersede, by: session.holder.user, why: "run \(created.run) deploys \(release)")
        session.streams.progress(
            SafeText.line("run \(older.run) only monitors \(older.release.tag): it ends for this deployment") + "\n")
        let hand = OperatorHand(session: session) { _ in throw StoreError.failed("supersede a run", cause: "not driven")
        }
        let isTaken: Bool
        do {
            isTaken = try await hand.ask(act, &reading, interrupts)
        } catch let failure as CommandFailure where failure.exitCode == CommandFailure.Kind.refused.rawValue {
            throw try refusal(of: older) ?? failure
        }
        guard isTaken || reading.state.outcome != nil else { throw try refusal(of: older) ?? dead(older.run) }
        let clock = SystemClock()
        let end = clock.now + Self.patience
        try await RunWatcher(store: session.store, progress: SilentProgress()).watch(&reading) { _ in clock.now > end }
        if reading.isHeld { throw try refusal(of: older) ?? dead(older.run) }
    }

    /// The environment's own words, with the ways out.
    private func refusal(of older: RunCreated) throws -> CommandFailure? {
        guard let lock = try session.store.lock(of: older.environment) else { return nil }
        return try EnvironmentGate(store: session.store).refusal(lock)
    }

    private func dead(_ run: RunID) -> CommandFailure {
        CommandFailure(
            .refused, "run \(run) was to end for this deployment, and its engine is gone",
            hint: "see: shipit status \(run)")
    }
}
