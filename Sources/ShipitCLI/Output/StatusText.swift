import ShipitCore

/// `status RUN` for a person.
enum StatusText {
    static func text(_ view: RunView, now: Instant) -> String {
        let head = head(view, now: now) + "\n"
        if view.created.dryRun { return head + DryRunWords.findings(view.state.dryRun) }
        var text = head + GateWords.status(view, now: now) + stages(view, now: now)
        text += rollback(view) + rules(view, now: now) + breaches(view)
        let untold = NoticeWords.lines(view)
        if !untold.isEmpty { text += "\n" + untold.map { $0 + "\n" }.joined() }
        if let step = NextStep(view) {
            text += "\n" + step.lines.map { $0 + "\n" }.joined()
        }
        return text
    }

    private static func head(_ view: RunView, now: Instant) -> String {
        let (created, state) = (view.created, view.state)
        var table = Table()
        table.add("run", "\(created.run)" + (created.parent.map { ", after \($0)" } ?? ""))
        table.add("release", SafeText.line("\(created.release.tag), commit \(created.release.commit.prefix(12))"))
        table.add("to", SafeText.line("\(created.environment), pipeline \(created.pipeline)") + kind(created))
        table.add("state", StateWords.of(view) + timing(view, now: now))
        if let reason = reason(view) { table.add("why", SafeText.joined(reason)) }
        if let act = state.acts.last(where: { $0.kind == .abandon }) {
            let why = act.why.map { ": \($0)" } ?? ""
            table.add("settled", SafeText.line("abandoned by \(act.by)\(why)"))
        }
        table.add("started", SafeText.line("\(Words.minute(view.startedAt)) UTC by \(created.startedBy)"))
        if let recovery = state.recoveryTime { table.add("recovery", "\(Words.duration(recovery)) after the breach") }
        if let firing = created.firing {
            table.add("scheduled", SafeText.line("\(firing.entry), for \(firing.nominal)"))
        }
        if state.outcome != nil { table.add("exit code", "\(ExitCode.of(state))") }
        return table.text
    }

    private static func kind(_ created: RunCreated) -> String {
        if created.isRehearsal { return " (a rehearsal: it is taken back at its end)" }
        return created.dryRun ? " (dry run: nothing is changed)" : ""
    }

    private static func timing(_ view: RunView, now: Instant) -> String {
        switch view.phase {
        case .finished: " after \(Words.duration(view.took(now: now)))"
        case .running, .monitoring, .rollingBack: ", \(Words.elapsed(view.took(now: now))) since its start"
        case .waiting, .paused, .interrupted: ""
        }
    }

    private static func reason(_ view: RunView) -> String? {
        let state = view.state
        if let reason = state.pausedReason ?? state.outcomeReason ?? state.interruptedReason { return reason }
        if view.phase == .interrupted { return "the process that drove the run is gone" }
        return state.rollbackReason
    }

    private static func stages(_ view: RunView, now: Instant) -> String {
        var table = Table(["STAGE", "STATE", "ATTEMPTS", "TOOK", ""])
        for (planned, stage) in view.stages {
            let part = stage.perform
            let attempts = part.hasStarted ? "\(part.attempts)" : "-"
            table.add(
                SafeText.line(planned.name.text), StageWord(part, in: view).rawValue, attempts,
                took(part, view, now: now), SafeText.joined(stageNote(part, view)))
            HostRows.add(HostRows.rows(planned, stage, in: view), to: &table)
        }
        return table.text
    }

    private static func took(_ part: PartState, _ view: RunView, now: Instant) -> String {
        guard let started = part.firstStartedAt else { return "-" }
        if let finished = part.finishedAt { return Words.duration(finished - started) }
        return StageWord(part, in: view) == .running ? Words.elapsed(now - started) : "-"
    }

    private static func stageNote(_ part: PartState, _ view: RunView) -> String {
        if part.isRunning, StageWord(part, in: view) == .unknown { return "was running; resume finds out how it ended" }
        return note(part)
    }

    private static func note(_ part: PartState) -> String {
        if case .held(let until) = part.phase { return "until \(Words.minute(until)) UTC" }
        if case .waiting(let until) = part.phase { return "tried again at \(Words.clock(until))" }
        guard !part.isRunning, part.phase != .succeeded, let last = part.last else { return part.reason ?? "" }
        return EventWords.cause(last) ?? part.reason ?? ""
    }

    private static func rollback(_ view: RunView) -> String {
        guard view.state.rollbackReason != nil else { return "" }
        var table = Table(["UNDO OF", "STATE", "ATTEMPTS", ""])
        for (planned, stage) in view.stages.reversed() where stage.hasStarted {
            let attempts = stage.undo.hasStarted ? "\(stage.undo.attempts)" : "-"
            table.add(
                SafeText.line(planned.name.text), UndoWord(stage.undo, in: view).rawValue, attempts,
                SafeText.joined(undoNote(planned, stage)))
        }
        for (planned, stage) in view.stages where stage.rollbackCheck.hasStarted {
            table.add(
                SafeText.line("\(planned.name) (\(Part.rollbackCheck.words))"),
                UndoWord(stage.rollbackCheck, in: view).rawValue, "\(stage.rollbackCheck.attempts)",
                SafeText.joined(note(stage.rollbackCheck)))
        }
        return "\n" + table.text
    }

    private static func undoNote(_ planned: PlannedStage, _ stage: StageState) -> String {
        if let why = UndoWord.whyNone(planned, stage) { return why }
        return planned.undo == .nothing ? "nothing to undo" : note(stage.undo)
    }

    private static func rules(_ view: RunView, now: Instant) -> String {
        guard !view.rules.isEmpty else { return "" }
        var table = Table(["RULE", "VERDICT"])
        for state in view.rules { table.add(SafeText.line(state.rule.text), RuleWords.standing(state, now: now)) }
        return "\n" + table.text
    }

    private static func breaches(_ view: RunView) -> String {
        guard !view.state.breaches.isEmpty else { return "" }
        return "\n"
            + view.state.breaches.map {
                "breach at \(Words.clock($0.at)): \(SafeText.line(EventWords.rule($0.breach)))\n"
                    + (BreachSamples($0, in: view).map { "  \($0.words)\n" } ?? "")
            }.joined()
    }
}

/// Where a run stands, in two words at most.
enum StateWords {
    static func of(_ view: RunView) -> String {
        of(phase: view.phase, outcome: view.state.outcome)
    }

    static func of(phase: RunPhase, outcome: Outcome?) -> String {
        if phase == .finished, let outcome { return EventWords.words(outcome) }
        return phase == .rollingBack ? "rolling back" : phase.rawValue
    }
}
