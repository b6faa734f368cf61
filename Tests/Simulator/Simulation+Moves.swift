import ShipitCore

/// What is done to the run: chosen at random, or as it was before.
extension Simulation {
    mutating func chooseMove() -> Move {
        if isWaiting, !random.once(in: 5) { return waitingMove() }
        if engines.isEmpty {
            if store.isFull, random.once(in: 3) { return .freeDisk }
            if !openGates.isEmpty, !random.once(in: 3) {
                return .sign(randomSignOff(), rejectedBecause: random.once(in: 6) ? "no" : nil)
            }
            return .takeUp(random.once(in: temper.people > 0 ? 4 : 20) ? [randomAct()] : [])
        }
        if !openGates.isEmpty, random.once(in: 5) {
            return .sign(randomSignOff(), rejectedBecause: random.once(in: 6) ? "no" : nil)
        }
        let engine = random.pick(0...engines.count - 1)
        let kind = random.pick(0...99)
        if kind < temper.faults { return faultyMove(engine) }
        if kind < temper.faults + temper.people {
            if random.once(in: interrupts > 0 ? 3 : 8) { return .interrupt(engine: engine) }
            return .ask((1...random.pick(1...2)).map { _ in randomAct() }, engine: engine)
        }
        if kind < temper.faults + temper.people + temper.weather {
            return .weather(random.pick(MetricSource.Weather.allCases))
        }
        let awake = engines.indices.filter { !engines[$0].isStalled }
        if awake.isEmpty { return random.once(in: 2) ? .wake : .takeUp([]) }
        return .pass(engine: random.pick(awake))
    }

    private mutating func waitingMove() -> Move {
        switch random.pick(0...19) {
        case 0: .clock(seconds: random.pick(0...600))
        case 1: .cutPower
        case 2 where random.once(in: 3): .takeUp([OperatorAct(.cancel, by: "ben")])
        case 3 where random.once(in: 3): .sign(randomSignOff(), rejectedBecause: "no")
        default: .sign(randomSignOff(), rejectedBecause: nil)
        }
    }

    private mutating func faultyMove(_ engine: Int) -> Move {
        switch random.pick(0...15) {
        case 0: .kill(engine: engine)
        case 1: .killSupervisor
        case 2: .cutPower
        case 3: .clock(seconds: random.once(in: 3) ? -5 : random.pick(0...600))
        case 4: .tick(engine: engine)
        case 5: .takeUp(random.once(in: 3) ? [randomAct()] : [])
        case 6: .stall(engine: engine)
        case 7, 8: .wake
        case 9: .freeDisk
        default: .arm(randomFault())
        }
    }

    private mutating func randomFault() -> Fault {
        switch random.pick(0...9) {
        case 0...2: .crashInAppend(kept: random.pick(0...3), random.pick(Fault.Extent.allCases))
        case 3...5: .crashAfterEffects(random.pick(0...3), random.pick(Fault.Extent.allCases))
        case 6, 7: .stallAfterEffects(random.pick(0...3))
        case 8: .storeError(random.pick(Fault.Fate.allCases))
        default: random.once(in: 3) ? .diskFull : .storeError(random.pick(Fault.Fate.allCases))
        }
    }

    mutating func make(_ move: Move) throws(Violation) {
        note("move", move.words)
        switch move {
        case .pass(let number): try act(number) { engine, world in engine.nextInstant(world).map { ($0, []) } }
        case .tick(let number): try act(number) { _, world in (world.now, [.tick]) }
        case .interrupt(let number):
            coverage.count(interrupts == 0 ? .interrupts : .secondInterrupts)
            interrupts += 1
            try act(number) { _, world in (world.now, [.interrupted]) }
        case .ask(let acts, let number): try act(number) { _, world in (world.now, acts.map(Happening.asked)) }
        case .kill(let number):
            guard !engines.isEmpty else { return }
            coverage.count(.enginesKilled)
            engines.remove(at: number % engines.count)
        case .killSupervisor: killSupervisor()
        case .cutPower: cutPower()
        case .takeUp(let acts): try takeUp(acts)
        case .sign(let signOff, let why):
            let request = why.map { RunRequest.reject(signOff, why: $0) } ?? .approve(signOff)
            if isWaiting { try settle(request.happening) } else { try say(request) }
        case .stall(let number):
            guard !engines.isEmpty else { return }
            coverage.count(.enginesStalled)
            engines[number % engines.count].isStalled = true
        case .wake: try wakeAll()
        case .weather(let weather): metrics.weather = weather
        case .clock(let seconds):
            coverage.count(seconds < 0 ? .clockBack : .clockForward)
            world.now = world.now + .seconds(Int64(seconds))
        case .arm(let fault): arm(fault)
        case .freeDisk: store.isFull = false
        }
    }

    private mutating func arm(_ fault: Fault) {
        armed = fault
        switch fault {
        case .crashAfterEffects(let count, _), .stallAfterEffects(let count): countdown = count
        case .crashInAppend, .storeError, .diskFull: countdown = 0
        }
    }

    // MARK: Engines

