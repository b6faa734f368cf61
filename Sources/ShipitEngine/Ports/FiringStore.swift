public import ShipitCore

/// Which times of schedules have had their turn, and what came of them: kept beside the runs, so that several processes that
/// look at the clock never begin one time twice. Calls are synchronous: when one returns, it is durable.
public protocol FiringStore: Sendable {
    /// Until when an entry's times have been dealt with. One that is new, or runs at other times than before (another
    /// `digest`), begins now, and so does one whose last look lies in the future: the clock was set back.
    func lastLook(at entry: String, as digest: String, now: Instant) throws(StoreError) -> Instant

    /// They have been dealt with until `instant`.
    func look(at entry: String, until instant: Instant) throws(StoreError)

    /// Takes a time for the process that is about to begin its run. `false` where it has been dealt with, or somebody else
    /// has it: nothing is to be done then. What is queued can be taken, and what was taken by a process that is proven dead
    /// and has begun no run.
    func claim(_ key: FiringKey, at instant: Instant, by holder: Holder, now: Instant) throws(StoreError) -> Bool

    /// Records what becomes of a time that nobody has taken: `queued`, `skipped` or `missed`.
    /// - Returns: whether nobody had dealt with it.
    func note(
        _ key: FiringKey, at instant: Instant, _ state: FiringRecord.State, _ words: String, now: Instant
    ) throws(StoreError) -> Bool

    /// What came of a time that has been taken.
    func settle(_ key: FiringKey, _ words: String, exitCode: Int, now: Instant) throws(StoreError)

    /// What was queued will not be begun, or who had taken a time is dead and begins nothing.
    func giveUp(_ key: FiringKey, _ words: String, now: Instant) throws(StoreError)

    /// Newest times first.
    func firings(of entry: String?, limit: Int) throws(StoreError) -> [FiringRecord]
}

/// A time of an entry that has been dealt with.
public struct FiringRecord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        /// Waits for the run before to end.
        case queued
        /// A process has taken it, and begins its run or has begun it.
        case claimed
        case settled
        /// The run before had not ended.
        case skipped
        /// Nobody looked at the clock.
        case missed
        /// Who had taken it is gone, and has begun nothing.
        case lost
    }

    public var key: FiringKey
    public var at: Instant
    public var state: State
    public var run: RunID?
    /// Of the command that began it, once that has left.
    public var exitCode: Int?
    public var words: String
    /// Whether the process that has taken it is proven dead.
    public var holderIsDead: Bool

    public init(
        key: FiringKey, at: Instant, state: State, run: RunID? = nil, exitCode: Int? = nil, words: String = "",
        holderIsDead: Bool = false
    ) {
        self.key = key
        self.at = at
        self.state = state
        self.run = run
        self.exitCode = exitCode
        self.words = words
        self.holderIsDead = holderIsDead
    }
}

/// Where dry-runs are kept: among the runs, without their lock.
public protocol DryRunStore: Sendable {
    /// Records a dry-run that is over, in one transaction: all of it or nothing.
    /// - Parameter events: with the time of each; the first creates the run, the last ends it.
    func record(dryRun run: NewRun, events: [(event: RunEvent, at: Instant)]) throws(StoreError)

    /// The newest dry-run of a pipeline in an environment.
    func lastDryRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord?
}
