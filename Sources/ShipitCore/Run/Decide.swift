/// What follows from where a run stands.
public enum Decision: Hashable, Sendable {
    /// An event to be recorded; an intent among them is carried out once it is durable.
    case record(RunEvent)
    /// End the attempt's commands; its result will say why it ended.
    case end(AttemptID, because: Verdict)
    /// Ask the stage whether its work is done.
    case verify(AttemptID)
    /// Nothing to do before then.
    case wait(until: Instant)
    /// The engine has nothing left to do for this run, for now or for good.
    case stop
}

/// What deciding must know beside the journal.
public struct Conditions: Sendable {
    public enum Interrupt: Int, Comparable, Sendable {
        case none
        /// First interrupt: what runs finishes, nothing new starts.
        case drain
        /// Second: what runs is ended.
        case abort

        public static func < (left: Interrupt, right: Interrupt) -> Bool { left.rawValue < right.rawValue }
    }

    /// How many stages may run at once.
    public var jobs: Int
    public var interrupt: Interrupt
    public var monitor: MonitorVerdict
    /// What was measured before the first change, once the time for it is over.
    public var baseline: Baseline?
    /// Whether the engine stays where only people can move the run on.
    public var staysForPeople: Bool

    public init(
        jobs: Int, interrupt: Interrupt = .none, monitor: MonitorVerdict = .none, baseline: Baseline? = nil,
        staysForPeople: Bool = true
    ) {
        self.jobs = jobs
        self.interrupt = interrupt
        self.monitor = monitor
        self.baseline = baseline
        self.staysForPeople = staysForPeople
    }
}

/// What happens next: a function of the journal, the plan and the time. Asked again after every change until it has no
/// event to add.
public func decide(_ state: RunState, _ conditions: Conditions, now: Instant) -> [Decision] {
    if state.outcome != nil { return [.stop] }
    if let person = state.abandonedBy { return decideAbandoned(state, by: person) }
    if let act = state.supersession { return [.record(.runFinished(outcome: .superseded, reason: act.why))] }
    if let decisions = decideGates(state, now: now) { return decisions }
    if conditions.interrupt > .none { return decideInterrupted(state, conditions) }
    if state.pausedReason != nil || state.interruptedReason != nil { return [.stop] }
    return state.rollbackReason == nil ? decideForward(state, conditions, now) : decideRollback(state, conditions, now)
}

private func decideAbandoned(_ state: RunState, by person: String) -> [Decision] {
    if state.isRunningAnything { return endAll(state, because: .cancelled) { _ in true } }
    let why = state.acts.last { $0.kind == .abandon }?.why
    return [.record(.runFinished(outcome: .failed, reason: "abandoned by \(person)" + (why.map { ": \($0)" } ?? "")))]
}

private func decideInterrupted(_ state: RunState, _ conditions: Conditions) -> [Decision] {
    if state.isRunningAnything {
        if conditions.interrupt == .abort { return endAll(state, because: .interrupted) { _ in true } }
        // A cancel or a breach ends what runs, an interrupt or not; the way back is for the next engine.
        let isBoundBack = state.rollbackReason == nil && orderToStop(state) != nil
        return isBoundBack ? endAll(state, because: .cancelled) { $0.part == .perform } : []
    }
    if state.interruptedReason != nil { return [.stop] }
    return [.record(.interrupted(reason: "interrupted by the operator"))]
}

extension RunState {
    /// Whether the journal holds a reason for which this attempt is ended from outside.
    func isToBeEnded(_ attempt: AttemptID) -> Bool {
        abandonedBy != nil || (attempt.part == .perform && orderToStop(self) != nil)
    }
}

private func endAll(
    _ state: RunState, because verdict: Verdict, where matches: (RunState.Activity) -> Bool
) -> [Decision] {
    state.live.filter { state[$0].isRunning && matches($0) }
        .map { .end(state.attempt($0, state[$0].attempts), because: verdict) }
}

// MARK: Forward

