/// Something that came about since the last turn.
public enum Happening: Sendable {
    case attemptEnded(AttemptID, AttemptResult)
    /// A stage's `verify` answered about an attempt of unknown outcome.
    case verified(AttemptID, VerifiedOutcome)
    case stepStarted(AttemptID, step: String)
    case stepFinished(AttemptID, step: String, result: String)
    case reattached(AttemptID)
    case sampled(source: String, Sample)
    case asked(OperatorAct)
    case approved(SignOff)
    case rejected(SignOff, why: String)
    case interrupted
    /// An event of the shell's own: that it took the lock, that it resumed.
    case recorded(RunEvent)
    /// Only time has passed.
    case tick
}

public enum VerifiedOutcome: Hashable, Sendable {
    case done(outputs: [String: String])
    case notDone
    case unknown(String)
}

/// Something to be done once the turn's events are durable.
public enum Effect: Hashable, Sendable {
    case start(AttemptID)
    /// After a resume: the attempt was in flight; go on with it under the same keys.
    case reenter(AttemptID)
    case verify(AttemptID)
    case end(AttemptID, because: Verdict)
    case wake(at: Instant)
    case stop
}

public struct Turn: Sendable {
    public var events: [RunEvent] = []
    public var effects: [Effect] = []
    /// What was measured, with what it led to: to be kept before the events are believed.
    public var samples: [RecordedSample] = []
    /// Happenings that were refused: what the person who asked is told.
    public var refusals: [String] = []

    public init() {}
}

/// The one place where a run moves: what happened in, events and effects out. No I/O, no clock.
public struct RunMachine: Sendable {
    public private(set) var state: RunState
    public private(set) var monitor: MonitorEvaluator?
    private var baseline: BaselineSampler?
    private var interrupt = Conditions.Interrupt.none
    private let jobs: Int
    private let staysForPeople: Bool
    private var ending: Set<AttemptID> = []
    private var verifying: Set<AttemptID> = []

    /// - Parameters:
    ///   - staysForPeople: whether the engine stays where only people can move the run on.
    ///   - samples: of the run so far, oldest first.
    public init(state: RunState, jobs: Int, staysForPeople: Bool = true, samples: [RecordedSample] = []) {
        precondition(jobs > 0, "a run needs room for one stage at least")
        self.state = state
        self.jobs = jobs
        self.staysForPeople = staysForPeople
        earlierSamples = samples
        // What this machine itself starts is not re-entered; what the journal left in flight is.
        pendingReentry = state.attemptsInFlight
        inherited = Set(pendingReentry)
    }

    /// Whether the monitor's sources are to be sampled.
    public var isSampling: Bool { monitor != nil || (baseline != nil && state.takesBaseline) }

    private var pendingReentry: [AttemptID]
    /// Attempts that an engine before this one started.
    private let inherited: Set<AttemptID>
    /// What engines before this one measured, until the monitor has taken it in.
    private var earlierSamples: [RecordedSample]

    /// Everything that happened since the last turn, in; everything to be done next, out.
    public mutating func turn(_ inbox: [Happening], now: Instant) -> Turn {
        var turn = Turn()
        let isMonitorResumed = resumeMonitor(now: now)
        for happening in inbox {
            take(happening, into: &turn, now: now)
            // Before what anybody asks of the run: a breach must not be overlooked for it.
            if isMonitorResumed, case .recorded(.resumed) = happening {
                monitor?.settle(state.settledRules, at: now)
                tellStandings(into: &turn, now: now)
            }
        }
        turn.effects += pendingReentry.filter(isInFlight).map(Effect.reenter)
        pendingReentry = []
        settle(&turn, now: now)
        return turn
    }

    /// Asks `decide` until it has no event to add; what else it says of the last answer becomes effects.
    private mutating func settle(_ turn: inout Turn, now: Instant) {
        while true {
            let conditions = Conditions(
                jobs: jobs, interrupt: interrupt, monitor: monitor?.verdict(now: now) ?? .none,
                baseline: state.takesBaseline ? baseline?.taken(now: now) : nil, staysForPeople: staysForPeople)
            let decisions = decide(state, conditions, now: now)
            var recorded = false
            for case .record(let event) in decisions {
                record(event, into: &turn, now: now)
                recorded = true
            }
            if !recorded {
                addEffects(of: decisions, to: &turn, now: now)
                return
            }
        }
    }

    private mutating func addEffects(of decisions: [Decision], to turn: inout Turn, now: Instant) {
        var wake = decisions.contains(.stop) ? nil : monitor?.nextChange(after: now)
        for decision in decisions {
            switch decision {
            case .record: break
            case .end(let attempt, let verdict):
                if ending.insert(attempt).inserted { turn.effects.append(.end(attempt, because: verdict)) }
            case .verify(let attempt):
                if verifying.insert(attempt).inserted { turn.effects.append(.verify(attempt)) }
            case .wait(let instant): wake = min(wake ?? instant, instant)
            case .stop: turn.effects.append(.stop)
            }
        }
        if let wake { turn.effects.append(.wake(at: wake)) }
    }

    private mutating func record(_ event: RunEvent, into turn: inout Turn, now: Instant) {
        state.apply(event, at: now)
        turn.events.append(event)
        switch event {
        case .attemptStarted(let attempt): turn.effects.append(.start(attempt))
        case .baselineStarted: startBaseline(at: now)
        case .baselineTaken(let taken, _):
            baseline = nil
            // Where a stage that only looks has begun the monitoring.
            monitor?.baseline = taken
        case .monitoringStarted: startMonitor(at: now)
        case .rollbackStarted: monitor = nil
        default: break
        }
    }

