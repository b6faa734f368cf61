/// One of a pipeline's own `tests:`: what a run is given, and what is expected of it.
public struct PipelineTest: Hashable, Sendable {
    public var name: String
    /// `nil`: the pipeline's first.
    public var environment: String?
    public var given: Script
    public var expect: Expectation
    public var span: Span

    public init(
        name: String, environment: String? = nil, given: Script = Script(), expect: Expectation,
        span: Span = Span(file: "", line: 1, column: 1)
    ) {
        self.name = name
        self.environment = environment
        self.given = given
        self.expect = expect
        self.span = span
    }

    /// What is `nil` is not looked at. Stages may be named by their `for-each` group.
    public struct Expectation: Hashable, Sendable {
        /// An outcome, or `paused`.
        public var outcome: String?
        public var exit: Int?
        /// In this order. Stages that are undone without doing anything may be left out.
        public var undone: [StageName]?
        /// These started, whatever else did.
        public var ran: [StageName]?
        /// These never started.
        public var skipped: [StageName]?
        public var pausedAt: StageName?
        /// From the beginning to the end.
        public var within: TimeSpan?

        public init() {}
    }

    /// What may be expected as an outcome.
    public static let outcomes: [String] =
        [Outcome.succeeded, .rolledBack, .rollbackFailed, .failed, .refused].map(\.rawValue) + ["paused"]

    /// Without `takes`, an attempt takes this long.
    public static let usualLength = TimeSpan.seconds(1)
}