private func decideForward(_ state: RunState, _ conditions: Conditions, _ now: Instant) -> [Decision] {
    let survey = Survey(state, part: .perform, now: now)
    if let course = stopCourse(state, survey, now) {
        return decideStop(state, survey, course, now)
    }
    // One of them may be a failure, and then nothing new starts.
    if !survey.releases.isEmpty { return survey.releases }
    var decisions = survey.retries
    if monitoringBegins(state) { decisions.append(.record(.monitoringStarted)) }
    decisions += holds(state, now) + starts(state, survey, conditions) + decideBaseline(state, conditions, now)
    if !decisions.isEmpty { return decisions + survey.waits }
    if state.unfinishedPerforms == 0 { return decideEnd(state, conditions, now) }
    if !conditions.staysForPeople, state.waitsForPeople, survey.verifications.isEmpty { return [.stop] }
    return survey.waits + survey.verifications
}

/// Why nothing new may start.
private enum StopCourse {
    /// Ends what runs: a breach, a cancel, a rollback asked for.
    case now(String)
    /// Lets what runs finish: a stage failed.
    case failure(RunState.Activity)
    /// A person must say how an attempt ended.
    case question(RunState.Activity)
    /// Lets what runs finish, and ends the run: nothing has changed.
    case refusal(String)
    /// Lets what runs finish, and asks a person: what went wrong need not be this release, or the monitor has brought back
    /// enough releases here for one day.
    case pause(String)
}

private func stopCourse(_ state: RunState, _ survey: Survey, _ now: Instant) -> StopCourse? {
    if let reason = orderToStop(state) { return .now(reason) }
    if !state.hasChangedAnything, state.signOffsHaveEnded(now) { return .now(state.whySignOffsEnded) }
    // Where one failure is to be waited with and another is not, waiting helps nobody.
    let final = survey.failed.first { state.plan.stages[$0.stage].onExhausted == .rollback }
    if let failed = final ?? survey.failed.first { return .failure(failed) }
    if let asked = survey.questions.first { return .question(asked) }
    if let reason = state.whyNoBaseline { return .refusal(reason) }
    return (state.spentBudgetReason ?? state.controlMove?.reason).map(StopCourse.pause)
}

/// What ends even running stages: a person's word, or a breach.
func orderToStop(_ state: RunState) -> String? {
    if state.rollbackWasAskedFor, let act = state.acts.last(where: { $0.kind == .rollback }) {
        return "asked for by \(act.by)" + (act.why.map { ": \($0)" } ?? "")
    }
    if let person = state.cancelledBy { return "cancelled by \(person)" }
    guard let breach = state.openBreach, state.spentBudgetReason == nil else { return nil }
    return "breach \(breach.breach.words)"
}

private func decideStop(_ state: RunState, _ survey: Survey, _ course: StopCourse, _ now: Instant) -> [Decision] {
    if state.isRunningAnything {
        if case .now = course { return endAll(state, because: .cancelled) { $0.part == .perform } }
        return survey.verifications
    }
    // Who says that all is to be undone has answered what became of it; a breach has not.
    if state.rollbackWasAskedFor || state.cancelledBy != nil, case .now(let reason) = course {
        return begin(rollback: reason, state, now)
    }
    if !survey.verifications.isEmpty { return survey.verifications }
    if let asked = survey.questions.first { return [.record(.paused(reason: question(state, asked)))] }
    switch course {
    case .question: return []
    case .now(let reason), .refusal(let reason): return begin(rollback: reason, state, now)
    case .pause(let reason): return [.record(.paused(reason: reason))]
    case .failure(let activity):
        let stage = state.plan.stages[activity.stage]
        let reason = failureReason(state, activity)
        if stage.onExhausted == .pause { return [.record(.paused(reason: reason))] }
        return begin(rollback: reason, state, now)
    }
}

private func begin(rollback reason: String, _ state: RunState, _ now: Instant) -> [Decision] {
    let somethingToUndo = state.plan.stages.indices.contains {
        state.stages[$0].hasStarted && state.plan.stages[$0].undo.doesSomething
    }
    if state.hasChangedAnything || somethingToUndo || state.rollbackWasAskedFor {
        return [.record(.rollbackStarted(reason: reason))]
    }
    if let more = decideFinally(state, now) { return more }
    let outcome: Outcome =
        state.cancelledBy != nil ? .cancelled : state.finallyFailed ? .failed : .refused
    return [.record(.runFinished(outcome: outcome, reason: reason))]
}

