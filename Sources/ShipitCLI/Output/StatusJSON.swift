import ShipitCore
import ShipitEngine

/// `status RUN --output json`.
enum StatusJSON {
    static func value(_ view: RunView) -> JSONValue {
        .members([
            "run": RunJSON.value(view),
            "stages": .array(view.stages.map { stage($0.planned, $0.state, view) }),
            "rollback": .array(rollback(view)),
            "gates": .array(view.state.gates.map(gate) + [view.windowGate].compactMap(\.self).map(gate)),
            "breaches": .array(view.state.breaches.map { breach($0, view) }),
            "next": .text(NextStep(view)?.line),
        ]).adding("rollbackCheck", rollbackCheck(view))
            .adding("recoveryTime", view.state.recoveryTime.map { .number($0.seconds) })
            .adding("dryRun", DryRunJSON.value(view))
            .adding("notices", NoticeWords.json(view))
            .adding("rules", view.rules.isEmpty ? nil : .array(view.rules.map(RuleWords.json)))
            .adding("baseline", view.state.plan.monitor?.baseline.map { _ in baseline(view.state) })
    }

    private static func baseline(_ state: RunState) -> JSONValue {
        .members([
            "state": .string(state.baseline != nil ? "taken" : state.takesBaseline ? "sampling" : "pending"),
            "lacking": .text(state.baselineLack),
            "sources": .object(
                (state.baseline?.sources ?? [:]).sorted { $0.key < $1.key }.map { name, source in
                    .init(
                        key: name,
                        value: .members([
                            "answers": .integer(Int64(source.answers)), "errors": .integer(Int64(source.errors)),
                            "noData": .integer(Int64(source.noData)),
                            "p50": source.seconds.isEmpty ? .null : .number(quantile(0.5, ofSorted: source.seconds)),
                            "median": source.numbers.isEmpty ? .null : .number(quantile(0.5, ofSorted: source.numbers)),
                        ]))
                }),
        ])
    }

    static func text(_ view: RunView) -> String { value(view).pretty + "\n" }

    private static func stage(_ planned: PlannedStage, _ stage: StageState, _ view: RunView) -> JSONValue {
        let part = stage.perform
        let word = StageWord(part, in: view)
        let finishedAt = part.startedAt != nil && word != .waiting && word != .running ? part.finishedAt : nil
        return .members([
            "name": .string(planned.name.text),
            "state": .string(word.rawValue),
            "attempts": .integer(Int64(part.attempts)),
            "startedAt": .text((part.firstStartedAt ?? part.startedAt)?.description),
            "finishedAt": .text(finishedAt?.description),
            "exitCode": exitCode(part),
            "reason": .text(finallyTrouble(stage) ?? reason(part)),
            "outputs": .map(stage.outputs),
        ]).adding("hosts", HostRows.json(planned, stage, in: view))
    }

    /// A `finally` has no entry of its own, and its failure must be found.
    private static func finallyTrouble(_ stage: StageState) -> String? {
        guard stage.finally.phase == .failed else { return nil }
        return "its finally failed" + (stage.finally.reason.map { ": \($0)" } ?? "")
    }

    /// Why it is as it is; where nobody said, how the attempt ended, if no exit code tells.
    private static func reason(_ part: PartState) -> String? {
        if let reason = part.reason { return reason }
        guard !part.isRunning, let last = part.last else { return nil }
        if last.verdict == .timedOut { return EventWords.words(last.verdict) }
        if case .signal? = last.exit { return last.exit.map(Words.exit) }
        return nil
    }

    /// Of the last attempt; null while it runs, and for one that a signal ended: that is the reason's to say.
    private static func exitCode(_ part: PartState) -> JSONValue {
        guard part.phase != .running, case .code(let code)? = part.last?.exit else { return .null }
        return .integer(Int64(code))
    }

