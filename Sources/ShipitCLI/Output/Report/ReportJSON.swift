import ShipitCore
import ShipitEngine

/// `report RUN --format json`.
enum ReportJSON {
    static func text(_ report: RunReport) -> String { value(report).pretty + "\n" }

    static func value(_ report: RunReport) -> JSONValue {
        let view = report.view
        return .members([
            "run": RunJSON.value(view),
            "previous": view.state.plan.previous.map(RunJSON.release) ?? .null,
            "exitCode": report.exitCode.map { .integer(Int64($0)) } ?? .null,
            "reason": .text(report.reason),
            "stages": .array(view.stages.map { stage($0.planned, $0.state, report) }),
            "checks": .array(report.evidence.map(checks)),
            "signOffs": .array(report.words.map(word)),
            "acts": .array(report.acts.map(act)),
            "turns": .array(report.turns.map { .members(["at": time($0.at), "what": .string($0.words)]) }),
            "monitor": view.state.plan.monitor.map { monitor($0, report) } ?? .null,
            "rollback": rollback(report),
            "checklist": report.hasChecklist ? .array(report.checklist().map(JSONValue.string)) : .null,
            "journal": .members([
                "events": .integer(report.journal.events), "head": .string(report.journal.head),
            ]),
            "next": .text(NextStep(view)?.line),
        ]).adding("recoveryTime", view.state.recoveryTime.map { .number($0.seconds) })
            .adding("dryRun", DryRunJSON.value(view))
    }

    private static func stage(_ planned: PlannedStage, _ stage: StageState, _ report: RunReport) -> JSONValue {
        .members([
            "name": .string(planned.name.text), "action": .string(planned.perform.action),
            "changes": .bool(planned.changes),
            "state": .string(StageWord(stage.perform, in: report.view).rawValue),
            "reason": .text(stage.perform.reason),
            "attempts": .array(report.attempts.filter { $0.id.stage == planned.name }.map { attempt($0, report) }),
            "outputs": .map(stage.outputs),
        ])
    }

    private static func attempt(_ attempt: RunReport.Attempt, _ report: RunReport) -> JSONValue {
        var code: JSONValue = .null
        if case .code(let number)? = attempt.result?.exit { code = .integer(Int64(number)) }
        return .members([
            "part": .string(attempt.id.part.rawValue), "number": .integer(Int64(attempt.id.number)),
            "startedAt": time(attempt.startedAt), "finishedAt": .text(attempt.finishedAt?.description),
            "seconds": attempt.took.map { .number($0.seconds) } ?? .null,
            "verdict": .text(attempt.result?.verdict.rawValue), "exitCode": code,
            "reason": .text(attempt.result?.reason),
            "lastLines": report.printed[attempt.id].map { .array($0.map { .string(SafeText.outputLine($0)) }) }
                ?? .null,
        ])
    }

    private static func checks(_ evidence: SuiteEvidence) -> JSONValue {
        .members([
            "suite": .string(evidence.suite), "stage": .string(evidence.stage.text),
            "part": .string(evidence.attempt.part.rawValue), "attempt": .integer(Int64(evidence.attempt.number)),
            "answers": .array(
                evidence.answers.map { answer in
                    .members([
                        "name": .string(answer.check.name), "severity": .string(answer.check.severity.rawValue),
                        "owner": .text(answer.check.owner),
                        "verdict": answer.mark == .none ? .null : .string(answer.mark.rawValue),
                        "found": .text(answer.words.isEmpty ? nil : answer.words),
                        "asked": .text(answer.kept?.question), "evidence": .text(answer.kept?.evidence),
                        "at": .text(answer.kept?.at.description),
                        "seconds": answer.kept?.seconds.map(JSONValue.number) ?? .null,
                    ])
                }),
        ])
    }

    private static func word(_ word: RunReport.PersonsWord) -> JSONValue {
        .members([
            "at": time(word.at), "role": .string(word.signOff.role), "person": .string(word.signOff.person),
            "by": .string(word.signOff.by), "proof": .string(word.signOff.proof.rawValue),
            "word": .string(word.rejectedBecause == nil ? "approve" : "reject"), "why": .text(word.rejectedBecause),
            "planDigest": .string(word.signOff.planDigest),
        ])
    }

    /// As in the journal.
    private static func act(_ act: RunReport.Act) -> JSONValue {
        let entry = JournalEntry(sequence: 0, at: act.at, event: .operatorActed(act.act))
        guard case .object(let members) = JournalJSON.value(entry) else { preconditionFailure("an event is an object") }
        return .object(members.filter { !["sequence", "type"].contains($0.key) })
    }

    private static func monitor(_ monitor: Monitor, _ report: RunReport) -> JSONValue {
        .members([
            "startedAt": .text(report.view.state.monitoringStartedAt?.description),
            "rollbackWhen": .array(monitor.rollbackWhen.map { .string($0.text) }),
            "warnWhen": .array(monitor.warnWhen.map { .string($0.text) }),
            "samples": .integer(Int64(report.view.samples.count)),
            "breachSamples": .array(
                report.view.state.breaches.compactMap { BreachSamples($0, in: report.view)?.json }),
            "judgements": .array(
                report.judgements.map {
                    .members([
                        "at": time($0.at), "rule": .string($0.rule), "kind": .string($0.kind.rawValue),
                        "observed": $0.observed.map(JSONValue.number) ?? .null,
                    ])
                }),
        ])
    }

    private static func rollback(_ report: RunReport) -> JSONValue {
        guard let account = report.undoAccount else { return .null }
        func list(_ entries: [UndoAccount.Entry]) -> JSONValue {
            .array(entries.map { .members(["stage": .string($0.stage), "note": .text($0.note)]) })
        }
        return .members([
            "startedAt": .text(report.rollbackStartedAt?.description),
            "reason": .text(report.view.state.rollbackReason), "undone": list(account.undone),
            "notUndone": list(account.notUndone), "undeclared": list(account.undeclared),
            "unfinished": list(account.unfinished), "unwell": list(account.unwell),
        ])
    }

    private static func time(_ instant: Instant) -> JSONValue { .string(instant.description) }
}
