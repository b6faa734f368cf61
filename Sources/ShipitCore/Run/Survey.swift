/// What the parts that need looking at (failed, unknown, interrupted, waiting) ask for.
struct Survey {
    /// Retries to be scheduled.
    var retries: [Decision] = []
    /// Parts whose next attempt is due.
    var due: [RunState.Activity] = []
    var waits: [Decision] = []
    var verifications: [Decision] = []
    /// What ends stages that only wait, or brings them nearer to it.
    var releases: [Decision] = []
    /// Failed, and not tried again.
    var failed: [RunState.Activity] = []
    /// Unknown, and only a person can tell.
    var questions: [RunState.Activity] = []

    init(_ state: RunState, part: Part, now: Instant) {
        for activity in state.live where activity.part == part {
            switch state[activity].phase {
            case .failed: addFailed(state, activity)
            case .unknown: addUnknown(state, activity)
            case .interrupted: due.append(activity)
            case .waiting(let instant) where instant <= now: due.append(activity)
            case .waiting(let instant): waits.append(.wait(until: instant))
            case .held(let until): addHeld(state, activity, until: until, now: now)
            // Ended from outside with nobody left who asked for it: it has failed.
            case .cancelled: failed.append(activity)
            case .pending, .running, .succeeded, .none: break
            }
        }
    }

    private mutating func addHeld(_ state: RunState, _ activity: RunState.Activity, until: Instant, now: Instant) {
        let stage = state.plan.stages[activity.stage]
        if let decisions = decideHold(state, stage, until: until, now: now) {
            releases += decisions
        } else {
            waits.append(.wait(until: until))
        }
    }

    private mutating func addFailed(_ state: RunState, _ activity: RunState.Activity) {
        if let instant = state.retryInstant(activity) {
            let next = state.attempt(activity, state[activity].attempts + 1)
            retries.append(.record(.retryScheduled(next, at: instant)))
        } else {
            failed.append(activity)
        }
    }

    private mutating func addUnknown(_ state: RunState, _ activity: RunState.Activity) {
        switch state.onInterrupt(activity) {
        case .rerun: due.append(activity)
        case .verify: verifications.append(.verify(state.attempt(activity, state[activity].attempts)))
        case .ask: questions.append(activity)
        }
    }
}

extension RunState {
    /// What an unknown outcome of this part calls for. A stage's `verify` tells about its work, not about its undo; an
    /// undo or a `finally` by command asks, one by an action is repeated (actions bear that).
    func onInterrupt(_ activity: Activity) -> OnInterrupt {
        let stage = plan.stages[activity.stage]
        switch activity.part {
        case .perform:
            // A verify that could not tell has been asked already.
            return stage.onInterrupt == .verify && verifyWasInconclusive(activity) ? .ask : stage.onInterrupt
        case .undo:
            let action: String
            if case .call(let call) = stage.undo { action = call.action } else { action = stage.perform.action }
            return action == "run" ? .ask : .rerun
        case .finally: return stage.finally?.action == "run" ? .ask : .rerun
        // It asks, and changes nothing.
        case .rollbackCheck: return .rerun
        }
    }

    private func verifyWasInconclusive(_ activity: Activity) -> Bool {
        self[activity].last?.retryable == false
    }
}