    /// In the order of undoing: a stage after all that need it.
    private static func rollback(_ view: RunView) -> [JSONValue] {
        guard view.state.rollbackReason != nil else { return [] }
        return view.stages.reversed().filter(\.state.hasStarted).map { stage in
            .members([
                "stage": .string(stage.planned.name.text),
                "state": .string(UndoWord(stage.state.undo, in: view).rawValue),
                "attempts": .integer(Int64(stage.state.undo.attempts)),
                "reason": .text(stage.state.undo.reason ?? UndoWord.whyNone(stage.planned, stage.state)),
            ]).adding("hosts", HostRows.json(stage.planned, stage.state, part: .undo, in: view))
        }
    }

    /// What was asked once all was undone, where something is.
    private static func rollbackCheck(_ view: RunView) -> JSONValue? {
        guard view.state.rollbackReason != nil,
            let (planned, stage) = view.stages.first(where: { $0.planned.rollbackCheck != nil })
        else { return nil }
        let part = stage.rollbackCheck
        return .members([
            "stage": .string(planned.name.text), "suite": .text(planned.rollbackCheck?.suite),
            "state": .string(UndoWord(part, in: view).rawValue), "attempts": .integer(Int64(part.attempts)),
            "reason": .text(part.reason),
        ])
    }

    private static func gate(_ gate: GateState) -> JSONValue {
        .members([
            "name": .string(gate.role.gate), "stage": .text(gate.stage?.text), "state": .string(gate.standing.rawValue),
            "by": .array(gate.signOffs.map { .string($0.person) }), "reason": .text(gate.reason),
        ])
    }

    private static func gate(_ finding: GateFinding) -> JSONValue {
        .members([
            "name": .string(finding.name), "state": .string(finding.standing.rawValue), "by": .array([]),
            "reason": .string(finding.reason),
        ])
    }

    private static func breach(_ breach: (breach: Breach, at: Instant), _ view: RunView) -> JSONValue {
        .members([
            "rule": .string(breach.breach.rule), "at": .string(breach.at.description),
            "observed": breach.breach.observed.map(JSONValue.number) ?? .null,
        ]).adding("samples", BreachSamples(breach, in: view)?.json)
    }
}

/// The `run` object of `status`, and of `runs` without its journal being folded.
enum RunJSON {
    static func value(_ view: RunView) -> JSONValue {
        value(
            view.created, startedAt: view.startedAt, phase: view.phase, outcome: view.state.outcome,
            finishedAt: view.state.finishedAt)
    }

    static func value(_ record: RunRecord, holderIsDead: Bool) -> JSONValue {
        value(
            record.created, startedAt: record.startedAt,
            phase: RunView.shown(record.summary.state, holderIsDead: holderIsDead), outcome: record.summary.outcome,
            finishedAt: record.summary.finishedAt)
    }

    private static func value(
        _ created: RunCreated, startedAt: Instant, phase: RunPhase, outcome: Outcome?, finishedAt: Instant?
    ) -> JSONValue {
        .members([
            "id": .string(created.run.text),
            "pipeline": .string(created.pipeline),
            "environment": .string(created.environment),
            "release": release(created.release),
            "planDigest": .string(created.planDigest),
            "state": .string(phase.rawValue),
            "outcome": .text(outcome?.rawValue),
            "dryRun": .bool(created.dryRun),
            "startedBy": .string(created.startedBy),
            "startedAt": .string(startedAt.description),
            "finishedAt": .text(finishedAt?.description),
            "parent": .text(created.parent?.text),
        ]).adding("rehearsal", created.isRehearsal ? .bool(true) : nil)
            .adding("firing", created.firing.map { .string($0.description) })
    }

    static func release(_ release: Release) -> JSONValue {
        .members([
            "tag": .string(release.tag), "version": .string(release.version), "commit": .string(release.commit),
        ])
    }
}

/// `runs --output json`: an array of `run` objects, newest first as the store gives them.
enum RunsJSON {
    /// - Parameter dead: the runs whose holder is proven dead.
    static func text(_ records: [RunRecord], dead: Set<RunID> = []) -> String {
        JSONValue.array(records.map { RunJSON.value($0, holderIsDead: dead.contains($0.created.run)) }).pretty + "\n"
    }
}
