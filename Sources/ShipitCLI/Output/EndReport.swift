import ShipitCore

/// The last words of a command that drove a run.
enum EndReport {
    /// - Parameter lastLines: the end of what `FailureReport.culprit` printed.
    static func text(_ view: RunView, now: Instant, lastLines: [String] = []) -> String {
        if view.phase == .waiting { return waiting(view, now: now) }
        guard ExitCode.of(view.state) == 0 else {
            return FailureReport.text(view, now: now, lastLines: lastLines)
        }
        return success(view, now: now) + "run \(view.created.run)\n"
    }

    private static func waiting(_ view: RunView, now: Instant) -> String {
        let then = TypedPlace.complete("then: shipit resume \(view.created.run)")
        let lines = GateWords.open(view).isEmpty ? NextStep(view)?.lines ?? [] : [then]
        return waitingHead(view, now: now) + lines.map { $0 + "\n" }.joined()
    }

    /// For whoever stays until everybody has signed.
    static func staying(_ view: RunView, now: Instant) -> String {
        waitingHead(view, now: now) + "it goes on here at the last signature; Ctrl-C leaves, and nothing is lost\n"
    }

    private static func waitingHead(_ view: RunView, now: Instant) -> String {
        let signed = view.state.isUnbegun ? "its start" : "somebody who resumes it"
        let what = GateWords.open(view).isEmpty ? signed : "people"
        let lines =
            ["waiting for \(what): \(view.title), run \(view.created.run)"] + GateWords.open(view)
            + GateWords.ends(view, now: now).map { "  (\($0))" }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func success(_ view: RunView, now: Instant) -> String {
        let took = Words.duration(view.took(now: now))
        let release = SafeText.line(view.created.release.tag)
        let environment = SafeText.line(view.created.environment)
        if view.created.dryRun { return "dry run of \(release) to \(environment): nothing was changed\n" }
        switch view.state.outcome {
        case .rolledBack where view.state.hasPassedRehearsal:
            let recovery = view.state.recoveryTime.map { " \(Words.duration($0)) after the forced breach" } ?? ""
            let before = view.state.plan.previous.map { "\(SafeText.line($0.tag)) is back" } ?? "nothing is live again"
            return "rehearsed: \(release) was deployed to \(environment) and taken back; \(before)\(recovery)\n"
        case .rolledBack:
            let before = view.state.plan.previous.map { "; the release before it was \(SafeText.line($0.tag))" } ?? ""
            return "rolled back: \(release) on \(environment)\(before)\n"
        case .superseded: return "superseded by a newer deployment: \(release) on \(environment), after \(took)\n"
        default:
            let stages = Words.count(view.state.plan.stages.count, "stage")
            let why = view.state.outcomeReason.map { "  \(SafeText.joined($0))\n" } ?? ""
            return "succeeded: \(release) is live on \(environment), after \(took) (\(stages)\(monitored(view)))\n"
                + why
        }
    }

    private static func monitored(_ view: RunView) -> String {
        guard let began = view.state.monitoringStartedAt, let ended = view.state.finishedAt else { return "" }
        return ", monitored for \(Words.duration(ended - began))"
    }
}
