internal import Foundation
import ShipitCore

/// A second opinion on the journal: its own small model of a run, which knows the rules and nothing of how the machine
/// keeps to them.
struct Invariants {
    struct PartModel {
        var attempts = 0
        var inFlight = false
        var succeeded = false
        var failures = 0
        var last: AttemptResult?
        var finishedAt: Instant?
        /// When the budget's first attempt started; later by the time in which nobody drove the run.
        var budgetBegan: Instant?
        /// A person, or `verify`, said that the unknown attempt may be repeated.
        var mayRepeat = false

        var isUnknown: Bool { last?.verdict == .unknown && !inFlight && !mayRepeat }
    }

    struct StageModel {
        /// Durable steps of an attempt: false while under way.
        var steps: [AttemptID: [String: Bool]] = [:]
        var parts: [Part: PartModel] = Dictionary(
            uniqueKeysWithValues: Part.allCases.map { ($0, PartModel()) })
        var isSkipped = false
        var isLeft = false
        var hasStarted: Bool { parts[.perform]!.attempts > 0 }
        /// Whether it has succeeded or failed.
        var isOver: Bool { parts[.perform]!.last != nil }
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
    var isSuperseded = false
    var isAbandoned = false
    var hasBreached = false
    var isInconclusive = false
    var isRehearsal = false
    /// Whether the rehearsal has come to what it is for.
    var wasForced = false
    var earlierRollbacks: [Instant] = []
    var breachedAt: Instant?
    /// It stands still because of a breach that brings nothing back.
    var isPausedByBudget = false
    var epoch = Epoch(0)
    /// Of the last append.
    var appender: Int64 = 0
    var sequence: Int64 = 0
    var lastAt: Instant?
    var createdAt: Instant?
    var hasBegun = false
    var gates: [GateModel.Key: GateModel] = [:]
    /// Stages that wait, or have waited, each until when.
    var holds: [StageName: Instant] = [:]
    var rejectedStages: Set<StageName> = []
    var isRejected = false
    /// The engine whose samples count now, and what it has measured of each source.
    var watcher: Int64 = 0
    var measured: [String: Measured] = [:]
    var baseline = BaselineModel()
    /// A control moved, and nobody has taken the run up since.
    var hasControlMoved = false

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

    func demand(
        _ invariant: Invariant, _ condition: Bool, _ what: @autoclosure () -> String
    ) throws(Violation) {
        if !condition { throw Violation(invariant, what()) }
    }

    // MARK: Events

    /// I1: whoever appends has the newest epoch of all that ever have.
    mutating func appends(epoch: Int64) throws(Violation) {
        try demand(.oneEngine, epoch >= appender, "engine \(epoch) appends after engine \(appender)")
        appender = epoch
    }

    mutating func take(_ entry: JournalEntry) throws(Violation) {
        try demand(.journal, entry.sequence == sequence + 1, "entry \(entry.sequence) after \(sequence)")
        sequence = entry.sequence
        try take(entry.event, at: entry.at)
        lastAt = entry.at
    }

    private mutating func take(_ event: RunEvent, at now: Instant) throws(Violation) {
        if outcome != nil { try demand(.rules, mayFollowTheEnd(event), "\(event.type) after the end") }
        switch event {
        case .lockTaken(let new, _), .resumed(let new, _):
            try demand(.oneEngine, new > epoch, "epoch \(new) after \(epoch)")
            epoch = new
            hasBegun = true
            baseline.began = nil
            hasControlMoved = false
            if case .resumed = event { rest(until: now) } else { try begins() }
            // Whoever takes it up goes on in spite of it.
            if isPausedByBudget { hasBreached = false }
            isPausedByBudget = false
        case .attemptStarted(let attempt): try started(attempt, at: now)
        case .attemptFinished(let attempt, let result): try finished(attempt, result, at: now)
        case .stepStarted(let attempt, let step): try stepStarted(attempt, step)
        case .stepFinished(let attempt, let step, _): try stepFinished(attempt, step)
        case .retryScheduled(let attempt, let instant): try scheduled(attempt, at: instant, now: now)
        case .stageSkipped(let name, _):
            try demand(.rules, planned[name]!.skipped, "\(name) was skipped without a condition")
            try demand(.rules, !stages[name]!.hasStarted, "\(name) was skipped after it had started")
            stages[name]!.isSkipped = true
        case .breached(let breach):
            if breach.isForced { try mayBeForced() } else { try mayBreach(breach) }
            hasBreached = true
            breachedAt = now
            wasForced = wasForced || breach.isForced
        case .baselineStarted: try baselineStarted(at: now)
        case .baselineTaken(let taken, let lacking): try baselineTaken(taken, lacking, at: now)
        case .controlMoved(let move): try controlMoved(move)
        case .inconclusive: isInconclusive = true
        case .rollbackStarted: try rollbackStarted(at: now)
        case .operatorActed(let act): try acted(act, at: now)
        case .paused, .interrupted:
            try demand(.noProcess, inFlight.isEmpty, "\(event.type) while \(inFlight) run")
            if case .paused(let reason) = event, hasBreached, reason.contains("rollback-budget") {
                try demand(.monitoring, isBudgetSpent(at: breachedAt ?? now), "paused before the budget was spent")
                isPausedByBudget = true
            }
        case .rollbacksCounted(let times): earlierRollbacks = times
        case .runFinished(let outcome, _): try finished(outcome, at: now)
        case .attemptReattached(let attempt):
            try demand(.intent, inFlight.contains(attempt), "\(attempt.text) re-attached, not in flight")
        case .approvalGiven(let signOff): try approved(signOff, at: now)
        case .approvalRejected(let signOff, _): try rejected(signOff, at: now)
        case .gatePassed(let role, let stage): try passed(role, stage)
        case .holdStarted(let stage, let roles, let until): try holdStarted(stage, roles, until: until, at: now)
        case .holdEnded(let stage, let refusal): try holdEnded(stage, refusal: refusal, at: now)
        case .runCreated(let created):
            createdAt = now
            isRehearsal = created.isRehearsal
        case .stagePreviewed, .suiteAsked, .dryRunCompared:
            throw Violation(.rules, "\(event.type) in a run that is no dry-run")
        case .gateWaiting, .monitoringStarted, .ruleFired, .ruleCleared: break
        }
    }

