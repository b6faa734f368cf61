import ShipitCore

/// One thing that is done to a run, or that comes about in it. A list of them is a course: the same moves lead the same
/// way again, and leaving some out leads another one that is a course, too.
///
/// Engines are meant by a number, modulo how many there are.
enum Move: Sendable {
    /// What comes about next by itself in one of the engines.
    case pass(engine: Int)
    case tick(engine: Int)
    case interrupt(engine: Int)
    case ask([OperatorAct], engine: Int)
    case kill(engine: Int)
    case killSupervisor
    /// Everything goes: engines, supervisor, what was not synced. The machine comes up with another boot id.
    case cutPower
    /// Another engine takes the run, whoever has it.
    case takeUp([OperatorAct])
    /// A person's word on a run that waits for it; nil: that they approve.
    case sign(SignOff, rejectedBecause: String?)
    /// One of the engines stands still until `wake`: the next ones think it dead.
    case stall(engine: Int)
    case wake
    case weather(MetricSource.Weather)
    case clock(seconds: Int)
    case arm(Fault)
    case freeDisk
}

/// What strikes at the next opportunity.
enum Fault: Sendable {
    /// What goes with the engine.
    enum Extent: CaseIterable, Sendable {
        case engine, supervisor, power
    }

    /// What became of a transaction that was reported as failed.
    enum Fate: CaseIterable, Sendable {
        case lost
        /// Everybody sees it, and the power takes it.
        case unsynced
        case durable
    }

    /// Killed while it appends: the first so many events are there. (A store with transactions has none or all.)
    case crashInAppend(kept: Int, Extent)
    /// Killed when so many effects of a durable turn have been performed.
    case crashAfterEffects(Int, Extent)
    /// Stopped there, and woken later.
    case stallAfterEffects(Int)
    /// EIO, once.
    case storeError(Fate)
    /// ENOSPC, until somebody makes room.
    case diskFull
}
