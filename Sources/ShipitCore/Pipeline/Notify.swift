/// What somebody can be told of: how a run goes on, and how it ended.
public enum Moment: String, Hashable, Sendable, Codable, CaseIterable {
    /// The run has its environment and begins.
    case started
    /// People must sign, before the run begins or on its way.
    case waiting
    case paused, interrupted
    case rollingBack = "rolling-back"
    case succeeded
    case rolledBack = "rolled-back"
    case rollbackFailed = "rollback-failed"
    case failed, refused, cancelled, superseded
    /// A dry-run found something else than the one before it.
    case changed
    /// A stage that only notifies was reached: told by that stage alone.
    case reached

    public init(_ outcome: Outcome) {
        self =
            switch outcome {
            case .succeeded: .succeeded
            case .rolledBack: .rolledBack
            case .rollbackFailed: .rollbackFailed
            case .failed: .failed
            case .refused: .refused
            case .cancelled: .cancelled
            case .superseded: .superseded
            }
    }

    /// Those that `on:` may name.
    public static let named: [Moment] = allCases.filter { $0 != .reached }
}

/// One entry of `notify:`: what is told, and how.
public struct NotifyEntry: Hashable, Sendable, Codable {
    /// Each once, in the order of their declaration.
    public var moments: [Moment]
    public var call: ActionCall

    public init(on moments: some Collection<Moment>, _ call: ActionCall) {
        self.moments = Moment.allCases.filter(moments.contains)
        self.call = call
    }
}
