import ShipitCore

/// A plan and what was found out about it without changing anything: what `plan` and `deploy --dry-run` show.
struct PlanFacts: Sendable {
    var plan: Plan
    var digest: String
    /// What the parts of each stage would run, as their actions say.
    var previews: [StageName: StagePreviews]
    /// What stages with a list of things to do would still have to do.
    var pending: [StageName: PendingWork]
    /// What came between the live release and this one; `nil` where nobody knows.
    var commits: Commits?
    /// The gates that no person opens.
    var gates: [GateFinding]
    var usual: UsualDurations

    struct Commits: Hashable, Sendable {
        var count: Int
        /// First lines, newest first; perhaps not all.
        var subjects: [String]

        init(count: Int, subjects: [String] = []) {
            self.count = count
            self.subjects = subjects
        }
    }

    init(
        plan: Plan, digest: String, previews: [StageName: StagePreviews] = [:],
        pending: [StageName: PendingWork] = [:], commits: Commits? = nil, gates: [GateFinding] = [],
        usual: UsualDurations = UsualDurations()
    ) {
        self.plan = plan
        self.digest = digest
        self.previews = previews
        self.pending = pending
        self.commits = commits
        self.gates = gates
        self.usual = usual
    }

    /// Stages after which not everything can be undone, with the condition.
    var pointsOfNoReturn: [(stage: PlannedStage, words: String)] {
        plan.stages.compactMap { stage in Self.pointOfNoReturn(stage).map { (stage, $0) } }
    }

    /// When not everything of the stage can be undone any more; `nil` where there is no such point.
    static func pointOfNoReturn(_ stage: PlannedStage) -> String? {
        switch stage.reversible {
        case .yes: nil
        case .no: "once it has started"
        case .untilContract(let contract): "once \(contract) has started"
        }
    }

    /// Who must sign: for the run to begin (without a stage), and at stages on the way.
    var approvals: [(stage: StageName?, policy: ApprovalPolicy)] {
        let stages: [(stage: StageName?, policy: ApprovalPolicy)] = plan.stages.compactMap { stage in
            guard case .approval(let policy)? = stage.hold, !stage.skipped else { return nil }
            return (stage.name, policy)
        }
        return (plan.approvals.map { [(stage: nil, policy: $0)] } ?? []) + stages
    }

    func preview(_ part: StagePart, of stage: PlannedStage) -> Preview? {
        // What it tells is not run by the plan.
        if case .notify? = stage.hold { return nil }
        return stage.call(of: part).map { call in
            let known = previews[stage.name]?[part] ?? .opaque("its action was not asked")
            // A script is what it runs, whether or not its action could say more.
            if case .opaque = known, call.action == "run" {
                return .commands([CallWords.lines(call).joined(separator: "\n")])
            }
            return known
        }
    }

    /// What is known only when it runs, in the order of the plan.
    var opaque: [(stage: PlannedStage, part: StagePart, reason: String)] {
        plan.stages.filter { !$0.skipped }.flatMap { stage in
            StagePart.allCases.compactMap { part in
                guard case .opaque(let reason)? = preview(part, of: stage) else { return nil }
                return (stage, part, reason)
            }
        }
    }
}

/// What of a stage an action carries out.
enum StagePart: String, CaseIterable, Hashable, Sendable {
    case perform, verify, finally, rollback
}

/// What a part of a stage would do, as its action says.
enum Preview: Hashable, Sendable {
    /// Each with as many lines as it has.
    case commands([String])
    /// Known only when it runs: why.
    case opaque(String)
}

typealias StagePreviews = [StagePart: Preview]

extension PlannedStage {
    /// The call of its `rollback:`, if it has one.
    var undoCall: ActionCall? {
        if case .call(let call) = undo { return call }
        return nil
    }

    /// What a part calls; `nil` where there is nothing to call.
    func call(of part: StagePart) -> ActionCall? {
        switch part {
        case .perform: perform
        case .verify: verify
        case .finally: finally
        case .rollback:
            switch undo {
            case .none, .nothing: nil
            case .action: perform
            case .call(let call): call
            }
        }
    }
}
