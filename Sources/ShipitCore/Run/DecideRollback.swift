/// Undoing: the same loop, in reverse.
func decideRollback(_ state: RunState, _ conditions: Conditions, _ now: Instant) -> [Decision] {
    let survey = Survey(state, part: .undo, now: now)
    var decisions = survey.retries
    var free = conditions.jobs - state.live.count(where: { state[$0].isRunning })
    func start(_ activity: RunState.Activity) {
        decisions.append(.record(.attemptStarted(state.attempt(activity, state[activity].attempts + 1))))
        free -= 1
    }
    for activity in survey.due where free > 0 { start(activity) }
    for stage in state.undoReady.candidates {
        if free <= 0 { break }
        if state.stages[stage].undo.phase == .pending { start(.init(stage: stage, part: .undo)) }
    }
    if !decisions.isEmpty || state.isRunningAnything { return decisions + survey.waits }
    // All the others are undone before a person is asked.
    if !survey.waits.isEmpty { return survey.waits }
    if let asked = survey.questions.first { return [.record(.paused(reason: question(state, asked)))] }
    if let more = decideFinally(state, now) { return more }
    if let more = decideRollbackCheck(state, now) { return more }
    return [.record(.runFinished(outcome: rollbackOutcome(state), reason: state.rollbackReason))]
}

private func rollbackOutcome(_ state: RunState) -> Outcome {
    if state.cancelledBy != nil, !state.rollbackWasAskedFor { return .cancelled }
    if state.hasChangedAnything, !state.declaresWayBack { return .failed }
    return state.isWhollyUndone ? .rolledBack : .rollbackFailed
}

/// Runs each `finally` of the stages that started, the last stage's first. `nil` when there is nothing left of it.
func decideFinally(_ state: RunState, _ now: Instant) -> [Decision]? {
    if state.live.contains(where: { $0.part == .finally && state[$0].isRunning }) { return [] }
    let survey = Survey(state, part: .finally, now: now)
    if !survey.retries.isEmpty { return survey.retries }
    let next =
        survey.due.first
        ?? state.finallyStages[state.finallyHead...].first {
            state.stages[$0].hasStarted && state.stages[$0].finally.phase == .pending
        }.map { RunState.Activity(stage: $0, part: .finally) }
    if let next { return [.record(.attemptStarted(state.attempt(next, state[next].attempts + 1)))] }
    if !survey.waits.isEmpty { return survey.waits }
    if let asked = survey.questions.first { return [.record(.paused(reason: question(state, asked)))] }
    return nil
}

/// Asks, once all is undone, whether the release before is well. `nil` when there is nothing left of it.
private func decideRollbackCheck(_ state: RunState, _ now: Instant) -> [Decision]? {
    guard let stage = state.checkedStage, state.wantsRollbackCheck else { return nil }
    let activity = RunState.Activity(stage: stage, part: .rollbackCheck)
    if state[activity].isRunning { return [] }
    let survey = Survey(state, part: .rollbackCheck, now: now)
    if !survey.retries.isEmpty { return survey.retries }
    if state[activity].phase == .pending || !survey.due.isEmpty {
        return [.record(.attemptStarted(state.attempt(activity, state[activity].attempts + 1)))]
    }
    return survey.waits.isEmpty ? nil : survey.waits
}

func question(_ state: RunState, _ activity: RunState.Activity) -> String {
    let name = state.plan.stages[activity.stage].name
    let part = activity.part == .perform ? "" : "the \(activity.part.rawValue) of "
    return "nobody knows how \(part)\(name) ended; say so with --stage \(name)=done, failed or rerun"
}

extension RunState {
    public var finallyFailed: Bool { finallyStages.contains { stages[$0].finally.phase == .failed } }

    /// Whether a started stage that changes things has a way back.
    public var declaresWayBack: Bool {
        plan.stages.indices.contains {
            plan.stages[$0].changes && stages[$0].hasStarted && plan.stages[$0].undo != .none
        }
    }

    /// Every way back that the started stages declare was taken, every `finally` succeeded, and the release before was found
    /// to be well where that is asked.
    public var isWhollyUndone: Bool {
        isUndone && (!wantsRollbackCheck || checkedStage.map { stages[$0].rollbackCheck.phase == .succeeded } ?? true)
    }

    /// Whether it is to be asked if the release before is well: where something had to be undone, and was.
    var wantsRollbackCheck: Bool {
        checkedStage != nil && rollbackReason != nil && hasChangedAnything && declaresWayBack && isUndone
    }

    private var isUndone: Bool {
        !finallyFailed
            && plan.stages.indices.allSatisfy { position in
                guard stages[position].hasStarted else { return true }
                if stages[position].isLeft { return false }
                return !plan.stages[position].undo.doesSomething || stages[position].undo.phase == .succeeded
            }
    }
}

extension RunState {
    /// Whether a rehearsal came to its forced breach, and the way back from there was taken wholly and by itself.
    public var hasPassedRehearsal: Bool {
        isRehearsal && outcome == .rolledBack && !rollbackWasAskedFor && breaches.last?.breach.isForced == true
    }

    /// From the breach to the end of the run that it brought back; `nil` for any other run.
    public var recoveryTime: TimeSpan? {
        guard outcome == .rolledBack, let breach = breaches.last, let finishedAt else { return nil }
        return finishedAt - breach.at
    }
}

/// The exit code that goes with a run's state (`cli.md`).
public enum ExitCode {
    public static func of(_ state: RunState) -> Int32 {
        guard let outcome = state.outcome else { return 6 }
        switch outcome {
        case .succeeded, .superseded: return 0
        case .refused: return 3
        case .rolledBack: return state.rollbackWasAskedFor || state.hasPassedRehearsal ? 0 : 4
        case .cancelled:
            let nothingLeft = state.isWhollyUndone && (state.declaresWayBack || !state.hasChangedAnything)
            return nothingLeft ? 4 : 5
        case .failed, .rollbackFailed: return 5
        }
    }
}
