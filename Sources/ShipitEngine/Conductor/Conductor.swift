internal import Foundation
public import ShipitCore
internal import Synchronization

/// Drives one run: decide → append → perform → append → decide … The decisions are `RunMachine`'s; this is the shell
/// around it, and it knows nothing about stages.
public final class Conductor: Sendable {
    public let run: RunID
    private let environment: String
    private let epoch: Epoch
    private let parts: EngineParts
    private let observer: any RunObserver
    private let mailbox = Mailbox()
    private let start: Start
    private let failure = Mutex<EngineError?>(nil)

    /// What a conductor begins with.
    struct Start: Sendable {
        var record: RunRecord
        var state: RunState
        var sequence: Int64
        /// What engines before this one measured.
        var samples: [RecordedSample] = []
        /// Events of this engine's own, such as `resumed`.
        var opening: [Happening]
        /// Of the machine now: attempts of another boot may have run whatever nobody's record says.
        var bootID: String
    }

    init(_ start: Start, epoch: Epoch, parts: EngineParts, observer: any RunObserver) {
        run = start.record.created.run
        environment = start.record.created.environment
        self.epoch = epoch
        self.parts = parts
        self.observer = observer
        self.start = start
    }

    /// A first interrupt lets what runs finish, a second ends it.
    public func interrupt() { mailbox.post(.interrupted) }

    public func ask(_ act: OperatorAct) { mailbox.post(.asked(act)) }

    /// Drives the run until it ends, is paused or interrupted.
    /// - Returns: where it stands then.
    public func drive() async throws(EngineError) -> RunState {
        let result = await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: self.loop()) }
            thread.name = "conductor"
            thread.stackSize = 8 << 20
            thread.start()
        }
        let state = try result.get()
        try await leave(state)
        return state
    }

    // MARK: The loop

    private func loop() -> Result<RunState, EngineError> {
        var machine = RunMachine(
            state: start.state, jobs: parts.jobs, staysForPeople: parts.staysForPeople, samples: start.samples)
        let runner = AttemptRunner(start, epoch: epoch, parts: parts, mailbox: mailbox) { error in
            self.fail(error)
        }
        let sampler = MonitorSampler(plan: machine.state.plan, runner: runner, mailbox: mailbox, clock: parts.clock)
        defer {
            sampler.stop()
            mailbox.close()
        }
        for happening in start.opening { mailbox.post(happening) }
        var sequence = start.sequence
        var wake: Instant?
        var nextLook = parts.clock.now + Self.requestBeat
        mailbox.post(.tick)
        while true {
            let now = parts.clock.now
            let until = min(wake ?? nextLook, nextLook)
            let letters = mailbox.take(waitingAtMost: (until - now).seconds)
            if let error = failure.withLock({ $0 }) {
                for letter in letters { letter.whenDurable?(false) }
                return .failure(error)
            }
            do throws(StoreError) {
                let instant = parts.clock.now
                var inbox = letters.map(\.happening)
                if instant >= nextLook {
                    try requireLock()
                    inbox += try parts.store.takeRequests(of: run).map(\.happening)
                    nextLook = instant + Self.requestBeat
                }
                // Nothing has happened and nothing is due: only the inbox was looked at.
                if inbox.isEmpty, wake.map({ $0 > instant }) ?? true { continue }
                let turn = machine.turn(inbox, now: instant)
                // First the samples: an engine that finds them without the events draws the same from them.
                if !turn.samples.isEmpty { try parts.store.keep(turn.samples, of: run, epoch: epoch) }
                let entries = try append(turn.events, machine.state, after: sequence, now: instant)
                sequence += Int64(entries.count)
                for letter in letters { letter.whenDurable?(true) }
                for refusal in turn.refusals { observer.refused(refusal) }
                observer.took(
                    entries, state: machine.state, rules: machine.monitor?.rules(at: instant) ?? [],
                    now: instant)
                wake = nil
                for effect in turn.effects {
                    switch effect {
                    case .start(let attempt): runner.start(attempt, state: machine.state, reentering: false)
                    case .reenter(let attempt): runner.start(attempt, state: machine.state, reentering: true)
                    case .verify(let attempt): runner.verify(attempt, state: machine.state)
                    case .end(let attempt, let verdict): runner.end(attempt, because: verdict)
                    case .wake(let instant): wake = min(wake ?? instant, instant)
                    case .stop: return .success(machine.state)
                    }
                }
                if machine.isSampling { sampler.begin() } else { sampler.stop() }
            } catch {
                for letter in letters { letter.whenDurable?(false) }
                if case .fenced(let lock) = error { return .failure(.fenced(by: lock)) }
                return .failure(.journal(error))
            }
        }
    }

    /// How often the run's inbox and its lock are looked at.
    private static let requestBeat = TimeSpan.milliseconds(250)

    /// Whoever had its lock taken away must learn it without having anything to write.
    private func requireLock() throws(StoreError) {
        let lock = try parts.store.lock(of: environment)
        guard let lock, lock.run == run, lock.epoch == epoch else { throw .fenced(by: lock) }
    }

    private func append(
        _ events: [RunEvent], _ state: RunState, after sequence: Int64, now: Instant
    ) throws(StoreError) -> [JournalEntry] {
        if events.isEmpty { return [] }
        _ = try parts.store.append(
            events, notices: state.notices(of: events, after: sequence), to: run, at: now, epoch: epoch,
            after: sequence, summary: RunSummaryState(state))
        return events.enumerated().map { JournalEntry(sequence: sequence + 1 + Int64($0), at: now, event: $1) }
    }

    private func fail(_ error: EngineError) {
        failure.withLock { $0 = $0 ?? error }
        mailbox.post(.tick)
    }

    /// Gives the lock back after an end; a paused or interrupted run keeps its environment.
    private func leave(_ state: RunState) async throws(EngineError) {
        guard state.outcome != nil else { return }
        do throws(ProcessesError) { try await parts.processes.finish() } catch { throw .processes(error) }
        let dirty = ExitCode.of(state) == 5 && state.abandonedBy == nil
        do throws(StoreError) {
            try parts.store.releaseLock(environment: environment, epoch: epoch, dirty: dirty)
        } catch {
            throw .journal(error)
        }
    }
}
