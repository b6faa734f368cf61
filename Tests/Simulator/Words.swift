import ShipitCore

extension RunEvent {
    /// A line of the transcript.
    var words: String {
        switch self {
        case .attemptStarted(let attempt): "\(attempt.text) started"
        case .attemptReattached(let attempt): "\(attempt.text) re-attached"
        case .attemptFinished(let attempt, let result): "\(attempt.text) \(result.verdict.rawValue)"
        case .stepStarted(let attempt, let step): "\(attempt.text) step \(step) started"
        case .stepFinished(let attempt, let step, _): "\(attempt.text) step \(step) finished"
        case .retryScheduled(let attempt, let at): "\(attempt.text) due at \(at)"
        case .stageSkipped(let stage, _): "\(stage) skipped"
        case .operatorActed(let act): "operator: \(act.kind)"
        case .ruleFired(let rule, _), .ruleCleared(let rule, _): "\(type): \(rule)"
        case .breached(let breach): "breached: \(breach.rule)"
        case .rollbackStarted(let reason), .paused(let reason), .interrupted(let reason), .inconclusive(let reason):
            "\(type): \(reason)"
        case .runFinished(let outcome, _): "finished: \(outcome.rawValue)"
        case .resumed(let epoch, let holder): "resumed, epoch \(epoch), \(holder.bootID)"
        case .gateWaiting(let role): "\(type): \(role)"
        case .gatePassed(let role, let stage): "\(type): \(role), \(stage?.text ?? "the beginning")"
        case .approvalGiven(let signOff), .approvalRejected(let signOff, _):
            "\(type): \(signOff.person), \(signOff.role), \(signOff.stage?.text ?? "the beginning")"
        case .holdStarted(let stage, let roles, let until): "\(stage) waits for \(roles) until \(until)"
        case .holdEnded(let stage, let refusal): "\(stage) \(refusal ?? "goes on")"
        // Only dry-runs have these, and those are no course of a run.
        case .stagePreviewed, .suiteAsked, .dryRunCompared: type
        case .rollbacksCounted(let times): "\(type): \(times)"
        case .baselineTaken(_, let lacking): "\(type): \(lacking ?? "enough")"
        case .controlMoved(let move): "\(type): \(move.control), \(move.metric); \(move.rule)"
        case .runCreated, .lockTaken, .baselineStarted, .monitoringStarted: type
        }
    }
}

extension Effect {
    var words: String {
        switch self {
        case .start(let attempt): "start \(attempt.text)"
        case .reenter(let attempt): "re-enter \(attempt.text)"
        case .verify(let attempt): "verify \(attempt.text)"
        case .end(let attempt, let verdict): "end \(attempt.text): \(verdict.rawValue)"
        case .wake(let instant): "wake at \(instant)"
        case .stop: "stop"
        }
    }
}

extension Move {
    var words: String {
        switch self {
        case .ask(let acts, let engine): "ask \(acts.map { "\($0.kind)" }.joined(separator: ", ")) of \(engine)"
        case .takeUp(let acts): "take up\(acts.isEmpty ? "" : ", \(acts.map { "\($0.kind)" }.joined(separator: ", "))")"
        case .sign(let signOff, let why): "\(why == nil ? "approve" : "reject") as \(signOff.person), \(signOff.role)"
        default: "\(self)"
        }
    }
}

extension Plan {
    var summary: String {
        stages.map { stage in
            var words = "\(stage.name): \(stage.perform.action), needs \(stage.needs), undo \(stage.undo.words)"
            words += ", attempts \(stage.retry.attempts), in doubt \(stage.onInterrupt), then \(stage.onExhausted)"
            words += ", reversible \(stage.reversible), timeout \(stage.timeout.seconds)s"
            if let deadline = stage.deadline { words += ", deadline \(deadline.seconds)s" }
            if !stage.changes { words += ", changes nothing" }
            if let finally = stage.finally { words += ", finally \(finally.action)" }
            if stage.rollbackCheck != nil { words += ", asked after a rollback" }
            if stage.skipped { words += ", skipped" }
            if let limit = stage.groupLimit { words += ", at most \(limit)" }
            return words
        }.joined(separator: "\n")
            + (approvals.map { "\nsigned by \($0.roles.map { "\($0.quorum) of \($0.people.map(\.name))" })" } ?? "")
            + (monitor.map {
                "\nmonitor: \($0.rollbackWhen.map(\.text)), \($0.inconclusive), \($0.minSamples) samples, baseline \($0.baseline?.duration.seconds ?? 0)s"
            }
                ?? "")
    }
}

extension PlannedStage.Undo {
    fileprivate var words: String {
        switch self {
        case .none: "none"
        case .nothing: "nothing to do"
        case .action: "its action's"
        case .call(let call): call.action
        }
    }
}
