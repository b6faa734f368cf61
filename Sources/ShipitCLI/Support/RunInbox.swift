import ShipitCore
import ShipitEngine

/// Where a person's wish is put for the engine that drives a run.
struct RunInbox {
    let store: any RunStore
    let interrupts: Interrupts

    /// How long an engine may take to answer; it looks into its inbox several times a second.
    private static let patience = TimeSpan.seconds(10)

    /// Puts the wish there and waits until the engine has taken it. What no engine takes is taken back: it must not come
    /// true later, when nobody thinks of it any more.
    /// - Parameter refuse: throws where the wish cannot be granted as the run stands.
    /// - Returns: false where nobody drives the run any more.
    func put(
        _ request: RunRequest, _ reading: inout RunReading, isTaken: (RunState) -> Bool,
        refuse: (RunReading) throws -> Void
    ) async throws -> Bool {
        let run = reading.record.created.run
        if let lock = reading.lock, lock.life == .stopped { throw stopped(lock) }
        try store.request(request, of: run, at: SystemClock.wallTime)
        let clock = SystemClock()
        let end = clock.now + Self.patience
        try await RunWatcher(store: store, progress: SilentProgress()).watch(&reading) {
            isTaken($0) || $0.outcome != nil || clock.now > end || interrupts.hasCome
        }
        if isTaken(reading.state) { return true }
        let isWithdrawn = try store.withdraw(request, of: run)
        try reading.readOn(in: store)
        if isTaken(reading.state) { return true }
        if !reading.isHeld { return false }
        try refuse(reading)
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
}
