import ShipitCore

/// What must never be. `event` is that at which it was seen.
struct Violation: Error {
    var what: String
}

/// A second opinion on the journal: its own small model of a run, which knows the rules and nothing of how the machine
/// keeps to them.
struct Invariants {
    struct PartModel {
        var attempts = 0
        var inFlight = false
        var succeeded = false
        var failures = 0
        var last: AttemptResult?
        /// A person, or `verify`, said that the unknown attempt may be repeated.
        var mayRepeat = false

        var isUnknown: Bool { last?.verdict == .unknown && !inFlight && !mayRepeat }
    }

    struct StageModel {
        var parts: [Part: PartModel] = [.perform: .init(), .undo: .init(), .finally: .init()]
        var isSkipped = false
        var isLeft = false
        var hasStarted: Bool { parts[.perform]!.attempts > 0 }
        var isSatisfied: Bool { isSkipped || parts[.perform]!.succeeded }
    }

    let plan: Plan
    let jobs: Int
    var stages: [StageName: StageModel] = [:]
    let planned: [StageName: PlannedStage]
    /// All that need a stage, however far up.
    let above: [StageName: Set<StageName>]
    var outcome: Outcome?
    var isRollingBack = false
    var wasAskedBack = false
    var isCancelled = false
    var isAbandoned = false
    var hasBreached = false
    var isInconclusive = false
    var epoch = Epoch(0)