private func failureReason(_ state: RunState, _ activity: RunState.Activity) -> String {
    let name = state.plan.stages[activity.stage].name
    let reason = state[activity].reason.map { ": \($0)" } ?? ""
    return "stage \(name) failed\(reason)"
}

private func starts(_ state: RunState, _ survey: Survey, _ conditions: Conditions) -> [Decision] {
    var free = conditions.jobs - state.live.count(where: { state[$0].isRunning })
    var decisions: [Decision] = []
    for activity in survey.due where free > 0 {
        decisions.append(.record(.attemptStarted(state.attempt(activity, state[activity].attempts + 1))))
        free -= 1
    }
    for position in state.ready.candidates {
        let stage = state.plan.stages[position]
        guard state.stages[position].perform.phase == .pending, !state.awaitsBaseline(position) else { continue }
        if stage.skipped {
            decisions.append(.record(.stageSkipped(stage.name, reason: "its condition is false")))
            continue
        }
        guard free > 0 else { break }
        decisions.append(.record(.attemptStarted(AttemptID(stage: stage.name, number: 1))))
        free -= 1
    }
    return decisions
}

private func monitoringBegins(_ state: RunState) -> Bool {
    guard state.plan.monitor != nil, state.monitoringStartedAt == nil else { return false }
    if state.monitorFrom.isEmpty { return state.unfinishedPerforms == 0 }
    return state.monitorFrom.allSatisfy {
        let phase = state.stages[$0].perform.phase
        return phase == .succeeded || phase == .none
    }
}

/// All stages are through: `finally`, the monitor's tail, the end.
private func decideEnd(_ state: RunState, _ conditions: Conditions, _ now: Instant) -> [Decision] {
    if let more = decideFinally(state, now) { return more }
    // What a rehearsal is for: from here on it is the way back of any other run.
    if let created = state.created, created.isRehearsal { return [.record(.breached(.forced(by: created.startedBy)))] }
    var reason: String?
    if let monitor = state.plan.monitor {
        let end = (state.lastStageEndedAt ?? state.monitoringStartedAt ?? now) + monitor.duration
        switch conditions.monitor {
        case .inconclusive(let why):
            if let more = inconclusive(state, monitor, why, now) { return more }
            guard now >= end else { return [.wait(until: end)] }
            reason = why
        case .pass where now >= end: break
        case .none where now >= end && monitor.rollbackWhen.isEmpty: break
        // A person went on in spite of it, and it has not cleared since.
        case .open where now >= end && state.settledRule != nil:
            let reason = "the monitor's time is over, and \(state.settledRule ?? "") is still over its limit"
            return [.record(.paused(reason: reason))]
        // Past the end only another sample, or the grace of a rule without verdict, can tell.
        case .pass, .none, .open: return now < end ? [.wait(until: end)] : []
        }
    }
    if state.finallyFailed {
        return [.record(.runFinished(outcome: .failed, reason: "all stages succeeded, but a finally failed"))]
    }
    return [.record(.runFinished(outcome: .succeeded, reason: reason))]
}

/// `nil` where no verdict is borne until the end.
private func inconclusive(
    _ state: RunState, _ monitor: Monitor, _ reason: String, _ now: Instant
) -> [Decision]? {
    if state.inconclusiveReason == nil { return [.record(.inconclusive(reason: reason))] }
    switch monitor.inconclusive {
    case .pause: return [.record(.paused(reason: reason))]
    case .rollback:
        if let spent = state.spentBudget(at: now) { return [.record(.paused(reason: "\(reason); \(spent)"))] }
        return [.record(.rollbackStarted(reason: reason))]
    case .ignore: return nil
    }
}

extension PlannedStage.Undo {
    var doesSomething: Bool {
        switch self {
        case .none, .nothing: false
        case .action, .call: true
        }
    }
}
