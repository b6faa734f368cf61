import ShipitCore
import ShipitEngine

/// A run as its journal tells it.
struct RunReading {
    var record: RunRecord
    var state: RunState
    /// The journal's last event so far.
    var sequence: Int64
    /// Who has its environment, if it is this run.
    var lock: LockState?

    init(_ record: RunRecord, in store: any RunStore) throws {
        guard let plan = try store.plan(of: record.created.run) else {
            throw CommandFailure(.machine, "the plan of run \(record.created.run) is missing from the journal")
        }
        self.record = record
        // Before the journal: an engine that ends meanwhile must not look like one that died.
        lock = try store.lock(of: record.created.environment).flatMap { $0.run == record.created.run ? $0 : nil }
        state = RunState(plan: plan)
        sequence = 0
        try readOn(in: store)
    }

    /// Takes in what has happened since.
    @discardableResult
    mutating func readOn(in store: any RunStore) throws -> [JournalEntry] {
        let entries = try store.entries(of: record.created.run, after: sequence)
        for entry in entries {
            state.apply(entry.event, at: entry.at)
            sequence = entry.sequence
        }
        return entries
    }

    mutating func lookAtLock(in store: any RunStore) throws {
        lock = try store.lock(of: record.created.environment).flatMap { $0.run == record.created.run ? $0 : nil }
    }

    /// An engine drives it, or may: it is not proven dead.
    var isHeld: Bool { lock.map { !$0.holderIsDead } ?? false }

    var view: RunView {
        var view = RunView(record, state: state, holderIsDead: state.outcome == nil && !isHeld)
        view.lookAtClock()
        return view
    }

    /// Those of the runs that have not ended and that nobody drives.
    static func undriven(_ records: [RunRecord], in store: any RunStore) throws -> Set<RunID> {
        var driven: [String: RunID] = [:]
        for environment in Set(records.filter { $0.summary.outcome == nil }.map(\.created.environment)) {
            guard let lock = try store.lock(of: environment), !lock.holderIsDead else { continue }
            driven[environment] = lock.run
        }
        return Set(
            records.filter { $0.summary.outcome == nil && driven[$0.created.environment] != $0.created.run }
                .map(\.created.run))
    }
}

extension RunView {
    /// Where what is shown depends on the time.
    mutating func lookAtClock() {
        now = SystemClock.wallTime
        zone = state.plan.windows.flatMap { Wiring.zones.rules(of: $0.zone) }
    }
}
