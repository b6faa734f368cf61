import ShipitCore

/// One run from one seed: a plan, a world that breaks at the worst moments, and engines that take one another's place.
struct Simulation {
    let seed: UInt64
    let plan: Plan
    private var random: SplitMix64
    private var world: World
    private let jobs: Int
    private(set) var journal: [JournalEntry] = []
    private var invariants: Invariants
    private var engine: Engine?
    private var epoch: Int64 = 0
    /// Whether things break and people meddle.
    private var isRough = true

    private struct Engine {
        var machine: RunMachine
        var wake: Instant?
        var nextBeat: Instant
        /// What comes by itself, and when.
        var coming: [(at: Instant, Happening)] = []
        var attached: Set<AttemptID> = []
    }

    init(seed: UInt64) {
        self.seed = seed
        plan = RandomPlan.make(seed: seed)
        random = SplitMix64(seed: seed, for: "events")
        world = World(seed: seed, plan: plan)
        jobs = random.pick(1...4)
        invariants = Invariants(plan, jobs: jobs)
    }

    // MARK: The course

    mutating func run() throws(Violation) {
        let created = RunEvent.runCreated(
            RunCreated(
                run: "20260101-0000-test", pipeline: plan.pipeline, environment: plan.environment,
                release: plan.release, planDigest: "sha256:0", startedBy: "ana"))
        try append(created)
        for _ in 0..<random.pick(1...120) {
            try roughStep()
            if invariants.outcome != nil, engine == nil, random.once(in: 3) { break }
        }
        isRough = false
        try comeToAnEnd()
        try checkEnd()
    }

    private mutating func roughStep() throws(Violation) {
        if engine == nil {
            try takeUp(random.once(in: 2) ? [.asked(randomAct())] : [])
            return
        }
        switch random.pick(0...59) {
        case 0: die(supervisor: false, power: false)
        case 1: die(supervisor: true, power: false)
        case 2: die(supervisor: true, power: true)
        case 3: try turn([.interrupted])
        case 4...6: try turn([.asked(randomAct())])
        case 7: world.weather = random.pick(World.Weather.allCases)
        case 8: world.now = world.now + .seconds(Int64(random.pick(-5...600)))
        case 9: try turn([.tick])
        default: try letTimePass()
        }
    }

    /// Faults off: within bounds the run ends, or says what it waits for; then a person answers until it ends.
    private mutating func comeToAnEnd() throws(Violation) {
        for round in 0..<40 {
            if engine == nil { try takeUp([]) }
            var turns = 0
            while engine != nil {
                try letTimePass()
                turns += 1
                if turns > 3000 { throw Violation(what: "I10: no end and no word within 3000 turns") }
            }
            let state = folded()
            if state.outcome != nil { return }
            guard let reason = state.pausedReason, !reason.isEmpty else {
                if state.interruptedReason != nil { continue }
                throw Violation(what: "I10: the engine stopped without a word")
            }
            try takeUp([.asked(solution(state, round))])
        }
        throw Violation(what: "I10: forty answers, and no end")
    }

    private mutating func solution(_ state: RunState, _ round: Int) -> OperatorAct {
        if round > 30 { return OperatorAct(.abandon, by: "ana", why: "enough") }
        for stage in plan.stages {
            let act = OperatorAct(.answer(stage.name, random.pick([.done, .failed, .rerun])), by: "ana")
            if state.refusal(of: act) == nil { return act }
        }
        let stage = random.pick(plan.stages).name
        return OperatorAct(random.pick([.retry(stage), .skip(stage), .rollback, .cancel]), by: "ana")
    }

    private mutating func randomAct() -> OperatorAct {
        let stage = random.pick(plan.stages).name
        switch random.pick(0...19) {
        case 0: return OperatorAct(.abandon, by: "ana", why: "test")
        case 1...3: return OperatorAct(.cancel, by: "ana")
        case 4...6: return OperatorAct(.rollback, by: "ana")
        case 7...9: return OperatorAct(.skip(stage), by: "ana", why: "test")
        case 10...12: return OperatorAct(.retry(stage), by: "ana")
        default: return solution(folded(), 0)
        }
    }

    // MARK: The engine's shell

    /// Another engine: folds what is durable and goes on.
    private mutating func takeUp(_ more: [Happening]) throws(Violation) {
        epoch += 1
        let holder = Holder(host: "host", pid: Int(epoch), startTime: epoch, bootID: "boot\(world.boot)", user: "ana")
        let opening: RunEvent =
            epoch == 1
            ? .lockTaken(epoch: Epoch(epoch), holder: holder) : .resumed(epoch: Epoch(epoch), holder: holder)
        engine = Engine(machine: RunMachine(state: folded(), jobs: jobs), nextBeat: world.now)
        try turn([.recorded(opening)] + more)
    }

    private func folded() -> RunState {
        var state = RunState(plan: plan)
        for entry in journal { state.apply(entry.event, at: entry.at) }
        return state
    }

    private mutating func die(supervisor: Bool, power: Bool) {
        engine = nil
        if supervisor { world.killSupervisor(power: power, &random) }
    }

    /// The next thing that comes about by itself.
    private mutating func letTimePass() throws(Violation) {
        var next = engine!.coming.map(\.at)
        if let wake = engine!.wake { next.append(wake) }
        if engine!.machine.monitor != nil { next.append(engine!.nextBeat) }
        for attempt in engine!.attached {
            if case .running(let endsAt, _) = world.commands[attempt] {
                next.append(endsAt)
            } else {
                next.append(world.now)
            }
        }
        guard let instant = next.min() else { throw Violation(what: "I10: nothing will ever happen again") }
        world.now = max(world.now, instant)
        world.letCommandsEnd()
        try turn(takeWhatIsDue())
    }

