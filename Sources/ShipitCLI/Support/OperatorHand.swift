import ShipitCore
import ShipitEngine

/// Carries out what a person asks of a run: through the engine that drives it, or, where nobody does, by taking the run up.
struct OperatorHand {
    let session: Session
    /// What the run's commands need, prepared only when this process has to drive it.
    let resources: (RunReading) async throws -> RunResources

    /// How long an engine may take to answer; it looks into its inbox several times a second.
    private static let patience = TimeSpan.seconds(10)

    /// Returns when the run has ended or stands still.
    func carryOut(_ act: OperatorAct, on record: RunRecord) async throws -> Int32 {
        while true {
            var reading = try RunReading(record, in: session.store)
            try refuse(act, reading)
            if reading.state.phase == .waiting {
                return try WaitingRun(session: session).settle(record, .asked(act))
            }
            guard reading.isHeld else {
                return try await RunDriver(session: session).takeUp(reading, acts: [act], with: resources(reading))
            }
            try session.store.request(act, of: record.created.run, at: SystemClock.wallTime)
            let before = reading.state.acts.count(where: { $0 == act })
            let progress = ProgressChoice.make(jsonLines: session.form == .jsonl)
            let watcher = RunWatcher(store: session.store, progress: progress)
            try await watcher.watch(&reading) {
                $0.outcome != nil || $0.pausedReason != nil || $0.interruptedReason != nil
            }
            // An engine that ended before it looked into its inbox leaves the wish to us.
            guard reading.state.acts.count(where: { $0 == act }) > before else { continue }
            return try tellEnd(reading)
        }
    }

    /// Returns when the engine has taken the wish; the run goes on. Without an engine the run is taken up.
    func handOver(_ act: OperatorAct, on record: RunRecord) async throws -> Int32 {
        var reading = try RunReading(record, in: session.store)
        try refuse(act, reading)
        guard reading.isHeld else {
            return try await RunDriver(session: session).takeUp(reading, acts: [act], with: resources(reading))
        }
        let run = record.created.run
        try session.store.request(act, of: run, at: SystemClock.wallTime)
        let clock = SystemClock()
        let end = clock.now + Self.patience
        let before = reading.state.acts.count(where: { $0 == act })
        let watcher = RunWatcher(store: session.store, progress: SilentProgress())
        try await watcher.watch(&reading) {
            $0.acts.count(where: { $0 == act }) > before || $0.outcome != nil || clock.now > end
        }
        if reading.state.acts.count(where: { $0 == act }) > before { return 0 }
        try refuse(act, reading)
        throw CommandFailure(
            .machine, "the engine of run \(run) has not taken the request yet",
            hint: "it does so when it next looks; see: shipit journal \(run)")
    }

    private func refuse(_ act: OperatorAct, _ reading: RunReading) throws(CommandFailure) {
        guard let reason = reading.state.refusal(of: act) else { return }
        let run = reading.record.created.run
        throw CommandFailure(.refused, "run \(run): \(reason)", hint: "look with: shipit status \(run)")
    }

    private func tellEnd(_ reading: RunReading) throws -> Int32 {
        let run = reading.record.created.run
        let folder = session.folder(of: run)
        return try EndWords(session.form, session.streams).say(
            run, reading.state, in: session.store,
            output: RunOutput(run: run, plan: reading.state.plan, folder: folder))
    }
}