    /// Another engine: takes the epoch, folds what is there, and goes on.
    mutating func takeUp(_ acts: [OperatorAct]) throws(Violation) {
        if engines.contains(where: { $0.epoch == store.epoch }) { coverage.count(.takeovers) }
        if folded.outcome != nil, acts.isEmpty { return }
        if isWaiting, try !begin(acts) { return }
        guard let epoch = store.takeLock() else {
            coverage.count(.diskFull)
            return
        }
        let holder = Holder(host: "host", pid: Int(epoch), startTime: epoch, bootID: world.bootID, user: "ana")
        let opening: RunEvent =
            epoch == 1 && plan.approvals == nil
            ? .lockTaken(epoch: Epoch(epoch), holder: holder) : .resumed(epoch: Epoch(epoch), holder: holder)
        interrupts = 0
        hasLeftForPeople = false
        var engine = SimulatedEngine(
            epoch: epoch, state: try takenUp(), sequence: store.journal.count, jobs: scenario.jobs,
            samples: store.samples, opening: [.recorded(opening)] + acts.map(Happening.asked), world)
        if try turn(&engine) { engines.append(engine) }
    }

    /// What a new engine knows: the journal as it was written, read and folded.
    private func takenUp() throws(Violation) -> RunState {
        switch scenario.sabotage {
        case .losesTheLastEvent:
            var state = RunState(plan: plan)
            for entry in store.journal.dropLast() { state.apply(entry.event, at: entry.at) }
            return state
        case .forgetsFailures:
            var state = RunState(plan: plan)
            for entry in store.journal {
                if case .attemptFinished(let attempt, let result) = entry.event, result.verdict == .failed {
                    state.apply(.attemptFinished(attempt, AttemptResult(.interrupted)), at: entry.at)
                } else {
                    state.apply(entry.event, at: entry.at)
                }
            }
            return state
        default:
            if store.epoch.isMultiple(of: 16) { try invariants.reads(store.journal) }
            return folded
        }
    }

    /// Lets one engine act: what is due at that instant, and `more`. One that stands still doesn't notice.
    mutating func act(
        _ number: Int, _ next: (SimulatedEngine, World) -> (at: Instant, more: [Happening])?
    ) throws(Violation) {
        guard !engines.isEmpty else { return }
        let place = number % engines.count
        guard !engines[place].isStalled else { return }
        var engine = engines.remove(at: place)
        guard let (instant, more) = next(engine, world) else {
            // An engine that was overtaken has perhaps nothing to wait for; the one that has the run always does.
            guard engine.epoch != store.epoch else {
                throw Violation(.liveness, "engine \(engine.epoch) waits for nothing, for ever")
            }
            engines.insert(engine, at: place)
            return
        }
        world.now = max(world.now, instant)
        world.letCommandsEnd()
        guard try perform(&engine) else { return }
        if !engine.isStalled {
            guard collect(&engine) else { return }
            engine.inbox += more
            guard try turn(&engine) else { return }
        }
        engines.insert(engine, at: min(place, engines.count))
    }

    /// Those that stood still go on with what they were about to do, whoever has the run now.
    mutating func wakeAll() throws(Violation) {
        for epoch in engines.filter(\.isStalled).map(\.epoch) {
            guard let place = engines.firstIndex(where: { $0.epoch == epoch }) else { continue }
            var engine = engines.remove(at: place)
            engine.isStalled = false
            guard try perform(&engine) else { continue }
            engines.insert(engine, at: min(place, engines.count))
        }
    }

    // MARK: The end

    /// I10: faults off. Within bounds the run ends, or says what it waits for; then a person answers until it ends.
    mutating func comeToAnEnd() throws(Violation) {
        note("faults", "off")
        armed = nil
        store.isFull = false
        try wakeAll()
        for _ in 0..<80 {
            try comeToABeginning()
            try signWhatIsOpen()
            letTheTimeToSignPass()
            if engines.isEmpty, folded.outcome == nil { try takeUp([]) }
            var turns = 0
            while !engines.isEmpty {
                try signWhatIsOpen()
                if engines.isEmpty { break }
                // The newest one last: those that were overtaken find out and leave.
                try act(turns) { engine, world in engine.nextInstant(world).map { ($0, []) } ?? (world.now, [.tick]) }
                dropOvertaken(after: turns)
                turns += 1
                if turns > 3000 { throw Violation(.liveness, "no end and no word within 3000 turns") }
            }
            if folded.outcome != nil { return try invariants.isOver(folded, running: world.running) }
            if folded.interruptedReason != nil { continue }
            // Killed by a crash point, or overtaken: the next one takes it up.
            guard let reason = folded.pausedReason else { continue }
            try invariants.demand(.liveness, !reason.isEmpty, "the run waits and doesn't say for what")
            // The same question gets the same answer, if the first one was lost.
            try takeUp([solution(folded, folded.acts.count)])
        }
        throw Violation(.liveness, "eighty times taken up, and no end")
    }

    /// An overtaken engine that nothing concerns any more would wait for ever; a person ends it.
    private mutating func dropOvertaken(after turns: Int) {
        if turns > 200 { engines.removeAll { $0.epoch != store.epoch } }
    }
}