    private mutating func takeWhatIsDue() -> [Happening] {
        var inbox: [Happening] = []
        for attempt in engine!.attached.sorted(by: { $0.text < $1.text }) {
            switch world.commands[attempt] {
            case .running: continue
            case .ended(let result): inbox.append(.attemptEnded(attempt, result))
            case .lost, nil: inbox.append(.attemptEnded(attempt, AttemptResult(.unknown)))
            }
            engine!.attached.remove(attempt)
        }
        let now = world.now
        inbox += engine!.coming.filter { $0.at <= now }.map(\.1)
        engine!.coming.removeAll { $0.at <= now }
        if engine!.machine.monitor != nil, engine!.nextBeat <= now {
            if let sample = world.sample() { inbox.append(.sampled(source: "api", sample)) }
            engine!.nextBeat = now + .seconds(5)
        }
        return inbox.isEmpty ? [.tick] : inbox
    }

    private mutating func turn(_ inbox: [Happening]) throws(Violation) {
        let turn = engine!.machine.turn(inbox, now: world.now)
        if isRough, !turn.events.isEmpty, random.once(in: 25) {
            // Killed before the batch was durable; a store without transactions would leave the beginning of it.
            for event in turn.events.prefix(random.pick(0...turn.events.count)) { try append(event) }
            die(supervisor: random.once(in: 3), power: random.once(in: 2))
            return
        }
        for event in turn.events { try append(event) }
        engine!.wake = nil
        for effect in turn.effects {
            if isRough, random.once(in: 40) {
                die(supervisor: random.once(in: 3), power: random.once(in: 2))
                return
            }
            try perform(effect)
            if engine == nil { return }
        }
    }

    private mutating func append(_ event: RunEvent) throws(Violation) {
        journal.append(JournalEntry(sequence: Int64(journal.count) + 1, at: world.now, event: event))
        try invariants.take(event)
    }

    private mutating func perform(_ effect: Effect) throws(Violation) {
        switch effect {
        case .start(let attempt):
            try invariants.demand(invariants.inFlight.contains(attempt), "I2: \(attempt.text) without a durable intent")
            try spawn(attempt)
        case .reenter(let attempt):
            try invariants.demand(invariants.inFlight.contains(attempt), "\(attempt.text) re-entered, not in flight")
            let boot = engine!.machine.state[attempt.stage]?[attempt.part].startedInBoot
            if world.commands[attempt] == nil, boot == "boot\(world.boot)" { try spawn(attempt) }
            engine!.attached.insert(attempt)
        case .verify(let attempt):
            engine!.coming.append((world.now + .seconds(1), .verified(attempt, world.verify(attempt))))
        case .end(let attempt, let verdict): world.end(attempt, because: verdict)
        case .wake(let instant): engine!.wake = instant
        case .stop: try stop()
        }
    }

    private mutating func spawn(_ attempt: AttemptID) throws(Violation) {
        world.start(attempt)
        engine!.attached.insert(attempt)
        try invariants.demand(world.executions[attempt]! == 1, "\(attempt.text) was executed twice")
    }

    private mutating func stop() throws(Violation) {
        let state = engine!.machine.state
        try invariants.demand(invariants.inFlight.isEmpty, "the engine left \(invariants.inFlight) behind")
        try invariants.demand(
            state.outcome != nil || state.pausedReason != nil || state.interruptedReason != nil,
            "the engine stopped and doesn't say why")
        try invariants.demand(state.outcome == invariants.outcome, "two opinions on the outcome")
        try invariants.demand(
            ExitCode.of(state) == invariants.exitCode,
            "exit \(ExitCode.of(state)) for \(state.outcome.map(\.rawValue) ?? "none"), expected \(invariants.exitCode)"
        )
        engine = nil
    }

    private func checkEnd() throws(Violation) {
        let state = folded()
        try invariants.demand(state.outcome != nil, "I10: no end")
        for stage in plan.stages {
            let standing = state[stage.name]!
            try invariants.demand(
                standing.perform.phase != .pending && standing.perform.phase != .running, "\(stage.name) is left open")
            if case .waiting = standing.perform.phase {
                throw Violation(what: "\(stage.name) waits in a run that ended")
            }
        }
    }

    // MARK: For a person

    var history: String {
        let start = journal.first?.at ?? world.now
        return journal.map { entry in
            "\(entry.sequence)  +\((entry.at - start).seconds)s  \(entry.event.words)"
        }.joined(separator: "\n")
    }
}

extension RunEvent {
    var words: String {
        switch self {
        case .attemptStarted(let attempt): "\(attempt.text) started"
        case .attemptFinished(let attempt, let result): "\(attempt.text) \(result.verdict.rawValue)"
        case .retryScheduled(let attempt, let at): "\(attempt.text) due at \(at)"
        case .stageSkipped(let stage, _): "\(stage) skipped"
        case .operatorActed(let act): "operator: \(act.kind)"
        case .rollbackStarted(let reason), .paused(let reason), .interrupted(let reason), .inconclusive(let reason):
            "\(type): \(reason)"
        case .runFinished(let outcome, _): "finished: \(outcome.rawValue)"
        case .resumed(let epoch, let holder): "resumed, epoch \(epoch), \(holder.bootID)"
        default: type
        }
    }
}
