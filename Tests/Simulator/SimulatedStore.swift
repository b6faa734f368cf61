import ShipitCore

/// The journal of one run on a disk that fails: a durable beginning, an end that may not be synced, and the newest epoch.
struct SimulatedStore {
    enum Answer {
        case appended
        /// A newer epoch exists.
        case fenced
        /// The journal goes on where the engine thought it ended.
        case conflict
        /// What is there all the same is in the journal.
        case failed
    }

    private(set) var journal: [JournalEntry] = []
    private(set) var samples: [RecordedSample] = []
    private(set) var epoch: Int64 = 0
    /// So many entries outlive the power.
    private(set) var synced = 0
    /// Until somebody makes room.
    var isFull = false

    var isSynced: Bool { synced == journal.count }

    /// A transaction of its own, which syncs what was there before.
    /// - Returns: `nil` where the disk is full.
    mutating func takeLock() -> Int64? {
        if isFull { return nil }
        epoch += 1
        synced = journal.count
        return epoch
    }

    /// One transaction, conditional on the epoch and on where the journal ends.
    mutating func append(
        _ events: [RunEvent], epoch: Int64, after last: Int, at now: Instant, failing fate: Fault.Fate?
    ) -> Answer {
        guard epoch == self.epoch else { return .fenced }
        guard last == journal.count else { return .conflict }
        if isFull || fate == .lost { return .failed }
        for event in events {
            journal.append(JournalEntry(sequence: Int64(journal.count) + 1, at: now, event: event))
        }
        if fate == .unsynced { return .failed }
        synced = journal.count
        return fate == .durable ? .failed : .appended
    }

    /// A transaction of its own.
    mutating func keep(_ samples: [RecordedSample], epoch: Int64) -> Answer {
        guard epoch == self.epoch else { return .fenced }
        if isFull { return .failed }
        self.samples += samples
        synced = journal.count
        return .appended
    }

    /// To a run that waits for people: nobody holds its lock.
    mutating func appendWaiting(_ events: [RunEvent], after last: Int, at now: Instant) -> Answer {
        append(events, epoch: epoch, after: last, at: now, failing: nil)
    }

    /// - Returns: how many entries went.
    mutating func cutPower() -> Int {
        defer { journal.removeLast(journal.count - synced) }
        return journal.count - synced
    }
}