    /// I6: what is read is what was written.
    func reads(_ journal: [JournalEntry]) throws(Violation) {
        for entry in journal {
            let copy: JournalEntry
            do {
                copy = try JSONDecoder().decode(JournalEntry.self, from: try JSONEncoder().encode(entry))
            } catch {
                throw Violation(.journal, "entry \(entry.sequence) cannot be read again: \(error)")
            }
            try demand(.journal, copy == entry, "entry \(entry.sequence) reads as \(copy), was \(entry)")
        }
    }

    private func mayFollowTheEnd(_ event: RunEvent) -> Bool {
        switch event {
        case .resumed, .operatorActed, .lockTaken: true
        default: false
        }
    }

    private mutating func rollbackStarted(at now: Instant) throws(Violation) {
        try demand(.rollback, !isRollingBack, "a rollback while rolling back")
        try demand(.rollback, inFlight.isEmpty, "a rollback while \(inFlight) run")
        let hasFailed = plan.stages.contains { isExhausted($0.name, .perform) }
        let hasReason =
            hasFailed || wasAskedBack || isCancelled || wasForced || areSignOffsOver(now) || isRefusedByBaseline
        let isByMonitor =
            (hasBreached && !isBudgetSpent(at: breachedAt ?? now)) || (isInconclusive && !isBudgetSpent(at: now))
        try demand(.rollback, hasReason || isByMonitor, "a rollback without a reason, or past the monitor's budget")
        isRollingBack = true
        for stage in plan.stages {
            stages[stage.name]!.isLeft = stages[stage.name]!.hasStarted && isPastReturn(stage)
            for part in [Part.finally, .rollbackCheck] {
                stages[stage.name]!.parts[part]!.succeeded = false
                stages[stage.name]!.parts[part]!.failures = 0
                stages[stage.name]!.parts[part]!.last = nil
                stages[stage.name]!.parts[part]!.budgetBegan = nil
            }
        }
    }

    /// Whether the monitor has brought back as many releases within a day as it may.
    private func isBudgetSpent(at now: Instant) -> Bool {
        let span: Int64 = 24 * 3_600_000
        let count = earlierRollbacks.count { now.milliseconds - $0.milliseconds < span }
        return plan.monitor.map { count >= $0.budget } ?? false
    }

    private func isPastReturn(_ stage: PlannedStage) -> Bool {
        switch stage.reversible {
        case .yes: false
        case .no: true
        case .untilContract(let contract): stages[contract]!.hasStarted
        }
    }

    private mutating func acted(_ act: OperatorAct, at now: Instant) throws(Violation) {
        switch act.kind {
        case .cancel: isCancelled = true
        case .abandon: isAbandoned = true
        case .unlock: break
        case .supersede:
            try demand(.rules, !hasBreached, "superseded after a breach")
            try demand(.rules, !isRehearsal, "a rehearsal was superseded: its release would be live")
            isSuperseded = true
        case .rollback:
            wasAskedBack = true
            isSuperseded = false
            isRollingBack = false
            outcome = nil
            for stage in plan.stages {
                stages[stage.name]!.parts[.undo]!.failures = 0
                if stages[stage.name]!.parts[.undo]!.succeeded { continue }
                stages[stage.name]!.parts[.undo]!.last = nil
                stages[stage.name]!.parts[.undo]!.budgetBegan = nil
            }
        case .skip(let stage):
            try demand(.rules, !stages[stage]!.parts[.perform]!.inFlight, "\(stage) was skipped while it ran")
            if case .approval? = planned[stage]!.hold {
                throw Violation(.approval, "\(stage), an approval, was skipped")
            }
            stages[stage]!.isSkipped = true
        case .retry(let stage):
            stages[stage]!.parts[.perform]!.failures = 0
            stages[stage]!.parts[.perform]!.last = nil
            stages[stage]!.parts[.perform]!.budgetBegan = nil
        case .answer(let stage, let answer): try answered(stage, answer, at: now)
        }
    }

    private mutating func answered(_ stage: StageName, _ answer: OperatorAct.Answer, at now: Instant) throws(Violation)
    {
        let parts: [Part] = isRollingBack ? [.undo, .finally] : [.perform, .undo, .finally]
        guard let part = parts.first(where: { stages[stage]!.parts[$0]!.isUnknown }) else {
            throw Violation(.rules, "an answer about \(stage), of which nothing is in doubt")
        }
        switch answer {
        case .done: end(stage, part, AttemptResult(.succeeded), at: now)
        case .failed: end(stage, part, AttemptResult(.failed), at: now)
        case .rerun: stages[stage]!.parts[part]!.mayRepeat = true
        }
    }
}
