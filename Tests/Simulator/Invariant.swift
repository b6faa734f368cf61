/// The names of what must never be broken; I1 to I10 are those of `docs/reliability.md`.
package enum Invariant: String, CaseIterable, Sendable {
    /// At most one engine drives the run: epochs of what is appended only grow.
    case oneEngine = "I1"
    /// Nothing is started without a durable intent, and before all that it needs is durably there.
    case intent = "I2"
    /// What has durably succeeded is never done again, and what is in doubt never without somebody's word.
    case noRepetition = "I3"
    /// A run that succeeded has every stage, and exit codes say what came of it.
    case success = "I4"
    /// Rolled back means that everything started is undone, each after what needs it.
    case rollback = "I5"
    /// The journal has no gap, reads as it was written, and is what every engine goes by.
    case journal = "I6"
    /// No approval counts twice, or for another plan.
    case approval = "I7"
    /// No more attempts than the budget, whatever crashes; and none after the deadline.
    case attempts = "I8"
    /// When a run has ended, nothing of it is running.
    case noProcess = "I9"
    /// With faults off, a run taken up ends or says what it waits for.
    case liveness = "I10"
    /// No breach without a reason, no success without data.
    case monitoring = "M"
    /// The rest of the rules: limits, skips, points of no return.
    case rules = "R"
}

/// What must never be, seen.
package struct Violation: Error {
    package var invariant: Invariant
    package var what: String

    init(_ invariant: Invariant, _ what: String) {
        self.invariant = invariant
        self.what = what
    }

    package var text: String { "\(invariant.rawValue): \(what)" }
}
