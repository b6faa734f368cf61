public import ShipitCore

/// Where runs and their journals are kept, and who may write. Calls are synchronous: when one returns, it is durable.
public protocol RunStore: SampleStore, Outbox {
    /// Records a new run with its first events and what is to be told of them, in one transaction. Where they say that its
    /// lock is taken, it must be.
    func create(_ run: NewRun, events: [RunEvent], notices: [Notice], at now: Instant) throws(StoreError)

    /// Takes the environment's lock for a run: in one transaction, with a new epoch. Succeeds where it is free, or where
    /// `run` itself held it and its holder is proven dead. `holder` is this process; the lock is tied to its life.
    func takeLock(environment: String, run: RunID, holder: Holder) throws(StoreError) -> LockAnswer

    /// Gives the lock back if `epoch` is still its own. `dirty` keeps the environment closed to new deployments (exit 5).
    func releaseLock(environment: String, epoch: Epoch, dirty: Bool) throws(StoreError)

    /// Takes the lock away from whoever has it, living or not: in one transaction the events are appended to the run that
    /// held it and the epoch is raised, so that the old holder can write nothing more. Nobody has it then; `dirty` keeps it
    /// for the run. `lock` is what the person saw: fenced where it has changed hands, a conflict where the journal goes on
    /// after `last`. A run that was never recorded gets no events.
    /// - Parameter holder: this process, which the old holder is to hear of.
    func revokeLock(
        _ lock: LockState, by holder: Holder, recording events: [RunEvent], notices: [Notice], after last: Int64,
        at now: Instant, summary: RunSummaryState, dirty: Bool
    ) throws(StoreError) -> Epoch

    /// Who has the environment, if somebody has.
    func lock(of environment: String) throws(StoreError) -> LockState?