    /// A run taken up again is judged by what was measured before, too.
    private mutating func resumeMonitor(now: Instant) -> Bool {
        guard monitor == nil, let rules = state.plan.monitor, state.monitoringStartedAt != nil,
            state.rollbackReason == nil, state.outcome == nil
        else { return false }
        monitor = MonitorEvaluator(rules, baseline: state.baseline, resumed: now, after: earlierSamples)
        earlierSamples = []
        return true
    }

    /// The engine before may have kept a sample and died before it could say what follows from it.
    private mutating func tellStandings(into turn: inout Turn, now: Instant) {
        guard let monitor, state.outcome == nil, state.rollbackReason == nil else { return }
        for event in monitor.presentEvents(now: now) where state.openBreach == nil {
            // Who goes on in spite of a breach has seen that its rule is still over the limit.
            if state.hasJustSettled, case .breached = event { continue }
            record(event, into: &turn, now: now)
        }
    }

    private mutating func startMonitor(at now: Instant) {
        guard monitor == nil, let rules = state.plan.monitor else { return }
        monitor = MonitorEvaluator(rules, baseline: state.baseline, began: now)
    }

    private mutating func startBaseline(at now: Instant) {
        guard let monitor = state.plan.monitor, let policy = monitor.baseline else { return }
        baseline = BaselineSampler(policy, of: monitor.sources, began: now)
    }

    // MARK: Happenings

    private mutating func take(_ happening: Happening, into turn: inout Turn, now: Instant) {
        switch happening {
        case .attemptEnded(let attempt, let result):
            ending.remove(attempt)
            guard isInFlight(attempt) else { return }
            record(.attemptFinished(attempt, ended(attempt, result)), into: &turn, now: now)
        case .verified(let attempt, let outcome): takeVerified(attempt, outcome, into: &turn, now: now)
        case .stepStarted(let attempt, let step):
            if isInFlight(attempt) { record(.stepStarted(attempt, step: step), into: &turn, now: now) }
        case .stepFinished(let attempt, let step, let result):
            if isInFlight(attempt) {
                record(.stepFinished(attempt, step: step, result: result), into: &turn, now: now)
            }
        case .reattached(let attempt):
            if isInFlight(attempt) { record(.attemptReattached(attempt), into: &turn, now: now) }
        case .sampled(let source, let sample): take(sample, from: source, into: &turn, now: now)
        case .asked(let act): take(act, into: &turn, now: now)
        case .approved(let signOff): take(signOff, .approve, .approvalGiven(signOff), into: &turn, now: now)
        case .rejected(let signOff, let why):
            take(signOff, .reject, .approvalRejected(signOff, why: why), into: &turn, now: now)
        case .interrupted: interrupt = interrupt == .none ? .drain : .abort
        case .recorded(let event): record(event, into: &turn, now: now)
        case .tick: break
        }
    }

    private func isInFlight(_ attempt: AttemptID) -> Bool {
        guard let part = state[attempt.stage]?[attempt.part] else { return false }
        return part.isRunning && part.attempts == attempt.number
    }

    /// An inherited attempt that was ended from outside, though the journal knows nobody who asked for it: the engine
    /// before was interrupted twice, or saw the time run out, and died before it could say so.
    private func ended(_ attempt: AttemptID, _ result: AttemptResult) -> AttemptResult {
        guard result.verdict == .cancelled, inherited.contains(attempt), !state.isToBeEnded(attempt) else {
            return result
        }
        var result = result
        result.verdict = .interrupted
        return result
    }

    private mutating func takeVerified(
        _ attempt: AttemptID, _ outcome: VerifiedOutcome, into turn: inout Turn, now: Instant
    ) {
        verifying.remove(attempt)
        guard let part = state[attempt.stage]?[attempt.part], part.phase == .unknown, part.attempts == attempt.number,
            state.rollbackReason == nil, state.outcome == nil
        else { return }
        let result =
            switch outcome {
            case .done(let outputs): AttemptResult(.succeeded, reason: "verified: done", outputs: outputs)
            case .notDone: AttemptResult(.interrupted, reason: "verified: not done")
            case .unknown(let why): AttemptResult(.unknown, reason: why, retryable: false)
            }
        record(.attemptFinished(attempt, result), into: &turn, now: now)
    }

    private mutating func take(_ sample: Sample, from source: String, into turn: inout Turn, now: Instant) {
        if state.takesBaseline { baseline?.add(sample, from: source) }
        guard monitor != nil, state.outcome == nil, state.rollbackReason == nil else { return }
        guard state.supersession == nil else { return }
        // Asked before the change and answered after it: of the old release.
        if let began = state.monitoringStartedAt, sample.at < began { return }
        for event in monitor!.add(sample, from: source) where state.openBreach == nil {
            record(event, into: &turn, now: now)
        }
        turn.samples.append(
            RecordedSample(source: source, sample: sample, standings: monitor!.standings(of: source)))
    }

    private mutating func take(_ act: OperatorAct, into turn: inout Turn, now: Instant) {
        if let refusal = state.refusal(of: act) {
            turn.refusals.append(refusal)
        } else {
            record(.operatorActed(act), into: &turn, now: now)
        }
    }

    private mutating func take(
        _ signOff: SignOff, _ word: SignOff.Word, _ event: RunEvent, into turn: inout Turn, now: Instant
    ) {
        if let refusal = state.refusal(of: signOff, word, now: now) {
            turn.refusals.append(refusal)
        } else {
            record(event, into: &turn, now: now)
        }
    }
}
