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
            "plugins": .map(plan.plugins ?? [:]),
            "stages": .array(plan.stages.map { stage($0, facts) }),
            "gates": .array(
                facts.gates.map(gate)
                    + facts.approvals.flatMap { stage, policy in policy.roles.map { gate($0, at: stage, policy) } }),
            "pointsOfNoReturn": .array(facts.pointsOfNoReturn.map { .string($0.stage.name.text) }),
            "opaque": .array(
                facts.opaque.map {
                    .members([
                        "stage": .string($0.stage.name.text), "part": .string($0.part.rawValue),
                        "reason": .string($0.reason),
                    ])
                }),
            "rollback": rollback(facts),
            "rollbackCheck": rollbackCheck(plan),
            "usual": .members([
                "runs": .integer(Int64(facts.usual.runs)), "stages": span(facts.usual.stages),
                "rollbacks": .integer(Int64(facts.usual.rollbacks)), "rollback": span(facts.usual.rollback),
            ]),
            "monitor": plan.monitor.map(monitor) ?? .null,
            "notify": NoticeWords.json(plan),
        ])
    }

    private static func gate(_ finding: GateFinding) -> JSONValue {
        .members([
            "name": .string(finding.name), "stage": .null, "state": .string(finding.standing.rawValue),
            "reason": .string(finding.reason),
        ])
    }

    private static func gate(_ role: ApprovalRole, at stage: StageName?, _ policy: ApprovalPolicy) -> JSONValue {
        .members([
            "name": .string(role.gate), "stage": .text(stage?.text),
            "state": .string(GateState.Standing.waiting.rawValue), "reason": .null,
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
            "waits": stage.hold.flatMap(hold) ?? .null,
            "commands": commands(.perform, of: stage, facts),
            "pending": facts.pending[stage.name].map(pending) ?? .null,
            "verify": commands(.verify, of: stage, facts),
            "finally": commands(.finally, of: stage, facts),
            "rollback": rollback(stage, facts),
            "reversible": .string(reversible(stage.reversible)),
            "usual": span(facts.usual[stage.name, .perform]),
            "timeout": span(stage.timeout),
            "deadline": span(stage.deadline),
            "retry": .members([
                "attempts": .integer(Int64(stage.retry.attempts)), "delay": span(stage.retry.delay),
                "backoff": .number(stage.retry.backoff), "maxDelay": span(stage.retry.maxDelay),
                "jitter": .number(stage.retry.jitter),
            ]),
        ]).adding("hosts", stage.hosts.map(HostRows.json))
    }

    /// What a stage waits for that does nothing itself.
    private static func hold(_ hold: StageHold) -> JSONValue? {
        if case .notify = hold { return nil }
        return .members(["roles": strings(hold.roles.map(\.name)), "atMost": span(hold.span)])
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
            "commands": commands(.rollback, of: stage, facts),
            "usual": span(facts.usual[stage.name, .undo]),
        ])
    }

    /// Null where it is opaque, or there is nothing.
    private static func commands(_ part: StagePart, of stage: PlannedStage, _ facts: PlanFacts) -> JSONValue {
        guard !stage.skipped, case .commands(let commands)? = facts.preview(part, of: stage) else { return .null }
        return strings(commands)
    }

    private static func pending(_ work: PendingWork) -> JSONValue {
        switch work {
        case .names(let names): .members(["names": strings(names), "reason": .null])
        case .unknown(let reason): .members(["names": .null, "reason": .string(reason)])
        }
    }

    /// If all of the plan had run: the stages in the order in which they would be undone.
    private static func rollback(_ facts: PlanFacts) -> JSONValue {
        let outlook = RollbackOutlook(facts.plan)
        return .members([
            "to": facts.plan.previous.map(RunJSON.release) ?? .null,
            "complete": .bool(outlook.isComplete),
            "stages": .array(
                outlook.entries.map { entry in
                    .members(["stage": .string(entry.stage.name.text), "way": .string("\(entry.way)")])
                }),
        ])
    }

    /// What would be asked once all is undone; null where nothing would.
    private static func rollbackCheck(_ plan: Plan) -> JSONValue {
        guard let stage = plan.stages.first(where: { $0.rollbackCheck != nil }), let suite = stage.rollbackCheck?.suite
        else { return .null }
        return .members([
            "stage": .string(stage.name.text), "suite": .string(suite),
            "checks": strings((plan.suites[suite] ?? []).map(\.name)), "leftOut": strings(plan.leftOutOfRollbackCheck),
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
            "rollbackBudget": .integer(Int64(monitor.budget)),
            "baseline": monitor.baseline.map {
                .members(["for": span($0.duration), "optional": .bool($0.isOptional)])
            } ?? .null,
            "significance": monitor.significance.map(JSONValue.number) ?? .null,
            "control": strings(monitor.control ?? []),
        ])
    }

    private static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    private static func span(_ span: TimeSpan?) -> JSONValue { span.map { .number($0.seconds) } ?? .null }
}
