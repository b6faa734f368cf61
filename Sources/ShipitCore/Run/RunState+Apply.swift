extension RunState {
    /// Takes one event in. Every change of a run's state goes through here.
    public mutating func apply(_ event: RunEvent, at now: Instant) {
        switch event {
        case .runCreated(let created):
            self.created = created
            createdAt = now
        case .lockTaken(_, let holder):
            self.holder = holder
            hasBegun = true
            lastResumedAt = now
        case .gateWaiting: break
        case .approvalGiven(let signOff): take(signOff, rejectedBecause: nil)
        case .approvalRejected(let signOff, let why): take(signOff, rejectedBecause: why)
        case .gatePassed(let role, let stage): pass(role, stage)
        case .resumed(_, let holder): resume(holder, at: now)
        case .attemptStarted(let attempt): start(attempt, at: now)
        case .attemptReattached: break
        case .stepStarted(let attempt, let name): startStep(attempt, name)
        case .stepFinished(let attempt, let name, let result): finishStep(attempt, name, result)
        case .attemptFinished(let attempt, let result): finish(attempt, result, at: now)
        case .retryScheduled(let attempt, let instant):
            self[activity(attempt)].phase = .waiting(until: instant)
        case .stageSkipped(let name, let reason): skip(position(name), reason: reason, at: now)
        case .holdStarted(let name, _, let until): startHold(name, until: until, at: now)
        case .holdEnded(let name, let refusal): endHold(name, refusal: refusal, at: now)
        case .rollbacksCounted(let times): earlierRollbacks = times
        case .baselineStarted: baselineStartedAt = now
        case .baselineTaken(let baseline, let lacking):
            self.baseline = baseline
            baselineLack = lacking
        case .monitoringStarted: monitoringStartedAt = now
        case .ruleFired(let rule, let observed): firing[rule] = .some(observed)
        case .ruleCleared(let rule, _):
            firing[rule] = nil
            settledRules.remove(rule)
        case .breached(let breach): breaches.append((breach, now))
        case .controlMoved(let move): controlMove = move
        case .inconclusive(let reason): inconclusiveReason = reason
        case .rollbackStarted(let reason): startRollback(reason)
        case .operatorActed(let act): take(act, at: now)
        case .paused(let reason): pausedReason = reason
        case .interrupted(let reason): interruptedReason = reason
        case .stagePreviewed(let preview): dryRun.previews.append(preview)
        case .suiteAsked(let asked): dryRun.suites.append(asked)
        case .dryRunCompared(let comparison): dryRun.comparison = comparison
        case .runFinished(let outcome, let reason): finishRun(outcome, reason, at: now)
        }
        lastEventAt = now
    }

    /// What an engine of before said about waiting for a person, or saw in its samples, holds no longer.
    private mutating func resume(_ holder: Holder, at now: Instant) {
        self.holder = holder
        hasBegun = true
        lastResumedAt = now
        hasJustSettled = waitsForBudget
        if waitsForBudget {
            settledRules.formUnion(firing.keys)
            if let open = openBreach { settledRules.insert(open.breach.rule) }
            settledBreaches = breaches.count
        }
        pausedReason = nil
        interruptedReason = nil
        inconclusiveReason = nil
        controlMove = nil
        baselineStartedAt = nil
        firing = [:]
        // While nobody drove the run, what did not run used up none of its deadline. What has failed for good remains so.
        guard let lastEventAt, lastEventAt < now else { return }
        for activity in live where !self[activity].isRunning {
            if self[activity].phase == .failed, retryInstant(activity) == nil { continue }
            self[activity].budgetBeganAt = self[activity].budgetBeganAt.map { $0 + (now - lastEventAt) }
        }
    }

    mutating func dropFromLive(where isOver: (Activity, PartState) -> Bool) {
        let kept = live.filter { !isOver($0, self[$0]) }
        live = kept
    }

    func position(_ name: StageName) -> Int {
        guard let position = index[name] else { preconditionFailure("the journal names \(name), which the plan lacks") }
        return position
    }

    private func activity(_ attempt: AttemptID) -> Activity {
        Activity(stage: position(attempt.stage), part: attempt.part)
    }

    // MARK: Attempts

    private mutating func start(_ attempt: AttemptID, at now: Instant) {
        let activity = activity(attempt)
        self[activity].phase = .running
        self[activity].attempts = max(self[activity].attempts, attempt.number)
        self[activity].startedAt = now
        self[activity].startedInBoot = holder?.bootID
        self[activity].finishedAt = nil
        self[activity].reason = nil
        if self[activity].firstStartedAt == nil { self[activity].firstStartedAt = now }
        if self[activity].budgetBeganAt == nil { self[activity].budgetBeganAt = now }
        if !live.contains(activity) { live.append(activity) }
        switch attempt.part {
        case .perform: advanceReady()
        case .undo: advanceUndoReady()
        case .finally: advanceFinally()
        case .rollbackCheck: break
        }
    }

    private mutating func advanceReady() {
        let stages = stages
        ready.advance { stages[$0].perform.phase != .pending }
    }

    private mutating func startStep(_ attempt: AttemptID, _ name: String) {
        let stage = position(attempt.stage)
        // A repeated action comes to the step that was under way once more: it is the same one.
        guard stages[stage].steps[attempt]?.contains(where: { $0.name == name }) != true else { return }
        stages[stage].steps[attempt, default: []].append(.init(name: name, result: nil))
        startHost(name, attempt)
    }

    private mutating func finishStep(_ attempt: AttemptID, _ name: String, _ result: String) {
        let stage = position(attempt.stage)
        if let place = stages[stage].steps[attempt]?.firstIndex(where: { $0.name == name }) {
            stages[stage].steps[attempt]![place].result = result
            finishHost(name, attempt, result)
        }
    }

    mutating func finish(_ attempt: AttemptID, _ result: AttemptResult, at now: Instant) {
        let activity = activity(attempt)
        self[activity].last = result
        self[activity].finishedAt = now
        self[activity].reason = result.reason
        switch result.verdict {
        case .succeeded: self[activity].phase = .succeeded
        case .failed, .timedOut:
            self[activity].phase = .failed
            self[activity].failures += 1
        case .cancelled: self[activity].phase = .cancelled
        case .interrupted: self[activity].phase = .interrupted
        case .unknown: self[activity].phase = .unknown
        }
        if !needsLookingAt(activity) { live.removeAll { $0 == activity } }
        switch attempt.part {
        case .perform: performEnded(activity.stage, result, at: now)
        case .undo: if self[activity].hasEnded, !willBeRetried(activity) { undoEnded(activity.stage) }
        case .finally, .rollbackCheck: break
        }
        if result.verdict != .unknown { stages[activity.stage].steps[attempt] = nil }
        endHosts(activity, result.verdict)
    }

    /// A stage that ended badly decides the run's course and stays in view; an undo or a `finally` only while it is
    /// tried again.
    private func needsLookingAt(_ activity: Activity) -> Bool {
        switch self[activity].phase {
        case .succeeded, .none: false
        case .failed, .cancelled: activity.part == .perform || willBeRetried(activity)
        case .pending, .running, .waiting, .held, .interrupted, .unknown: true
        }
    }

    private mutating func performEnded(_ stage: Int, _ result: AttemptResult, at now: Instant) {
        lastStageEndedAt = now
        guard result.verdict == .succeeded else { return }
        stages[stage].outputs = result.outputs
        satisfy(stage)
    }

    mutating func skip(_ stage: Int, reason: String, at now: Instant) {
        let activity = Activity(stage: stage, part: .perform)
        guard self[activity].phase != .succeeded, self[activity].phase != .none else { return }
        live.removeAll { $0 == activity }
        self[activity].phase = .none
        self[activity].reason = reason
        self[activity].finishedAt = now
        satisfy(stage)
    }

    /// A stage that succeeded or was skipped counts as satisfied for those that need it.
    mutating func satisfy(_ stage: Int) {
        unfinishedPerforms -= 1
        ready.leave(stage, plan.stages[stage])
        for dependent in dependents[stage] {
            unmet[dependent] -= 1
            if unmet[dependent] == 0, stages[dependent].perform.phase == .pending {
                addReady(dependent)
            }
        }
        advanceReady()
    }

    mutating func addReady(_ stage: Int) {
        let planned = plan.stages[stage]
        if planned.hold != nil, !planned.skipped { readyHolds.append(stage) } else { ready.add(stage, planned) }
    }

    // MARK: Retry

    private func willBeRetried(_ activity: Activity) -> Bool {
        self[activity].phase == .failed && retryInstant(activity) != nil
    }

    /// When a failed part is to be tried again; `nil` when its budget is spent or another try cannot help.
    func retryInstant(_ activity: Activity) -> Instant? {
        let stage = plan.stages[activity.stage]
        let part = self[activity]
        guard part.phase == .failed, let last = part.last, let ended = part.finishedAt, last.retryable,
            part.failures < stage.retry.attempts, stage.retry.covers(verdict: last.verdict, exit: last.exit)
        else { return nil }
        let seed = "\(created?.run.text ?? "")/\(stage.name)/\(activity.part.rawValue)"
        let instant = ended + stage.retry.delay(before: part.failures + 1, seed: seed)
        // An attempt that could only begin when all time is spent is none.
        if let deadline = stage.deadline, let began = part.budgetBeganAt, instant >= began + deadline { return nil }
        return instant
    }
}

extension Part {
    static let allParts = Part.allCases
}
