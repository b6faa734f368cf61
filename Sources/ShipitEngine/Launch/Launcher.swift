public import ShipitCore

/// Why a run was not begun or taken up. Nothing has changed.
public enum LaunchError: Error, Hashable, Sendable {
    /// Somebody else has the environment.
    case locked(LockState)
    case noSuchRun(RunID)
    /// The run has ended: how.
    case finished(RunRecord)
    /// People must sign it first.
    case waiting(RunID)
    case store(StoreError)
}

/// Begins runs and takes up interrupted ones: the lock, the first events, a conductor.
public struct Launcher: Sendable {
    let store: any RunStore
    let clock: any EngineClock
    let holder: Holder

    public init(store: any RunStore, clock: any EngineClock, holder: Holder) {
        self.store = store
        self.clock = clock
        self.holder = holder
    }

    /// Takes the environment's lock and records the run.
    /// - Parameter parts: what the conductor works with, made for the epoch that this engine has now.
    public func begin<Failure: Error>(
        _ run: NewRun, observer: any RunObserver, parts: (Epoch) throws(Failure) -> EngineParts
    ) throws -> Conductor {
        precondition(run.plan.approvals == nil, "a run that people must sign is announced first")
        let environment = run.created.environment
        let epoch = try take(environment, run.created.run)
        let now = clock.now
        do {
            var opening: [RunEvent] = [.runCreated(run.created), .lockTaken(epoch: epoch, holder: holder)]
            opening += try EarlierRollbacks(store: store).counted(in: run.plan, now: now)
            let parts = try parts(epoch)
            try store.create(run, events: opening, notices: run.notices(of: opening), at: now)
            var state = RunState(plan: run.plan)
            for event in opening { state.apply(event, at: now) }
            let record = RunRecord(
                created: run.created, root: run.root, file: run.file, startedAt: now,
                summary: RunSummaryState(state: .running), lastSequence: Int64(opening.count))
            let start = Conductor.Start(
                record: record, state: state, sequence: Int64(opening.count), opening: [], bootID: holder.bootID)
            return Conductor(start, epoch: epoch, parts: parts, observer: observer)
        } catch {
            try store.releaseLock(environment: environment, epoch: epoch, dirty: false)
            throw error
        }
    }

    /// Takes up a run whose engine is gone, or one that has ended and is to be undone.
    /// - Parameter acts: what the person asked for, recorded first.
    public func takeUp<Failure: Error>(
        _ id: RunID, acts: [OperatorAct], observer: any RunObserver,
        parts: (Epoch, RunState) throws(Failure) -> EngineParts
    ) throws -> Conductor {
        guard let record = try store.run(id) else { throw LaunchError.noSuchRun(id) }
        if record.summary.outcome != nil, acts.isEmpty { throw LaunchError.finished(record) }
        let epoch = try take(record.created.environment, id)
        var isDirty = true
        do {
            // Read under the lock: from here nobody else writes.
            var (state, sequence) = try fold(id)
            isDirty = state.isDirty
            // What was asked of the engine before, and never answered, was asked of a run as it stood then; who still
            // wants it has seen that nobody took it.
            _ = try store.takeRequests(of: id)
            var opening = acts.map(Happening.asked)
            if state.isUnbegun {
                (state, sequence) = try beginSigned(record, epoch: epoch)
            } else {
                opening.insert(.recorded(.resumed(epoch: epoch, holder: holder)), at: 0)
            }
            let start = Conductor.Start(
                record: record, state: state, sequence: sequence, samples: try store.samples(of: id), opening: opening,
                bootID: holder.bootID)
            return Conductor(start, epoch: epoch, parts: try parts(epoch, state), observer: observer)
        } catch {
            // The run stays as it was: its lock goes back to the state of being taken up by whoever comes next.
            try store.releaseLock(environment: record.created.environment, epoch: epoch, dirty: isDirty)
            throw error
        }
    }

    /// Takes a lock away from whoever has it, because a person says so: it is recorded in the run that held it, which can
    /// then be resumed, rolled back or abandoned. Nothing else of the run is touched.
    /// - Parameter lock: what the person saw.
    public func unlock(_ lock: LockState, why: String?) throws -> Epoch {
        let act = OperatorAct(.unlock, by: holder.user, why: why)
        var tries = 0
        while true {
            let record = try store.run(lock.run)
            var events: [RunEvent] = []
            var (summary, last, dirty) = (RunSummaryState(state: .waiting), Int64(0), false)
            var notices: [Notice] = []
            if let record, let plan = try store.plan(of: lock.run) {
                var state = RunState(plan: plan)
                for entry in try store.entries(of: lock.run, after: 0) {
                    state.apply(entry.event, at: entry.at)
                    last = entry.sequence
                }
                events = [.operatorActed(act)]
                if state.outcome == nil {
                    let because = why.map { ": \($0)" } ?? ""
                    events.append(.interrupted(reason: "\(act.by) took its lock away\(because)"))
                }
                notices = state.notices(of: events, after: last)
                for event in events { state.apply(event, at: clock.now) }
                summary = RunSummaryState(
                    state: state.phase, outcome: state.outcome, finishedAt: record.summary.finishedAt)
                dirty = state.outcome == nil || state.isDirty
            }
            do throws(StoreError) {
                return try store.revokeLock(
                    lock, by: holder, recording: events, notices: notices, after: last, at: clock.now, summary: summary,
                    dirty: dirty)
            } catch {
                // The holder may go on writing until this is durable.
                guard case .conflict = error, tries < Self.patience else { throw error }
                tries += 1
            }
        }
    }

    private static let patience = 100

    func take(_ environment: String, _ run: RunID) throws -> Epoch {
        switch try store.takeLock(environment: environment, run: run, holder: holder) {
        case .taken(let epoch): return epoch
        case .refused(let lock): throw LaunchError.locked(lock)
        }
    }
}

extension RunState {
    /// Whether the environment stays closed to new deployments: the run ended with exit 5 and was not abandoned, or it
    /// has begun and not ended.
    public var isDirty: Bool {
        if abandonedBy != nil { return false }
        return outcome == nil ? hasChangedAnything : ExitCode.of(self) == 5
    }
}
