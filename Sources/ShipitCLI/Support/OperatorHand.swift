import ShipitCore
import ShipitEngine

/// Carries out what a person asks of a run: through the engine that drives it, or, where nobody does, by taking the run up.
struct OperatorHand {
    let session: Session
    /// What the run's commands need, prepared only when this process has to drive it.
    let resources: (RunReading) async throws -> RunResources

    /// Returns when the run has ended or stands still.
    func carryOut(_ act: OperatorAct, on record: RunRecord) async throws -> Int32 {
        let interrupts = try Interrupts(clock: SystemClock())
        while true {
            var reading = try RunReading(record, in: session.store)
            try refuse(act, reading)
            if reading.state.isUnbegun {
                return try await WaitingRun(session: session).settle(record, .asked(act))
            }
            guard reading.isHeld else {
                return try await RunDriver(session: session, interrupts: interrupts)
                    .takeUp(reading, acts: [act], with: resources(reading))
            }
            // An engine that ended before it looked into its inbox leaves the wish to us.
            guard try await ask(act, &reading, interrupts) else { continue }
            let progress = ProgressChoice.make(jsonLines: session.form == .jsonl)
            try await RunWatcher(store: session.store, progress: progress).watch(&reading) {
                $0.outcome != nil || $0.pausedReason != nil || $0.interruptedReason != nil || interrupts.hasCome
            }
            return try tellEnd(reading)
        }
    }

    /// Returns when the engine has taken the wish; the run goes on. Without an engine the run is taken up.
    func handOver(_ act: OperatorAct, on record: RunRecord) async throws -> Int32 {
        let interrupts = try Interrupts(clock: SystemClock())
        while true {
            var reading = try RunReading(record, in: session.store)
            try refuse(act, reading)
            guard reading.isHeld else {
                return try await RunDriver(session: session, interrupts: interrupts)
                    .takeUp(reading, acts: [act], with: resources(reading))
            }
            if try await ask(act, &reading, interrupts) { return 0 }
        }
    }

    /// - Returns: false where nobody drives the run any more.
    func ask(_ act: OperatorAct, _ reading: inout RunReading, _ interrupts: Interrupts) async throws -> Bool {
        let before = reading.state.acts.count(where: { $0 == act })
        return try await RunInbox(store: session.store, interrupts: interrupts).put(
            .act(act), &reading, isTaken: { $0.acts.count(where: { $0 == act }) > before },
            refuse: { try refuse(act, $0) })
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
