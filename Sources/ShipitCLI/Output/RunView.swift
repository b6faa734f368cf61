import ShipitCore
import ShipitEngine

/// A run as it is shown: what its journal says, and whether anybody still drives it.
struct RunView: Sendable {
    var created: RunCreated
    var startedAt: Instant
    var state: RunState
    /// Proven dead: then nobody drives the run, whatever its journal said last.
    var holderIsDead: Bool
    /// When it was looked at, where that matters.
    var now: Instant?
    /// The clocks by which its windows open.
    var zone: ZoneRules?
    /// What is to be told of it; `nil` where nobody looked.
    var notices: [OutboxNotice]?
    /// What the monitor measured, where that was looked at.
    var samples: [RecordedSample] = []
    /// Where the monitor's rules stand, where that was looked at.
    var rules: [MonitorEvaluator.RuleState] = []

    init(created: RunCreated, startedAt: Instant, state: RunState, holderIsDead: Bool = false) {
        self.created = created
        self.startedAt = startedAt
        self.state = state
        self.holderIsDead = holderIsDead
    }

    init(_ record: RunRecord, state: RunState, holderIsDead: Bool = false) {
        self.init(created: record.created, startedAt: record.startedAt, state: state, holderIsDead: holderIsDead)
    }

    /// Where the run stands.
    var phase: RunPhase { Self.shown(state.phase, holderIsDead: holderIsDead) }

    /// A run that nobody drives is interrupted, though it could not say so itself.
    static func shown(_ phase: RunPhase, holderIsDead: Bool) -> RunPhase {
        switch phase {
        case .running, .monitoring, .rollingBack: holderIsDead ? .interrupted : phase
        case .waiting, .paused, .interrupted, .finished: phase
        }
    }

    /// `v1.15.2 to production`, for headings.
    var title: String {
        SafeText.line("\(created.release.tag) to \(created.environment)") + created.kindNote
    }

    /// How long the run took, or has been going on.
    func took(now: Instant) -> TimeSpan { (state.finishedAt ?? now) - startedAt }

    /// Each stage of the plan with where it stands, in plan order.
    var stages: [(planned: PlannedStage, state: StageState)] { Array(zip(state.plan.stages, state.stages)) }
}

extension RunCreated {
    /// ` (dry run)`, ` (rehearsal)`, or nothing.
    var kindNote: String { dryRun ? " (dry run)" : isRehearsal ? " (rehearsal)" : "" }
}
