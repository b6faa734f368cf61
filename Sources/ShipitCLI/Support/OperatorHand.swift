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
        let interrupts = try Interrupts(clock: SystemClock())
        while true {
            var reading = try RunReading(record, in: session.store)
            try refuse(act, reading)
            if reading.state.phase == .waiting {
                return try WaitingRun(session: session).settle(record, .asked(act))
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

    /// Puts the wish into the run's inbox and waits until its engine has taken it. What no engine takes is taken back: it
    /// must not come true later, when nobody thinks of it any more.
    /// - Returns: false where nobody drives the run any more.
    func ask(_ act: OperatorAct, _ reading: inout RunReading, _ interrupts: Interrupts) async throws -> Bool {
        let run = reading.record.created.run
        if let lock = reading.lock, lock.life == .stopped { throw stopped(lock) }
        let before = reading.state.acts.count(where: { $0 == act })
        func isTaken(_ state: RunState) -> Bool { state.acts.count(where: { $0 == act }) > before }
        try session.store.request(act, of: run, at: SystemClock.wallTime)
        let clock = SystemClock()
        let end = clock.now + Self.patience
        let watcher = RunWatcher(store: session.store, progress: SilentProgress())
        try await watcher.watch(&reading) {
            isTaken($0) || $0.outcome != nil || clock.now > end || interrupts.hasCome
        }
        if isTaken(reading.state) { return true }
        let isWithdrawn = try session.store.withdraw(act, of: run)
        try reading.readOn(in: session.store)
        if isTaken(reading.state) { return true }
        if !reading.isHeld { return false }
        try refuse(act, reading)
        guard isWithdrawn else {
            throw CommandFailure(
                .machine, "the engine of run \(run) has read the request and not answered yet",
                hint: "see what comes of it with: shipit journal \(run)")
        }
        if let lock = reading.lock, lock.life == .stopped { throw stopped(lock) }
        throw CommandFailure(
            .machine,
            interrupts.hasCome
                ? "taken back: nothing was asked of run \(run)"
                : "the engine of run \(run) does not answer; the request was taken back",
            hint: "see what it does with: shipit status \(run)")
    }

    /// It would do what is asked whenever it wakes, perhaps long after anybody wants it.
    private func stopped(_ lock: LockState) -> CommandFailure {
        CommandFailure(
            .refused, "run \(lock.run) is driven by a process that is stopped (\(EventWords.words(lock.holder)))",
            hint: "wake it: kill -CONT \(lock.holder.pid)\n"
                + "or take the lock from it: shipit unlock \(lock.environment) --run \(lock.run)")
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
