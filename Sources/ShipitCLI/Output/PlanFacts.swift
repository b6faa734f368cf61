import ShipitCore

/// A plan and what was found out about it without changing anything: what `plan` and `deploy --dry-run` show.
struct PlanFacts: Sendable {
    var plan: Plan
    var digest: String
    /// What each stage would run, as its action says. A stage that is missing (or has no line) is opaque: what it runs is
    /// known only when it runs.
    var previews: [StageName: [String]]
    /// What each way back would run, where the action says.
    var undoPreviews: [StageName: [String]]
    /// What came between the live release and this one; `nil` where nobody knows.
    var commits: Commits?
    /// The gates that no person opens.
    var gates: [GateFinding]

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
        plan: Plan, digest: String, previews: [StageName: [String]] = [:], undoPreviews: [StageName: [String]] = [:],
        commits: Commits? = nil, gates: [GateFinding] = []
    ) {
        self.plan = plan
        self.digest = digest
        self.previews = previews
        self.undoPreviews = undoPreviews
        self.commits = commits
        self.gates = gates
    }

    /// Stages after which not everything can be undone, with the condition.
    var pointsOfNoReturn: [(stage: PlannedStage, words: String)] {
        plan.stages.compactMap { stage in
            switch stage.reversible {
            case .yes: nil
            case .no: (stage, "once it has started")
            case .untilContract(let contract): (stage, "once \(contract) has started")
            }
        }
    }

    /// A stage's preview in lines; `nil` where it is opaque.
    func commands(of stage: PlannedStage) -> [String]? {
        if let lines = Self.lines(previews[stage.name]) { return lines }
        // A script is what it runs, whether or not its action was asked.
        return stage.perform.action == "run" ? CallWords.lines(stage.perform) : nil
    }

    func undoCommands(of stage: PlannedStage) -> [String]? {
        if let lines = Self.lines(undoPreviews[stage.name]) { return lines }
        if case .call(let call) = stage.undo { return CallWords.lines(call) }
        return nil
    }

    /// For programs: one text a command, whatever lines it has.
    func whole(_ preview: [String]?, of call: ActionCall?) -> [String]? {
        if let preview, !preview.isEmpty { return preview }
        guard let call, call.action == "run" else { return nil }
        return [CallWords.lines(call).joined(separator: "\n")]
    }

    private static func lines(_ preview: [String]?) -> [String]? {
        let lines = (preview ?? []).flatMap(CallWords.split)
        return lines.isEmpty ? nil : lines
    }
}

extension PlannedStage {
    /// The call of its `rollback:`, if it has one.
    var undoCall: ActionCall? {
        if case .call(let call) = undo { return call }
        return nil
    }
}
