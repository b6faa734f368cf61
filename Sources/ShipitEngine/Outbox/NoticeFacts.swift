public import ShipitCore

/// What somebody is told: what happened to a run, as its journal says.
public struct NoticeFacts: Hashable, Sendable {
    /// The same however often the message is sent: who has it already need not take it again.
    public var key: String
    public var moment: Moment
    public var at: Instant
    /// The stage that tells, where it is one.
    public var stage: StageName?
    public var startedBy: String
    public var dryRun: Bool
    /// How the run ended; `nil` while it has not.
    public var outcome: Outcome?
    public var reason: String?

    public init(
        key: String, moment: Moment, at: Instant, stage: StageName? = nil, startedBy: String, dryRun: Bool = false,
        outcome: Outcome? = nil, reason: String? = nil
    ) {
        self.key = key
        self.moment = moment
        self.at = at
        self.stage = stage
        self.startedBy = startedBy
        self.dryRun = dryRun
        self.outcome = outcome
        self.reason = reason
    }

    /// - Parameters:
    ///   - state: of the run right after the event that causes the message.
    ///   - event: that one.
    init(_ message: OutboxNotice, _ state: RunState, after event: RunEvent?) {
        self.init(
            key: message.key, moment: message.notice.moment, at: message.at,
            startedBy: state.created?.startedBy ?? "", dryRun: state.created?.dryRun ?? false, outcome: state.outcome,
            reason: event?.reason)
        if case .stage(let name) = message.notice.source { stage = name }
        if case .gateWaiting? = event {
            reason = "it waits for \(state.gates.map(\.role.name).joined(separator: ", ")) to sign"
        }
    }

    /// For `${{ run.… }}`.
    var references: [String: String] {
        ["moment": moment.rawValue, "outcome": outcome?.rawValue ?? "", "reason": reason ?? ""]
    }
}
