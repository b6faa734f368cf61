/// Which part of a stage an attempt carries out.
public enum Part: String, Hashable, Sendable, Codable, CaseIterable {
    case perform, undo, finally
    /// Once all is undone: whether the release before is well.
    case rollbackCheck
}

/// One try at one part of a stage.
public struct AttemptID: Hashable, Sendable, Codable {
    public var stage: StageName
    public var part: Part
    /// From 1.
    public var number: Int

    public init(stage: StageName, part: Part = .perform, number: Int) {
        self.stage = stage
        self.part = part
        self.number = number
    }
}

/// How a command ended.
public enum ExitStatus: Hashable, Sendable, Codable {
    case code(Int)
    case signal(Int)
}

/// How an attempt ended. `unknown` is neither success nor failure until it is re-attached, verified or answered.
public enum Verdict: String, Hashable, Sendable, Codable {
    case succeeded, failed
    case timedOut = "timed-out"
    case cancelled, interrupted, unknown
}

public struct AttemptResult: Hashable, Sendable {
    public var verdict: Verdict
    public var exit: ExitStatus?
    /// For a person; without secrets.
    public var reason: String?
    public var outputs: [String: String]
    /// False where another try cannot help (the inputs are wrong).
    public var retryable: Bool

    public init(
        _ verdict: Verdict, exit: ExitStatus? = nil, reason: String? = nil, outputs: [String: String] = [:],
        retryable: Bool = true
    ) {
        self.verdict = verdict
        self.exit = exit
        self.reason = reason
        self.outputs = outputs
        self.retryable = retryable
    }
}
