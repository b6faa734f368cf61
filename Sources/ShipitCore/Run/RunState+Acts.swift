extension RunState {
    mutating func take(_ act: OperatorAct, at now: Instant) {
        acts.append(act)
        switch act.kind {
        case .cancel:
            cancelledBy = act.by
            pausedReason = nil
        case .abandon: abandonedBy = act.by
        case .unlock: break
        case .supersede: supersession = act
        case .rollback:
            rollbackWasAskedFor = true
            reopen()
        case .skip(let stage):
            pausedReason = nil
            skip(position(stage), reason: act.why ?? "skipped by \(act.by)", at: now)
        case .retry(let stage):
            pausedReason = nil
            let activity = Activity(stage: position(stage), part: .perform)
            self[activity].beAnew()
            self[activity].phase = .waiting(until: now)
            if !live.contains(activity) { live.append(activity) }
        case .answer(let stage, let answer): self.answer(position(stage), answer, at: now)
        }
    }

    /// A finished run is taken up again by `rollback`: what was undone stays so, what failed to be is tried again.
    private mutating func reopen() {
        outcome = nil
        outcomeReason = nil
        finishedAt = nil
        pausedReason = nil
        interruptedReason = nil
        rollbackReason = nil
        supersession = nil
        for stage in stages.indices where stages[stage].undo.phase != .succeeded { stages[stage].undo.beAnew() }
        dropFromLive { $0.part == .undo && !$1.isRunning }
    }

    /// The part of a stage of which a person is asked how it ended. Once the run is undone, what became of the stage's
    /// work is no question any more.
    func askedPart(_ stage: Int) -> Part? {
        let parts: [Part] = rollbackReason == nil ? Part.allParts : [.undo, .finally]
        return parts.first { stages[stage][$0].phase == .unknown }
    }

    private mutating func answer(_ stage: Int, _ answer: OperatorAct.Answer, at now: Instant) {
        guard let part = askedPart(stage) else { return }
        let activity = Activity(stage: stage, part: part)
        pausedReason = nil
        switch answer {
        case .rerun: self[activity].phase = .interrupted
        case .done, .failed:
            let verdict: Verdict = answer == .done ? .succeeded : .failed
            let number = self[activity].attempts
            finish(attempt(activity, number), AttemptResult(verdict, reason: "answered by a person"), at: now)
        }
    }

    mutating func finishRun(_ outcome: Outcome, _ reason: String?, at now: Instant) {
        self.outcome = outcome
        outcomeReason = reason
        finishedAt = now
        pausedReason = nil
        interruptedReason = nil
        closeGates(reason)
        endWaits()
        dropFromLive { !$1.isRunning }
        // What never started will not be done any more.
        for stage in stages.indices where stages[stage].perform.phase == .pending {
            stages[stage].perform.phase = .none
        }
    }

    /// What waits for another try is not tried again: it failed. What only waits has nothing to wait for any more.
    mutating func endWaits() {
        for activity in live {
            switch self[activity].phase {
            case .waiting: self[activity].phase = .failed
            case .held: self[activity].phase = .cancelled
            default: break
            }
        }
    }
}
