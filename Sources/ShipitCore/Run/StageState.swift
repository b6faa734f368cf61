/// Where one part of a stage (its work, its undo, its `finally`) stands.
public struct PartState: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        case pending
        case running
        /// Another attempt is due then.
        case waiting(until: Instant)
        /// A stage that does nothing itself waits, for people or for time: until then at most.
        case held(until: Instant)
        case succeeded
        case failed
        case cancelled
        /// Ended by the operator's second interrupt; a resumed run tries again.
        case interrupted
        /// Neither success nor failure until it is verified or answered.
        case unknown
        /// Will not be done: skipped, or there is nothing to do.
        case none
    }

    public internal(set) var phase: Phase = .pending
    /// Attempts started.
    public internal(set) var attempts = 0
    /// Attempts that count against the retry budget: those that failed or timed out.
    public internal(set) var failures = 0
    public internal(set) var firstStartedAt: Instant?
    /// When the first attempt of the present budget started: a person's `retry` and a later rollback begin a new one.
    var budgetBeganAt: Instant?
    public internal(set) var startedAt: Instant?
    /// The boot of the machine in which the last attempt started. After another one nothing on its disk that was not
    /// synced can be believed: a command of which nobody has a record may have run all the same.
    public internal(set) var startedInBoot: String?
    public internal(set) var finishedAt: Instant?
    public internal(set) var last: AttemptResult?
    /// Why it is as it is, where there is something to say.
    public internal(set) var reason: String?

    public var hasStarted: Bool { attempts > 0 }
    public var isRunning: Bool { phase == .running }
    public var hasEnded: Bool {
        switch phase {
        case .succeeded, .failed, .cancelled, .none: true
        case .pending, .running, .waiting, .held, .interrupted, .unknown: false
        }
    }
}

/// Where a stage stands.
public struct StageState: Hashable, Sendable {
    public internal(set) var perform = PartState()
    public internal(set) var undo = PartState()
    public internal(set) var finally = PartState()
    public internal(set) var rollbackCheck = PartState()
    /// Past its point of no return when the rollback began: it stays as it is.
    public internal(set) var isLeft = false
    public internal(set) var outputs: [String: String] = [:]
    /// Durable steps of the attempt in flight, finished ones with their result.
    public internal(set) var steps: [AttemptID: [Step]] = [:]
    /// Where the hosts stand on which a part of it was begun, by their names.
    public internal(set) var hosts: [Part: [String: HostState]] = [:]

    public struct Step: Hashable, Sendable {
        public var name: String
        /// JSON; `nil` while it is not finished.
        public var result: String?
    }

    public var hasStarted: Bool { perform.hasStarted }

    public subscript(part: Part) -> PartState {
        get {
            switch part {
            case .perform: perform
            case .undo: undo
            case .finally: finally
            case .rollbackCheck: rollbackCheck
            }
        }
        set {
            switch part {
            case .perform: perform = newValue
            case .undo: undo = newValue
            case .finally: finally = newValue
            case .rollbackCheck: rollbackCheck = newValue
            }
        }
    }
}
