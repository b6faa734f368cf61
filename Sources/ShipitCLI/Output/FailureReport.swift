import ShipitCore

/// What is said when a run ends otherwise than well, or stands still: which stage and attempt, why, its last words, what
/// is undone and what is not, and the one command to type next.
enum FailureReport {
    /// The attempt whose output explains the end; its last lines go into the report.
    static func culprit(_ view: RunView) -> AttemptID? {
        func first(_ part: Part, _ phase: PartState.Phase) -> AttemptID? {
            view.stages.first { $0.state[part].phase == phase && $0.state[part].hasStarted }.map {
                AttemptID(stage: $0.planned.name, part: part, number: $0.state[part].attempts)
            }
        }
        return failedPerform(view) ?? first(.undo, .failed) ?? first(.finally, .failed) ?? first(
            .rollbackCheck, .failed)
            ?? first(.perform, .unknown)
            ?? first(.undo, .unknown) ?? first(.finally, .unknown)
    }

    private static func failedPerform(_ view: RunView) -> AttemptID? {
        view.stages.first { StageWord($0.state.perform, in: view) == .failed }.map {
            AttemptID(stage: $0.planned.name, number: $0.state.perform.attempts)
        }
    }

    /// - Parameter lastLines: the end of what the culprit printed.
    static func text(_ view: RunView, now: Instant, lastLines: [String] = []) -> String {
        var lines = [head(view, now: now)]
        for reason in reasons(view) {
            lines += SafeText.lines(reason).enumerated().map { ($0 == 0 ? "  " : "    ") + $1 }
        }
        let shown = lastLines.map(SafeText.outputLine).filter { !$0.isEmpty }.map(clipped)
        if !shown.isEmpty, let culprit = culprit(view) {
            lines.append("  the last lines of \(words(culprit)):")
            lines += shown.map { "    | \($0)" }
        }
        if view.state.rollbackReason != nil || view.state.finallyFailed || view.state.abandonedBy != nil {
            lines += account(view)
        }
        lines += next(view)
        return lines.map { $0 + "\n" }.joined()
    }

    /// A line without an end would bury the report.
    private static func clipped(_ line: String) -> String {
        line.utf8.count <= 2000 ? line : String(line.prefix(500)) + " … (the whole line is in the log)"
    }

    // MARK: Head

    private static func head(_ view: RunView, now: Instant) -> String {
        "\(verdict(view)): \(view.title), after \(Words.duration(view.took(now: now)))"
    }

    private static func verdict(_ view: RunView) -> String {
        let state = view.state
        switch view.phase {
        case .waiting, .running, .monitoring, .rollingBack, .paused, .interrupted: return view.phase.rawValue
        case .finished: break
        }
        if let person = state.abandonedBy { return "abandoned by \(SafeText.line(person))" }
        let isUndone = ExitCode.of(state) != 5
        switch state.outcome {
        case .refused: return "refused, and nothing was changed"
        case .cancelled:
            let person = SafeText.line(state.cancelledBy ?? "somebody")
            if state.rollbackReason == nil { return "cancelled by \(person), and nothing was changed" }
            return "cancelled by \(person), and " + (isUndone ? "undone" : "NOT all undone")
        case .rolledBack: return "FAILED and rolled back"
        case .rollbackFailed:
            let isUnwell = UndoAccount(state).isOnlyUnwell
            return isUnwell ? "FAILED and rolled back, and the release before is NOT well" : "FAILED and NOT all undone"
        case .failed: return state.rollbackReason == nil ? "FAILED" : "FAILED and NOT undone"
        case .succeeded, .superseded, nil: return state.outcome.map(EventWords.words) ?? "ended"
        }
    }

    // MARK: Reasons

    /// Why the run ended as it did, or stands still: each in words of its own.
    static func reasons(_ view: RunView) -> [String] {
        let state = view.state
        if let reason = state.pausedReason { return [reason] + failures(view).filter { !reason.contains($0) } }
        if view.phase == .interrupted {
            return [state.interruptedReason ?? "the process that drove the run is gone"] + progress(view)
        }
        let reasons = failures(view) + breaches(view)
        if reasons.isEmpty { return [state.rollbackReason ?? state.outcomeReason].compactMap(\.self) }
        return reasons
    }

    private static func failures(_ view: RunView) -> [String] {
        view.stages.compactMap { planned, stage in
            guard StageWord(stage.perform, in: view) == .failed, let last = stage.perform.last else { return nil }
            // Attempts that were interrupted don't count against the budget, so there may be more than it allows.
            let budget = planned.retry.attempts
            let tries = budget > 1 && stage.perform.attempts <= budget ? " of \(budget)" : ""
            let verb = last.verdict == .timedOut ? "timed out" : "failed"
            return "stage \(planned.name) \(verb) in attempt \(stage.perform.attempts)\(tries)"
                + (EventWords.cause(last).map { ": \($0)" } ?? "")
        }
    }

    private static func breaches(_ view: RunView) -> [String] {
        view.state.breaches.map { "breach \(EventWords.words($0.breach)) at \(Words.clock($0.at))" }
    }

    private static func progress(_ view: RunView) -> [String] {
        let words = view.stages.map { StageWord($0.state.perform, in: view) }
        let done = words.count { $0 == .succeeded || $0 == .skipped }
        return ["\(done) of \(Words.count(words.count, "stage")) \(done == 1 ? "is" : "are") through"]
    }

    // MARK: What is undone

    private static func account(_ view: RunView) -> [String] {
        guard view.state.outcome != nil else { return [] }
        let account = UndoAccount(view.state)
        // Nothing was to be undone; what is left is what a finally should have put right.
        if view.state.rollbackReason == nil, view.state.abandonedBy == nil {
            return list("NOT done:", account.unfinished)
        }
        // Where no started stage declares a way back, that is what is wrong; elsewhere it is as its author meant it.
        if ExitCode.of(view.state) == 5, !view.state.declaresWayBack {
            return list("NOT undone:", account.notUndone + account.undeclared + account.unfinished)
        }
        if ExitCode.of(view.state) == 5 {
            return list("undone:", account.undone) + list("NOT undone:", account.notUndone + account.unfinished)
                + list("NOT well after the rollback:", account.unwell)
                + list("left as it is:", account.undeclared)
        }
        return list("undone:", account.undone) + list("left as it is:", account.undeclared)
    }

    private static func list(_ title: String, _ entries: [UndoAccount.Entry]) -> [String] {
        guard !entries.isEmpty else { return [] }
        let widest = entries.map { TextWidth.of($0.stage) }.max() ?? 0
        return ["  " + title]
            + entries.map { entry in
                guard let note = entry.note else { return "    \(entry.stage)" }
                return "    \(TextWidth.padded(entry.stage, to: widest))  \(note)"
            }
    }

    // MARK: Next

    private static func next(_ view: RunView) -> [String] {
        if let step = NextStep(view) { return step.lines }
        guard view.phase == .finished else { return NextStep(command: "shipit status \(view.created.run)").lines }
        if view.state.abandonedBy != nil { return [] }
        if let culprit = culprit(view), culprit.part == .perform {
            let stage = ShellWord.quoted(SafeText.line(culprit.stage.text))
            return NextStep(command: "shipit logs \(view.created.run) \(stage)").lines
        }
        return view.state.outcome == .refused ? [] : NextStep(command: "shipit journal \(view.created.run)").lines
    }

    private static func words(_ attempt: AttemptID) -> String {
        let part = attempt.part == .perform ? "" : "the \(attempt.part.words) of "
        return part + SafeText.line(attempt.stage.text)
    }
}