    /// Appends all events in one transaction, with what is to be told of them, provided that `epoch` is the environment's newest; the entries get the
    /// sequence numbers after `last`, which must be the journal's end. Also keeps the run's `state` and `outcome` for lists.
    /// - Returns: the sequence of the last one.
    func append(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64

    /// Appends to the journal of a run that waits for people and therefore holds no lock: provided that it still waits
    /// and that `last` is its journal's end. Otherwise a `conflict`.
    /// - Returns: the sequence of the last one.
    func appendWaiting(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64

    func entries(of run: RunID, after sequence: Int64) throws(StoreError) -> [JournalEntry]
    /// The events before a damage: what is left to be looked at.
    func goodEntries(of run: RunID, through last: Int64) throws(StoreError) -> [JournalEntry]
    func run(_ id: RunID) throws(StoreError) -> RunRecord?
    /// The plan that the run was created with.
    func plan(of run: RunID) throws(StoreError) -> Plan?
    /// Newest first. `prefix` filters ids; `nil` gives all.
    func runs(matching prefix: String?, environment: String?, limit: Int) throws(StoreError) -> [RunRecord]

    /// The release that is live: that of the newest run of the pipeline there whose outcome is `succeeded` or
    /// `superseded`, dry-runs and rehearsals not counted.
    func liveRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord?

    /// Puts a person's wish into the run's inbox, for the engine that holds it.
    func request(_ request: RunRequest, of run: RunID, at now: Instant) throws(StoreError)
    /// Takes such a wish back that no engine has taken yet.
    /// - Returns: whether there was one.
    func withdraw(_ request: RunRequest, of run: RunID) throws(StoreError) -> Bool
    /// Wishes not yet taken, oldest first; taking marks them.
    func takeRequests(of run: RunID) throws(StoreError) -> [RunRequest]
}

/// Of events that nobody is told of.
extension RunStore {
    public func create(_ run: NewRun, events: [RunEvent], at now: Instant) throws(StoreError) {
        try create(run, events: events, notices: [], at: now)
    }

    public func append(
        _ events: [RunEvent], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64, summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try append(events, notices: [], to: run, at: now, epoch: epoch, after: last, summary: summary)
    }

    public func appendWaiting(
        _ events: [RunEvent], to run: RunID, at now: Instant, after last: Int64, summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try appendWaiting(events, notices: [], to: run, at: now, after: last, summary: summary)
    }

    public func revokeLock(
        _ lock: LockState, by holder: Holder, recording events: [RunEvent], after last: Int64, at now: Instant,
        summary: RunSummaryState, dirty: Bool
    ) throws(StoreError) -> Epoch {
        try revokeLock(
            lock, by: holder, recording: events, notices: [], after: last, at: now, summary: summary, dirty: dirty)
    }
}

/// What `runs` and `status` show without folding the journal.
public struct RunSummaryState: Hashable, Sendable {
    public var state: RunPhase
    public var outcome: Outcome?
    public var finishedAt: Instant?

    public init(state: RunPhase, outcome: Outcome? = nil, finishedAt: Instant? = nil) {
        self.state = state
        self.outcome = outcome
        self.finishedAt = finishedAt
    }

    public init(_ state: RunState) {
        self.init(state: state.phase, outcome: state.outcome, finishedAt: state.finishedAt)
    }
}

public struct NewRun: Hashable, Sendable {
    public var created: RunCreated
    public var plan: Plan
    /// The folder that holds `pipelines/`; absolute.
    public var root: String
    /// The pipeline file, relative to `root`.
    public var file: String

    public init(created: RunCreated, plan: Plan, root: String, file: String) {
        self.created = created
        self.plan = plan
        self.root = root
        self.file = file
    }
}

public struct RunRecord: Hashable, Sendable {
    public var created: RunCreated
    public var root: String
    public var file: String
    public var startedAt: Instant
    public var summary: RunSummaryState
    public var lastSequence: Int64

    public init(
        created: RunCreated, root: String, file: String, startedAt: Instant, summary: RunSummaryState,
        lastSequence: Int64
    ) {
        self.created = created
        self.root = root
        self.file = file
        self.startedAt = startedAt
        self.summary = summary
        self.lastSequence = lastSequence
    }
}

public struct LockState: Hashable, Sendable {
    public var environment: String
    public var run: RunID
    public var epoch: Epoch
    public var holder: Holder
    /// Proven: the process is gone, was of another boot, or its number belongs to another process now.
    public var holderIsDead: Bool
    /// The last run there ended with exit 5 and was not abandoned, or its lock was taken away.
    public var dirty: Bool
    public var life: HolderLife

    public init(
        environment: String, run: RunID, epoch: Epoch, holder: Holder, holderIsDead: Bool, dirty: Bool,
        life: HolderLife? = nil
    ) {
        self.environment = environment
        self.run = run
        self.epoch = epoch
        self.holder = holder
        self.holderIsDead = holderIsDead
        self.dirty = dirty
        self.life = life ?? (holderIsDead ? .dead : .alive)
    }
}

/// What is known of the process that has a lock.
public enum HolderLife: String, Hashable, Sendable {
    case alive
    /// Alive, and not going on: by SIGSTOP, or held by a debugger.
    case stopped
    case dead
    /// Nothing can be proven from here: another host, or a process table that hides it.
    case unknown
}

public enum LockAnswer: Hashable, Sendable {
    case taken(Epoch)
    case refused(LockState)
}

public enum StoreError: Error, Hashable, Sendable {
    /// The state folder cannot be used: where, and why.
    case unusable(path: String, reason: String)
    /// Another user's, or open to others.
    case unsafe(path: String, reason: String)
    /// A newer epoch exists: another engine has taken the environment over.
    case fenced(by: LockState?)
    /// The journal goes on where it should have ended: another writer.
    case conflict(run: RunID, expected: Int64, found: Int64)
    /// Reading or writing failed; what was attempted and the cause.
    case failed(String, cause: String)
    /// The journal is damaged: the last good event, and what is wrong with the next.
    case damaged(run: RunID, lastGood: Int64, reason: String)
    /// Written by another version of shipit.
    case version(found: Int, known: Int)
}