    init(_ plan: Plan, jobs: Int) {
        self.plan = plan
        self.jobs = jobs
        planned = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.name, $0) })
        var above: [StageName: Set<StageName>] = [:]
        for stage in plan.stages.reversed() {
            for need in stage.needs { above[need, default: []].formUnion([stage.name] + (above[stage.name] ?? [])) }
        }
        self.above = above
        for stage in plan.stages { stages[stage.name] = StageModel() }
    }

    var inFlight: [AttemptID] {
        plan.stages.flatMap { stage in
            stages[stage.name]!.parts.filter(\.value.inFlight).map {
                AttemptID(stage: stage.name, part: $0.key, number: $0.value.attempts)
            }
        }
    }

    func demand(_ condition: Bool, _ what: @autoclosure () -> String) throws(Violation) {
        if !condition { throw Violation(what: what()) }
    }

    // MARK: Events

    mutating func take(_ event: RunEvent) throws(Violation) {
        if outcome != nil { try demand(mayFollowTheEnd(event), "\(event.type) after the end") }
        switch event {
        case .lockTaken(let new, _), .resumed(let new, _):
            try demand(new > epoch, "epoch \(new) after \(epoch)")
            epoch = new
        case .attemptStarted(let attempt): try started(attempt)
        case .attemptFinished(let attempt, let result): try finished(attempt, result)
        case .stageSkipped(let name, _):
            try demand(planned[name]!.skipped, "\(name) was skipped without a condition")
            try demand(!stages[name]!.hasStarted, "\(name) was skipped after it had started")
            stages[name]!.isSkipped = true
        case .breached: hasBreached = true
        case .inconclusive: isInconclusive = true
        case .rollbackStarted: try rollbackStarted()
        case .operatorActed(let act): try acted(act)
        case .paused, .interrupted: try demand(inFlight.isEmpty, "\(event.type) while \(inFlight) run")
        case .runFinished(let outcome, _): try finished(outcome)
        case .runCreated, .attemptReattached, .stepStarted, .stepFinished, .retryScheduled, .monitoringStarted,
            .ruleFired, .gateWaiting, .gatePassed, .approvalGiven, .approvalRejected,
            .ruleCleared:
            break
        }
    }

    private func mayFollowTheEnd(_ event: RunEvent) -> Bool {
        switch event {
        case .resumed, .operatorActed, .lockTaken: true
        default: false
        }
    }

    private mutating func started(_ attempt: AttemptID) throws(Violation) {
        let part = stages[attempt.stage]!.parts[attempt.part]!
        let retry = planned[attempt.stage]!.retry
        try demand(attempt.number == part.attempts + 1, "\(attempt.text) after attempt \(part.attempts)")
        try demand(!part.inFlight, "\(attempt.text) while the attempt before is in flight")
        try demand(!part.succeeded, "\(attempt.text) after its success")
        try demand(!part.isUnknown || isRepeatable(attempt), "\(attempt.text) while the attempt before is in doubt")
        try demand(part.failures < retry.attempts, "\(attempt.text) past its budget of \(retry.attempts)")
        try demand(inFlight.count < jobs, "\(attempt.text) is one more than \(jobs) jobs")
        switch attempt.part {
        case .perform: try mayPerform(attempt)
        case .undo: try mayUndo(attempt)
        case .finally: try mayFinish(attempt)
        }
        stages[attempt.stage]!.parts[attempt.part]!.attempts += 1
        stages[attempt.stage]!.parts[attempt.part]!.inFlight = true
        stages[attempt.stage]!.parts[attempt.part]!.mayRepeat = false
    }

    private mutating func finished(_ attempt: AttemptID, _ result: AttemptResult) throws(Violation) {
        let part = stages[attempt.stage]!.parts[attempt.part]!
        try demand(part.attempts == attempt.number, "\(attempt.text) finished, the last was \(part.attempts)")
        try demand(part.inFlight || part.isUnknown, "\(attempt.text) finished, and was not in flight")
        let wasUnknown = part.isUnknown
        stages[attempt.stage]!.parts[attempt.part]!.inFlight = false
        end(attempt.stage, attempt.part, result)
        if wasUnknown, result.verdict == .interrupted { stages[attempt.stage]!.parts[attempt.part]!.mayRepeat = true }
    }

    private mutating func end(_ stage: StageName, _ part: Part, _ result: AttemptResult) {
        stages[stage]!.parts[part]!.last = result
        switch result.verdict {
        case .succeeded: stages[stage]!.parts[part]!.succeeded = true
        case .failed, .timedOut: stages[stage]!.parts[part]!.failures += 1
        case .cancelled, .interrupted, .unknown: break
        }
    }

    private mutating func rollbackStarted() throws(Violation) {
        try demand(!isRollingBack, "a rollback while rolling back")
        try demand(inFlight.isEmpty, "a rollback while \(inFlight) run")
        let hasFailed = plan.stages.contains { isExhausted($0.name, .perform) }
        try demand(
            hasFailed || wasAskedBack || isCancelled || hasBreached || isInconclusive, "a rollback without a reason")
        isRollingBack = true
        for stage in plan.stages {
            stages[stage.name]!.isLeft = stages[stage.name]!.hasStarted && isPastReturn(stage)
            stages[stage.name]!.parts[.finally]!.succeeded = false
            stages[stage.name]!.parts[.finally]!.failures = 0
            stages[stage.name]!.parts[.finally]!.last = nil
        }
    }

    private func isPastReturn(_ stage: PlannedStage) -> Bool {
        switch stage.reversible {
        case .yes: false
        case .no: true
        case .untilContract(let contract): stages[contract]!.hasStarted
        }
    }

    private mutating func acted(_ act: OperatorAct) throws(Violation) {
        switch act.kind {
        case .cancel: isCancelled = true
        case .abandon: isAbandoned = true
        case .unlock: break
        case .rollback:
            wasAskedBack = true
            isRollingBack = false
            outcome = nil
            for stage in plan.stages {
                stages[stage.name]!.parts[.undo]!.failures = 0
                if stages[stage.name]!.parts[.undo]!.succeeded { continue }
                stages[stage.name]!.parts[.undo]!.last = nil
            }
        case .skip(let stage):
            try demand(!stages[stage]!.parts[.perform]!.inFlight, "\(stage) was skipped while it ran")
            stages[stage]!.isSkipped = true
        case .retry(let stage):
            stages[stage]!.parts[.perform]!.failures = 0
            stages[stage]!.parts[.perform]!.last = nil
        case .answer(let stage, let answer): try answered(stage, answer)
        }
    }

    private mutating func answered(_ stage: StageName, _ answer: OperatorAct.Answer) throws(Violation) {
        let parts: [Part] = isRollingBack ? [.undo, .finally] : [.perform, .undo, .finally]
        guard let part = parts.first(where: { stages[stage]!.parts[$0]!.isUnknown }) else {
            throw Violation(what: "an answer about \(stage), of which nothing is in doubt")
        }
        switch answer {
        case .done: end(stage, part, AttemptResult(.succeeded))
        case .failed: end(stage, part, AttemptResult(.failed))
        case .rerun: stages[stage]!.parts[part]!.mayRepeat = true
        }
    }
}
