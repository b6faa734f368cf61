import ShipitCore

/// What a simulation is made of: the same scenario is the same run, byte for byte.
package struct Scenario: Sendable {
    package var seed: UInt64
    var plan: Plan
    var jobs: Int
    /// Whether the run only rehearses the way back.
    var isRehearsal: Bool
    /// How often the monitor has brought a release back here an hour ago.
    var earlierRollbacks: Int
    /// `nil`: made up on the way, from the seed.
    var moves: [Move]?
    /// A fault of the simulated engine itself, to see whether it is found.
    var sabotage: Sabotage?

    package init(seed: UInt64) {
        self.seed = seed
        plan = RandomPlan.make(seed: seed)
        var random = SplitMix64(seed: seed, for: "jobs")
        jobs = random.pick(1...4)
        var other = SplitMix64(seed: seed, for: "rehearsal")
        isRehearsal = other.once(in: 6)
        earlierRollbacks = other.once(in: 2) ? 0 : other.pick(1...3)
    }

    package var summary: String { plan.summary + (isRehearsal ? "\na rehearsal" : "") }

    init(seed: UInt64, moves: [Move]?, sabotage: Sabotage? = nil) {
        self.init(seed: seed)
        self.moves = moves
        self.sabotage = sabotage
    }
}

/// Mistakes that an engine could make around the machine. The simulator is worth as much as it finds of them.
enum Sabotage: CaseIterable, Sendable {
    /// Performs effects although the append failed.
    case actsOnFailedAppend
    /// Performs effects although a newer epoch exists, and the supervisor lets it.
    case ignoresTheFence
    /// Starts an attempt in flight anew, under another key, instead of re-attaching.
    case forgetsKeys
    /// Takes a command on nobody's record for one that never ran, another boot or not.
    case trustsTheLedgerAfterPowerLoss
    /// Takes nonsense from a source for a good sample.
    case takesNaNForGood
    /// Does a step again that is in the journal as finished.
    case repeatsSteps
    /// Takes up a run without its last event.
    case losesTheLastEvent
    /// Reads the journal as if every attempt so far had not counted.
    case forgetsFailures
}
