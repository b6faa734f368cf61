import ShipitCore

/// The engine's shell: decide → append → perform, with everything that can strike in between.
extension Simulation {
    /// - Returns: whether the engine lives on.
    mutating func turn(_ engine: inout SimulatedEngine) throws(Violation) -> Bool {
        let inbox = engine.inbox
        engine.inbox = []
        let turn = engine.machine.turn(inbox, now: world.now)
        coverage.count(.turns)
        for refusal in turn.refusals {
            coverage.count(.refusals)
            note("engine \(engine.epoch)", "refuses: \(refusal)")
        }
        guard keep(turn.samples, engine) else { return false }
        if !turn.events.isEmpty {
            guard try append(turn.events, &engine) else { return false }
            try compare(engine)
        }
        engine.wake = nil
        engine.deeds += turn.effects.map(SimulatedEngine.Deed.effect)
        for case .stepStarted(let attempt, _) in inbox { engine.deeds.append(.advance(attempt)) }
        for case .stepFinished(let attempt, _, _) in inbox {
            if let index = engine.index(of: attempt) { engine.activities[index].done += 1 }
            engine.deeds.append(.advance(attempt))
        }
        return try perform(&engine)
    }

    // MARK: Append

    /// - Returns: whether the engine may go on.
    private mutating func keep(_ samples: [RecordedSample], _ engine: SimulatedEngine) -> Bool {
        guard !samples.isEmpty else { return true }
        switch store.keep(samples, epoch: engine.epoch) {
        case .appended, .conflict: return true
        case .failed:
            coverage.count(.diskFull)
            note("engine \(engine.epoch)", "stops: samples cannot be kept")
            return scenario.sabotage == .actsOnFailedAppend
        case .fenced:
            coverage.count(.appendsFenced)
            note("engine \(engine.epoch)", "stops: fenced")
            return scenario.sabotage == .ignoresTheFence
        }
    }

    /// - Returns: whether the engine may perform what it has recorded.
    private mutating func append(_ events: [RunEvent], _ engine: inout SimulatedEngine) throws(Violation) -> Bool {
        var events = events[...]
        var extent: Fault.Extent?
        var fate: Fault.Fate?
        if isCrashPoint() { (events, extent) = ([], .engine) }
        switch armed {
        case .crashInAppend(let kept, let all):
            (events, extent) = (events.prefix(kept), all)
            coverage.count(.crashesInAppend)
            armed = nil
        case .storeError(let what):
            fate = what
            armed = nil
        case .diskFull:
            store.isFull = true
            armed = nil
        case .crashAfterEffects, .stallAfterEffects, nil: break
        }
        if let extent {
            // What the power leaves of a transaction under way is for the disk to say.
            fate = extent == .power && !events.count.isMultiple(of: 2) ? .unsynced : .durable
            _ = try write(Array(events), engine, failing: fate)
            crash(extent)
            return false
        }
        switch try write(Array(events), engine, failing: fate) {
        case .appended:
            engine.sequence = store.journal.count
            return true
        case .failed:
            coverage.count(store.isFull ? .diskFull : fate.occasion)
            note("engine \(engine.epoch)", "stops: the journal cannot be written")
            return scenario.sabotage == .actsOnFailedAppend
        case .fenced:
            coverage.count(.appendsFenced)
            note("engine \(engine.epoch)", "stops: fenced")
            return scenario.sabotage == .ignoresTheFence
        case .conflict:
            throw Violation(.journal, "engine \(engine.epoch) has the newest epoch and not the whole journal")
        }
    }

    private mutating func write(
        _ events: [RunEvent], _ engine: SimulatedEngine, failing fate: Fault.Fate?
    ) throws(Violation) -> SimulatedStore.Answer {
        let before = store.journal.count
        if fate == .unsynced, store.isSynced { syncedInvariants = invariants }
        let answer = store.append(events, epoch: engine.epoch, after: engine.sequence, at: world.now, failing: fate)
        if store.journal.count > before {
            try invariants.appends(epoch: engine.epoch)
            try see(from: before)
        }
        return answer
    }

    /// I6: what the engine goes by is what the journal says.
    private func compare(_ engine: SimulatedEngine) throws(Violation) {
        guard engine.sequence % 8 == 0 || folded.outcome != nil else { return }
        let mine = engine.machine.state
        let isSame =
            mine.stages == folded.stages && mine.outcome == folded.outcome && mine.phase == folded.phase
            && mine.acts == folded.acts
        if !isSame { throw Violation(.journal, "engine \(engine.epoch) goes by something else than the journal") }
    }

    // MARK: Perform

    mutating func perform(_ engine: inout SimulatedEngine) throws(Violation) -> Bool {
        while !engine.deeds.isEmpty {
            if isCrashPoint() {
                crash(.engine)
                return false
            }
            if let lives = strike(&engine) { return lives }
            let deed = engine.deeds.removeFirst()
            coverage.count(.effects)
            let lives =
                switch deed {
                case .effect(let effect): try perform(effect, &engine)
                case .advance(let attempt): try advance(attempt, &engine)
                }
            if !lives { return false }
        }
        return true
    }

    /// - Returns: whether the engine lives, if something has struck.
    private mutating func strike(_ engine: inout SimulatedEngine) -> Bool? {
        switch armed {
        case .crashAfterEffects(_, let extent):
            countdown -= 1
            guard countdown < 0 else { return nil }
            armed = nil
            coverage.count(.crashesBeforeEffects)
            crash(extent)
            return false
        case .stallAfterEffects:
            countdown -= 1
            guard countdown < 0 else { return nil }
            armed = nil
            engine.isStalled = true
            coverage.count(.enginesStalled)
            note("engine \(engine.epoch)", "stalls before \(engine.deeds[0])")
            return true
        case .crashInAppend, .storeError, .diskFull, nil: return nil
        }
    }

    /// The engine that acts dies; of the others and of the world, what `extent` says.
    mutating func crash(_ extent: Fault.Extent) {
        note("crash", "\(extent)")
        switch extent {
        case .engine: break
        case .supervisor: killSupervisor()
        case .power: cutPower()
        }
    }

    mutating func killSupervisor() {
        coverage.count(.supervisorsKilled)
        world.killSupervisor()
    }

    mutating func cutPower() {
        coverage.count(.powerCuts)
        engines = []
        if world.cutPower() > 0 { coverage.count(.recordsCut) }
        forget()
    }
}

extension Fault.Fate? {
    fileprivate var occasion: Coverage.Occasion {
        switch self {
        case .lost, nil: .appendsLost
        case .unsynced: .appendsUnsynced
        case .durable: .appendsDurableThoughFailed
        }
    }
}
