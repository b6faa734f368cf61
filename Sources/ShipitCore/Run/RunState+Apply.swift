extension RunState {
    /// Takes one event in. Every change of a run's state goes through here.
    public mutating func apply(_ event: RunEvent, at now: Instant) {
        switch event {
        case .runCreated(let created):
            self.created = created
            createdAt = now
        case .lockTaken(_, let holder):
            self.holder = holder
            lastResumedAt = now
        case .resumed(_, let holder):
            self.holder = holder
            lastResumedAt = now
            pausedReason = nil
            interruptedReason = nil
            inconclusiveReason = nil
        case .attemptStarted(let attempt): start(attempt, at: now)
        case .attemptReattached: break
        case .stepStarted(let attempt, let name):
            stages[position(attempt.stage)].steps[attempt, default: []].append(.init(name: name, result: nil))
        case .stepFinished(let attempt, let name, let result): finishStep(attempt, name, result)
        case .attemptFinished(let attempt, let result): finish(attempt, result, at: now)
        case .retryScheduled(let attempt, let instant):
            self[activity(attempt)].phase = .waiting(until: instant)
        case .stageSkipped(let name, let reason): skip(position(name), reason: reason, at: now)
        case .monitoringStarted: monitoringStartedAt = now
        case .ruleFired(let rule, let observed): firing[rule] = .some(observed)
        case .ruleCleared(let rule, _): firing[rule] = nil
        case .breached(let breach): breaches.append((breach, now))
        case .inconclusive(let reason): inconclusiveReason = reason
        case .rollbackStarted(let reason): startRollback(reason)
        case .operatorActed(let act): take(act, at: now)
        case .paused(let reason): pausedReason = reason
        case .interrupted(let reason): interruptedReason = reason
        case .runFinished(let outcome, let reason): finishRun(outcome, reason, at: now)
        }
    }

    private mutating func dropFromLive(where isOver: (Activity, PartState) -> Bool) {
        let kept = live.filter { !isOver($0, self[$0]) }
        live = kept
    }

    private func position(_ name: StageName) -> Int {
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
        self[activity].finishedAt = nil
        self[activity].reason = nil
        if self[activity].firstStartedAt == nil { self[activity].firstStartedAt = now }
        if !live.contains(activity) { live.append(activity) }
        switch attempt.part {
        case .perform:
            countGroup(activity.stage, 1)
            advanceReady()
        case .undo: undoReady.removeAll { $0 == activity.stage }
        case .finally: break
        }
    }

    private mutating func countGroup(_ stage: Int, _ change: Int) {
        guard let group = plan.stages[stage].group else { return }
        runningInGroup[group, default: 0] += change
    }

    /// Passes over the stages at the head of the queue that have been dealt with.
    private mutating func advanceReady() {
        while readyHead < ready.count, stages[ready[readyHead]].perform.phase != .pending { readyHead += 1 }
    }

    private mutating func finishStep(_ attempt: AttemptID, _ name: String, _ result: String) {
        let stage = position(attempt.stage)
        if let place = stages[stage].steps[attempt]?.firstIndex(where: { $0.name == name }) {
            stages[stage].steps[attempt]![place].result = result
        }
    }

    private mutating func finish(_ attempt: AttemptID, _ result: AttemptResult, at now: Instant) {
        let activity = activity(attempt)
        let wasRunning = self[activity].isRunning
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
        if wasRunning, attempt.part == .perform { countGroup(activity.stage, -1) }
        switch attempt.part {
        case .perform: performEnded(activity.stage, result, at: now)
        case .undo: if self[activity].phase == .succeeded || isExhausted(activity) { undoEnded(activity.stage) }
        case .finally: break
        }
        if result.verdict != .unknown { stages[activity.stage].steps[attempt] = nil }
    }

    /// A failed stage decides the run's course and stays in view; a failed undo or `finally` only while it is tried again.
    private func needsLookingAt(_ activity: Activity) -> Bool {
        guard self[activity].hasEnded else { return true }
        guard self[activity].phase == .failed else { return false }
        return activity.part == .perform || !isExhausted(activity)
    }

    private mutating func performEnded(_ stage: Int, _ result: AttemptResult, at now: Instant) {
        lastStageEndedAt = now
        guard result.verdict == .succeeded else { return }
        stages[stage].outputs = result.outputs
        satisfy(stage)
    }

    private mutating func skip(_ stage: Int, reason: String, at now: Instant) {
        let activity = Activity(stage: stage, part: .perform)
        guard self[activity].phase != .succeeded, self[activity].phase != .none else { return }
        live.removeAll { $0 == activity }
        self[activity].phase = .none
        self[activity].reason = reason
        self[activity].finishedAt = now
        advanceReady()
        satisfy(stage)
    }

    /// A stage that succeeded or was skipped counts as satisfied for those that need it.
    private mutating func satisfy(_ stage: Int) {
        unfinishedPerforms -= 1
        for dependent in dependents[stage] {
            unmet[dependent] -= 1
            if unmet[dependent] == 0 { ready.append(dependent) }
        }
    }

    // MARK: Retry

    /// Whether a failed part will not be tried again.
    func isExhausted(_ activity: Activity) -> Bool {
        self[activity].phase == .failed && retryInstant(activity) == nil
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
        if let deadline = stage.deadline, let first = part.firstStartedAt, instant > first + deadline { return nil }
        return instant
    }

    // MARK: Rollback

    private mutating func startRollback(_ reason: String) {
        rollbackReason = reason
        pausedReason = nil
        // What waits for another try is not tried again; what ended badly needs no more looking at.
        dropFromLive { $0.part == .finally || ($0.part == .perform && !$1.isRunning) }
        resetFinally()
        planUndos()
    }

    /// Lays out the undoing: a stage's turn comes when the undos of all that need it have ended. A stage that never
    /// started, or has nothing to be undone, passes its turn on at once.
    private mutating func planUndos() {
        undoBlockers = dependents.map(\.count)
        undoReady = []
        unfinishedUndos = stages.count
        for stage in stages.indices {
            stages[stage].isLeft = stages[stage].hasStarted && isPastReturn(stage)
        }
        // Those without dependents begin; ending one may set others free, which `undoEnded` follows up.
        for stage in stages.indices.reversed() where dependents[stage].isEmpty { takeUndoTurn(stage) }
    }

    private func isPastReturn(_ stage: Int) -> Bool {
        switch plan.stages[stage].reversible {
        case .yes: false
        case .no: true
        case .untilContract(let contract): index[contract].map { stages[$0].hasStarted } ?? false
        }
    }

    private mutating func takeUndoTurn(_ first: Int) {
        var turn = [first]
        while let stage = turn.popLast() {
            let undo = Activity(stage: stage, part: .undo)
            if self[undo].phase == .succeeded {
                // Undone by an earlier rollback of this run.
            } else if !stages[stage].hasStarted || stages[stage].isLeft || plan.stages[stage].undo == .none {
                self[undo].phase = .none
                self[undo].reason = stages[stage].isLeft ? "past its point of no return" : nil
            } else if plan.stages[stage].undo == .nothing {
                self[undo].phase = .succeeded
            } else {
                self[undo].phase = .pending
                undoReady.append(stage)
                continue
            }
            turn += passUndoTurn(stage)
        }
    }

    /// - Returns: the stages whose turn has come with it.
    private mutating func passUndoTurn(_ stage: Int) -> [Int] {
        unfinishedUndos -= 1
        var next: [Int] = []
        for need in needs[stage] {
            undoBlockers[need] -= 1
            if undoBlockers[need] == 0 { next.append(need) }
        }
        return next
    }

    /// A failed undo ends its turn as well: the others are undone all the same.
    mutating func undoEnded(_ stage: Int) {
        for next in passUndoTurn(stage) { takeUndoTurn(next) }
    }

    // MARK: Finally

    /// After a rollback every `finally` runs (again).
    private mutating func resetFinally() {
        for stage in finallyStages {
            stages[stage].finally.phase = .pending
            stages[stage].finally.failures = 0
        }
    }

    // MARK: People and the end

    private mutating func take(_ act: OperatorAct, at now: Instant) {
        acts.append(act)
        switch act.kind {
        case .cancel: cancelledBy = act.by
        case .abandon: abandonedBy = act.by
        case .rollback:
            rollbackWasAskedFor = true
            reopen()
        case .skip(let stage):
            pausedReason = nil
            skip(position(stage), reason: act.why ?? "skipped by \(act.by)", at: now)
        case .retry(let stage):
            pausedReason = nil
            let activity = Activity(stage: position(stage), part: .perform)
            self[activity].failures = 0
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
        for stage in stages.indices where stages[stage].undo.phase != .succeeded {
            stages[stage].undo.phase = .pending
            stages[stage].undo.failures = 0
        }
        dropFromLive { $0.part == .undo && !$1.isRunning }
    }

    private mutating func answer(_ stage: Int, _ answer: OperatorAct.Answer, at now: Instant) {
        let part = Part.allParts.first { stages[stage][$0].phase == .unknown } ?? .perform
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

    private mutating func finishRun(_ outcome: Outcome, _ reason: String?, at now: Instant) {
        self.outcome = outcome
        outcomeReason = reason
        finishedAt = now
        pausedReason = nil
        interruptedReason = nil
        dropFromLive { !$1.isRunning }
        for stage in stages.indices where stages[stage].perform.phase == .pending {
            stages[stage].perform.phase = .none
        }
    }
}

extension Part {
    static let allParts: [Part] = [.perform, .undo, .finally]
}
