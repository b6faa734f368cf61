public import ShipitCore

/// Where messages lie until they are sent. They are written with the events that cause them (`RunStore.append`), and
/// whoever sends one takes it first, so that two who send at once don't send it twice. Who dies in between leaves it to the
/// next: a message is sent at least once, under the same key.
public protocol Outbox: Sendable {
    /// All messages of a run, in the order of the events that caused them.
    func outbox(of run: RunID) throws(StoreError) -> [OutboxNotice]

    /// Takes the oldest message that is due, of one run or of any: a try has begun then, and nobody else gets the message
    /// before `NoticeTries.hold` has passed or `settle` says how the try ended. What follows a message of the same entry in
    /// the same run is not due before that one is through, so that news come in their order.
    func takeNotice(of run: RunID?, at now: Instant) throws(StoreError) -> OutboxNotice?

    /// Says how the try ended that `takeNotice` began.
    func settle(_ notice: OutboxNotice, _ end: NoticeEnd, at now: Instant) throws(StoreError)
}

/// A message and what has become of it.
public struct OutboxNotice: Hashable, Sendable {
    public enum State: Int64, Hashable, Sendable {
        /// Not sent yet, or to be tried again.
        case open = 0
        case delivered = 1
        /// Given up.
        case undelivered = 2
    }

    public var run: RunID
    public var notice: Notice
    /// When the event came that causes it.
    public var at: Instant
    public var state: State
    /// How often it was tried, a try that is under way included.
    public var tries: Int
    /// When it is tried next; without a meaning unless it is open.
    public var nextTry: Instant
    /// Why the last try failed. It holds no secret.
    public var trouble: String?

    public init(
        run: RunID, notice: Notice, at: Instant, state: State = .open, tries: Int = 0, nextTry: Instant,
        trouble: String? = nil
    ) {
        self.run = run
        self.notice = notice
        self.at = at
        self.state = state
        self.tries = tries
        self.nextTry = nextTry
        self.trouble = trouble
    }

    /// Names the message for ever, however often it is sent.
    public var key: String { "\(run)/\(notice.source.name)/\(notice.sequence)" }
}

/// How a try at sending a message ended.
public enum NoticeEnd: Hashable, Sendable {
    case delivered
    /// Why; tried again while tries are left.
    case failed(String)
    /// Why; another try cannot help.
    case failedForGood(String)
}

/// How often a message is tried. After the last try it stays undelivered for good.
public enum NoticeTries {
    /// Ten, over three hours and a half.
    public static let policy = RetryPolicy(attempts: 10, delay: .seconds(5), backoff: 3, maxDelay: .hours(1))
    /// How long a try may take; what hangs is ended then.
    public static let timeout = TimeSpan.seconds(20)
    /// How long a message is the taker's: longer than a try and its end can take.
    public static let hold = TimeSpan.seconds(30)

    /// When the next try is due after this many; `nil`: none is left.
    public static func next(after tries: Int, at now: Instant) -> Instant? {
        tries < policy.attempts ? now + policy.delay(before: tries + 1, seed: "") : nil
    }
}

extension Notice.Source {
    /// No stage can be called so: keys of messages are told from those of stages.
    public var name: String {
        switch self {
        case .entry(let number): "notify:\(number)"
        case .stage(let name): "notify:\(name)"
        }
    }
}

extension RunState {
    /// Of events of this run that are to be recorded after `last`.
    func notices(of events: [RunEvent], after last: Int64) -> [Notice] {
        plan.notices(of: events, after: last, dryRun: created?.dryRun ?? false)
    }
}

extension NewRun {
    /// Of its first events.
    public func notices(of events: [RunEvent]) -> [Notice] {
        plan.notices(of: events, after: 0, dryRun: created.dryRun)
    }
}
