import ShipitCore
import ShipitEngine
import Synchronization

@testable import Simulator

/// The shared journal as one engine sees it; appends fail as they are told to.
struct FaultyStore: RunStore {
    let world: SharedWorld
    let process: EngineProcess

    private func beAlive() throws(StoreError) {
        if process.isDead { throw .failed("use the journal", cause: "the process is dead") }
    }

    func create(_ run: NewRun, events: [RunEvent], notices: [Notice], at now: Instant) throws(StoreError) {
        try beAlive()
        world.state.withLock { state in
            state.record = RunRecord(
                created: run.created, root: run.root, file: run.file, startedAt: now,
                summary: RunSummaryState(state: .running), lastSequence: 0)
            write(events, at: now, &state)
        }
    }

    private func write(_ events: [RunEvent], at now: Instant, _ state: inout SharedWorld.State) {
        for event in events {
            let entry = JournalEntry(sequence: Int64(state.journal.count) + 1, at: now, event: event)
            state.journal.append(entry)
            state.watch { (state) throws(Violation) in try state.invariants.take(entry) }
            if case .runFinished(let outcome, _) = event { state.count(outcome.rawValue) }
        }
    }

    func append(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try beAlive()
        let answer: Result<Int64, StoreError> = world.state.withLock { state in
            guard epoch.number == state.epoch else {
                state.count("fenced")
                return .failure(.fenced(by: nil))
            }
            guard last == state.journal.count else {
                state.violations.append("I6: epoch \(epoch) is the newest and does not know the whole journal")
                return .failure(.conflict(run: run, expected: last, found: Int64(state.journal.count)))
            }
            state.watch { (state) throws(Violation) in try state.invariants.appends(epoch: epoch.number) }
            var strikes: SharedWorld.Fault?
            if let (after, fault) = state.fault {
                state.fault = after > 0 ? (after - 1, fault) : nil
                if after == 0 { strikes = fault }
            }
            if strikes != .lost, strikes != .crashBefore {
                write(events, at: now, &state)
                state.record?.summary = summary
                state.record?.lastSequence = Int64(state.journal.count)
            }
            guard let strikes else { return .success(Int64(state.journal.count)) }
            state.count("\(strikes)")
            if strikes == .crashBefore || strikes == .crashAfter { process.kill() }
            return .failure(.failed("append", cause: "\(strikes)"))
        }
        return try answer.get()
    }

    func appendWaiting(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        throw .failed("append to a run that waits", cause: "none does here")
    }

    /// Whoever holds it is taken for dead: worse than what a real lock allows, for the fence must bear it.
    func takeLock(environment: String, run: RunID, holder: Holder) throws(StoreError) -> LockAnswer {
        try beAlive()
        return world.state.withLock { state in
            state.epoch += 1
            return .taken(Epoch(state.epoch))
        }
    }

    func releaseLock(environment: String, epoch: Epoch, dirty: Bool) throws(StoreError) { try beAlive() }

    func lock(of environment: String) throws(StoreError) -> LockState? { nil }

    func entries(of run: RunID, after sequence: Int64) throws(StoreError) -> [JournalEntry] {
        try beAlive()
        return world.state.withLock { Array($0.journal.dropFirst(Int(sequence))) }
    }

    func goodEntries(of run: RunID, through last: Int64) throws(StoreError) -> [JournalEntry] {
        try entries(of: run, after: 0).filter { $0.sequence <= last }
    }

    func revokeLock(
        _ lock: LockState, by holder: Holder, recording events: [RunEvent], notices: [Notice], after last: Int64,
        at now: Instant, summary: RunSummaryState, dirty: Bool
    ) throws(StoreError) -> Epoch {
        throw .failed("take a lock away", cause: "nobody does here")
    }

    func keep(_ samples: [RecordedSample], of run: RunID, epoch: Epoch) throws(StoreError) {
        try beAlive()
        let isNewest = world.state.withLock { state in
            guard epoch.number == state.epoch else {
                state.count("fenced")
                return false
            }
            state.samples += samples
            return true
        }
        if !isNewest { throw .fenced(by: nil) }
    }

    /// Nobody looks into it here: what is told changes nothing of the run.
    func outbox(of run: RunID) throws(StoreError) -> [OutboxNotice] { [] }
    func takeNotice(of run: RunID?, at now: Instant) throws(StoreError) -> OutboxNotice? { nil }
    func settle(_ notice: OutboxNotice, _ end: NoticeEnd, at now: Instant) throws(StoreError) {}

    func samples(of run: RunID, after count: Int64) throws(StoreError) -> [RecordedSample] {
        world.state.withLock { Array($0.samples.dropFirst(Int(count))) }
    }

    func run(_ id: RunID) throws(StoreError) -> RunRecord? { world.state.withLock { $0.record } }

    func plan(of run: RunID) throws(StoreError) -> Plan? { world.plan }

    func runs(matching prefix: String?, environment: String?, limit: Int) throws(StoreError) -> [RunRecord] { [] }

    func liveRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord? { nil }

    func request(_ request: RunRequest, of run: RunID, at now: Instant) throws(StoreError) {
        world.state.withLock { $0.requests.append(request) }
    }

    func withdraw(_ request: RunRequest, of run: RunID) throws(StoreError) -> Bool {
        try beAlive()
        return world.state.withLock { state in
            let count = state.requests.count
            state.requests.removeAll { $0 == request }
            return state.requests.count < count
        }
    }

    func takeRequests(of run: RunID) throws(StoreError) -> [RunRequest] {
        try beAlive()
        return world.state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }
}
