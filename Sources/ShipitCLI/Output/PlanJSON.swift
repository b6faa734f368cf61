import ShipitCore

/// `plan TAG --output json`.
enum PlanJSON {
    static func text(_ facts: PlanFacts) -> String { value(facts).pretty + "\n" }

    static func value(_ facts: PlanFacts) -> JSONValue {
        let plan = facts.plan
        return .members([
            "pipeline": .string(plan.pipeline),
            "environment": .string(plan.environment),
            "release": RunJSON.release(plan.release),
            "previous": plan.previous.map(RunJSON.release) ?? .null,
            "commits": facts.commits.map(commits) ?? .null,
            "planDigest": .string(facts.digest),
            "stages": .array(plan.stages.map { stage($0, facts) }),
            "gates": .array(facts.gates.map(gate) + (plan.approvals?.roles ?? []).map(gate)),
            "pointsOfNoReturn": .array(facts.pointsOfNoReturn.map { .string($0.stage.name.text) }),
            "monitor": plan.monitor.map(monitor) ?? .null,
        ])
    }

    private static func gate(_ finding: GateFinding) -> JSONValue {
        .members([
            "name": .string(finding.name), "state": .string(finding.standing.rawValue),
            "reason": .string(finding.reason),
        ])
    }

    private static func gate(_ role: ApprovalRole) -> JSONValue {
        .members([
            "name": .string(role.gate), "state": .string(GateState.Standing.waiting.rawValue), "reason": .null,
            "people": strings(role.people.map(\.name)),
            "quorum": .integer(Int64(role.quorum)),
        ])
    }

    private static func commits(_ commits: PlanFacts.Commits) -> JSONValue {
        .members(["count": .integer(Int64(commits.count)), "subjects": strings(commits.subjects)])
    }

    private static func stage(_ stage: PlannedStage, _ facts: PlanFacts) -> JSONValue {
        .members([
            "name": .string(stage.name.text),
            "needs": strings(stage.needs.map(\.text)),
            "action": .string(stage.perform.action),
            "skipped": .bool(stage.skipped),
            "changes": .bool(stage.changes),
            "commands": facts.whole(facts.previews[stage.name], of: stage.perform).map(strings) ?? .null,
            "finally": stage.finally.map { strings(CallWords.lines($0)) } ?? .null,
            "rollback": rollback(stage, facts),
            "reversible": .string(reversible(stage.reversible)),
            "timeout": span(stage.timeout),
            "deadline": stage.deadline.map(span) ?? .null,
            "retry": .members([
                "attempts": .integer(Int64(stage.retry.attempts)), "delay": span(stage.retry.delay),
                "backoff": .number(stage.retry.backoff), "maxDelay": stage.retry.maxDelay.map(span) ?? .null,
                "jitter": .number(stage.retry.jitter),
            ]),
        ])
    }

    /// How it is undone: `none`, `nothing` to be done, by its own `action`, or by `commands`.
    private static func rollback(_ stage: PlannedStage, _ facts: PlanFacts) -> JSONValue {
        let kind =
            switch stage.undo {
            case .none: "none"
            case .nothing: "nothing"
            case .action: "action"
            case .call: "commands"
            }
        return .members([
            "kind": .string(kind),
            "commands": facts.whole(facts.undoPreviews[stage.name], of: stage.undoCall).map(strings) ?? .null,
        ])
    }

    private static func reversible(_ reversible: Reversible) -> String {
        switch reversible {
        case .yes: "yes"
        case .no: "no"
        case .untilContract: "until-contract"
        }
    }

    private static func monitor(_ monitor: Monitor) -> JSONValue {
        .members([
            "from": .text(monitor.from?.text),
            "for": span(monitor.duration),
            "rollbackWhen": strings(monitor.rollbackWhen.map(\.text)),
            "warnWhen": strings(monitor.warnWhen.map(\.text)),
            "inconclusive": .string(monitor.inconclusive.rawValue),
            "grace": span(monitor.grace),
        ])
    }

    private static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    private static func span(_ span: TimeSpan) -> JSONValue { .number(span.seconds) }
}
