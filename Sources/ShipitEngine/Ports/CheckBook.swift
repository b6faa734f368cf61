public import ShipitCore

/// Where it is kept what came of checks, and what people have said about them.
public protocol CheckBook: Sendable {
    /// The newest word on each check, withdrawn ones left out.
    func words(on suite: SuiteKey) throws(StoreError) -> [CheckWord]

    /// When this returns, the word is durable.
    func add(_ word: CheckWord, on suite: SuiteKey) throws(StoreError)

    /// Keeps what came of asking a suite. Old records make room; the newest green one always stays.
    func keep(_ record: SuiteRecord, of suite: SuiteKey) throws(StoreError)

    func newest(of suite: SuiteKey) throws(StoreError) -> SuiteRecord?

    func newestGreen(of suite: SuiteKey) throws(StoreError) -> SuiteRecord?

    /// What came of it when a stage of `run` asked last; `nil` where that has made room for newer records.
    func newest(of suite: SuiteKey, askedBy run: RunID) throws(StoreError) -> SuiteRecord?
}

/// A suite in an environment.
public struct SuiteKey: Hashable, Sendable {
    public var pipeline: String
    public var environment: String
    public var suite: String

    public init(pipeline: String, environment: String, suite: String) {
        self.pipeline = pipeline
        self.environment = environment
        self.suite = suite
    }
}

/// What came of asking a suite once, with the evidence of every check.
public struct SuiteRecord: Hashable, Sendable, Codable {
    public var at: Instant
    public var go: Bool
    /// The run whose stage asked; `nil` for `shipit check`.
    public var run: RunID?
    public var results: [KeptResult]

    public init(at: Instant, go: Bool, run: RunID? = nil, results: [KeptResult]) {
        self.at = at
        self.go = go
        self.run = run
        self.results = results
    }
}

/// What came of one check: what was asked, what came back, how long it took, when.
public struct KeptResult: Hashable, Sendable, Codable {
    public enum Standing: String, Hashable, Sendable, Codable {
        case passed
        /// It did not pass, and is only a warning.
        case warning
        /// It did not pass, and a waiver lets it.
        case waived
        /// It did not pass, and its owner accepts that.
        case signedOff = "signed-off"
        case failed

        /// Whether the suite is GO with it.
        public var lets: Bool { self != .failed }
    }

    public var name: String
    /// The probe and whom it asked.
    public var question: String
    public var standing: Standing
    public var reason: String?
    public var evidence: String
    /// What sort of trouble it is: the fields that were missed. A sign-off holds for this sort alone.
    public var trouble: String?
    public var tries: Int
    public var seconds: Double?
    public var number: Double?
    public var figures: [String: Double]
    public var at: Instant
    /// Of the check as written: a pass may be believed later where it is the same.
    public var fingerprint: String?

    /// Longer texts are cut when they are kept.
    public static let longestEvidence = 2000

    public init(
        name: String, question: String, standing: Standing, reason: String? = nil, evidence: String = "",
        trouble: String? = nil, tries: Int = 1, seconds: Double? = nil, number: Double? = nil,
        figures: [String: Double] = [:], at: Instant, fingerprint: String? = nil
    ) {
        self.name = name
        self.question = question
        self.standing = standing
        self.reason = reason.map { String($0.prefix(Self.longestEvidence)) }
        self.evidence = String(evidence.prefix(Self.longestEvidence))
        self.trouble = trouble
        self.tries = tries
        self.seconds = seconds
        self.number = number.flatMap { $0.isFinite ? $0 : nil }
        self.figures = figures.filter(\.value.isFinite)
        self.at = at
        self.fingerprint = fingerprint
    }
}
