public import ShipitCore

/// Runs that wait for people hold no lock: whoever has something to say of one does its turn, and lets go.
extension Launcher {
    /// Records a run that may not begin before people have signed it.
    public func announce(_ run: NewRun) throws(StoreError) -> RunState {
        precondition(run.plan.approvals != nil, "a run that nobody has to sign begins at once")
        let now = clock.now
        var state = RunState(plan: run.plan)
        var events = [RunEvent.runCreated(run.created)]
        events += state.gates.map { .gateWaiting(role: $0.role.name) }
        try store.create(run, events: events, notices: run.notices(of: events), at: now)
        for event in events { state.apply(event, at: now) }
        return state
    }

    /// Takes something in about a run that has not begun: a sign-off, a person's wish, that time has passed.
    /// - Returns: where the run stands then, and why what happened was refused, if it was. A run that has begun or ended
    ///   already is only looked at.
    public func settle(
        _ id: RunID, _ happening: Happening
    ) throws(LaunchError) -> (state: RunState, refusal: String?) {
        while true {
            var (state, sequence) = try fold(id)
            guard state.isUnbegun else { return (state, nil) }
            var machine = RunMachine(state: state, jobs: 1)
            let now = clock.now
            let turn = machine.turn([happening], now: now)
            state = machine.state
            if turn.events.isEmpty { return (state, turn.refusals.first) }
            do throws(StoreError) {
                _ = try store.appendWaiting(
                    turn.events, notices: state.notices(of: turn.events, after: sequence), to: id, at: now,
                    after: sequence, summary: RunSummaryState(state))
                return (state, turn.refusals.first)
            } catch {
                // Somebody else had something to say at the same moment: it is looked at again.
                guard case .conflict = error else { throw .store(error) }
            }
        }
    }

    /// Records a word on a run that waits on its way and that nobody drives: under its environment's lock, which stays the
    /// run's. What follows from it is for whoever takes the run up.
    /// - Returns: where the run stands then, and why the word was refused, if it was.
    public func record(_ request: RunRequest, on id: RunID) throws -> (state: RunState, refusal: String?) {
        guard let record = try store.run(id) else { throw LaunchError.noSuchRun(id) }
        let environment = record.created.environment
        let epoch = try take(environment, id)
        let result = Result { () throws -> (state: RunState, refusal: String?) in
            var (state, sequence) = try fold(id)
            let now = clock.now
            let (events, refusal) = state.recording(request, now: now)
            if events.isEmpty { return (state, refusal) }
            for event in events { state.apply(event, at: now) }
            _ = try store.append(
                events, notices: state.notices(of: events, after: sequence), to: id, at: now, epoch: epoch,
                after: sequence, summary: RunSummaryState(state))
            return (state, nil)
        }
        try store.releaseLock(environment: environment, epoch: epoch, dirty: true)
        return try result.get()
    }

    /// Records that a run begins whose people have all signed. Its environment's lock is held already.
    /// - Returns: where it stands, and its journal's end.
    func beginSigned(_ record: RunRecord, epoch: Epoch) throws(LaunchError) -> (state: RunState, sequence: Int64) {
        let created = record.created
        while true {
            var (state, sequence) = try fold(created.run)
            if state.outcome != nil { throw .finished(record) }
            guard state.isSigned else { throw .waiting(created.run) }
            do throws(StoreError) {
                let live = try store.liveRun(pipeline: created.pipeline, environment: created.environment)
                let now = clock.now
                let events: [RunEvent] =
                    live?.created.run == created.liveRun
                    ? [.lockTaken(epoch: epoch, holder: holder)]
                        + (try EarlierRollbacks(store: store).counted(in: state.plan, now: now))
                    : [.runFinished(outcome: .refused, reason: Self.outdated)]
                for event in events { state.apply(event, at: now) }
                sequence = try store.append(
                    events, notices: state.notices(of: events, after: sequence), to: created.run, at: now, epoch: epoch,
                    after: sequence, summary: RunSummaryState(state))
            } catch {
                // Somebody withdrew it at the same moment, perhaps.
                guard case .conflict = error else { throw .store(error) }
                continue
            }
            if state.outcome != nil { throw .finished(record) }
            return (state, sequence)
        }
    }

    /// What people signed leads back to a release that is no longer the one before it.
    private static let outdated =
        "while it waited, what is live there changed; what was signed is no longer what would happen"

    /// The run's journal, from its beginning.
    func fold(_ id: RunID) throws(LaunchError) -> (state: RunState, sequence: Int64) {
        let plan: Plan?
        let entries: [JournalEntry]
        do throws(StoreError) {
            plan = try store.plan(of: id)
            entries = try store.entries(of: id, after: 0)
        } catch {
            throw .store(error)
        }
        guard let plan else { throw .noSuchRun(id) }
        var state = RunState(plan: plan)
        for entry in entries { state.apply(entry.event, at: entry.at) }
        return (state, entries.last?.sequence ?? 0)
    }
}
