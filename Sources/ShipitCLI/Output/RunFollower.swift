import ShipitCore

/// A run's state kept beside the engine's: folded from the same entries, so that neither has to copy the other's.
struct RunFollower: Sendable {
    private(set) var state: RunState?
    private var sequence: Int64 = 0
    private var waiting: [JournalEntry] = []

    /// Takes note of new entries; `state` is what the run is after them.
    mutating func take(_ entries: [JournalEntry], state: RunState) {
        guard let last = entries.last else {
            if self.state == nil { self.state = state }
            return
        }
        if self.state != nil, entries[0].sequence == sequence + 1 {
            waiting += entries
        } else {
            self.state = state
            waiting = []
        }
        sequence = last.sequence
    }

    /// Catches up with what was taken note of.
    mutating func catchUp() {
        for entry in waiting { state?.apply(entry.event, at: entry.at) }
        waiting = []
    }
}
