import ShipitCore

/// What an engine does once its intent is durable: attempts, their steps and their commands.
extension Simulation {
    /// - Returns: whether the engine lives on.
    mutating func perform(_ effect: Effect, _ engine: inout SimulatedEngine) throws(Violation) -> Bool {
        note("engine \(engine.epoch)", "\(effect.words)")
        switch effect {
        case .start(let attempt): return try begin(attempt, &engine, reentering: false)
        case .reenter(let attempt): return try begin(attempt, &engine, reentering: true)
        case .verify(let attempt):
            let outcome = world.verify(attempt)
            coverage.count(outcome)
            engine.coming.append((world.now + .seconds(1), .verified(attempt, outcome)))
        case .end(let attempt, let verdict): return end(attempt, because: verdict, &engine)
        case .wake(let instant): engine.wake = min(engine.wake ?? instant, instant)
        case .stop:
            hasLeftForPeople = folded.outcome == nil && folded.phase == .waiting
            if hasLeftForPeople { coverage.count(.enginesLeftForPeople) }
            try stop(engine)
            return false
        }
        return true
    }

    // MARK: Attempts

    private mutating func begin(
        _ attempt: AttemptID, _ engine: inout SimulatedEngine, reentering: Bool
    ) throws(Violation) -> Bool {
        let stage = invariants.planned[attempt.stage]!
        let isInDoubt = engine.machine.state[attempt.stage]![attempt.part].startedInBoot != engine.bootID
        var activity = SimulatedEngine.Activity(
            attempt: attempt, steps: world.steps(of: attempt, stage),
            isInDoubt: reentering && isInDoubt && scenario.sabotage != .trustsTheLedgerAfterPowerLoss,
            isReentered: reentering)
        activity.watchdog = engine.machine.state.deadline(of: attempt).map { $0 + .milliseconds(250) }
        if reentering {
            coverage.count(.reentries)
            if activity.isInDoubt { coverage.count(.reentriesInDoubt) }
            engine.inbox.append(.reattached(attempt))
        }
        engine.activities.append(activity)
        return try advance(attempt, &engine)
    }

    /// To the next step that is not behind it, or to the end.
    mutating func advance(_ attempt: AttemptID, _ engine: inout SimulatedEngine) throws(Violation) -> Bool {
        guard let index = engine.index(of: attempt), engine.activities[index].waitsFor == nil else { return true }
        let steps = engine.activities[index].steps
        if steps.isEmpty { return try launch(World.Key(attempt: attempt), index, &engine) }
        let recorded = engine.machine.state[attempt.stage]!.steps[attempt] ?? []
        while engine.activities[index].done < steps.count {
            let name = steps[engine.activities[index].done]
            guard let known = recorded.first(where: { $0.name == name }) else {
                engine.inbox.append(.stepStarted(attempt, step: name))
                return true
            }
            if known.result == nil || scenario.sabotage == .repeatsSteps {
                let key = World.Key(attempt: attempt, step: name)
                if world.commands[key] != nil { coverage.count(.stepsReattached) }
                return try launch(key, index, &engine)
            }
            if engine.activities[index].isReentered { coverage.count(.stepsGivenBack) }
            engine.activities[index].done += 1
        }
        finish(index, AttemptResult(.succeeded, exit: .code(0)), &engine)
        return true
    }

    /// Asks the supervisor for the command: started once, attached to ever after.
    private mutating func launch(
        _ key: World.Key, _ index: Int, _ engine: inout SimulatedEngine
    ) throws(Violation) -> Bool {
        guard world.hello(engine.epoch) || scenario.sabotage == .ignoresTheFence else {
            coverage.count(.commandsFenced)
            return false
        }
        let activity = engine.activities[index]
        if let ending = activity.ending {
            finish(index, AttemptResult(ending), &engine)
            return true
        }
        var key = key
        if activity.isReentered, scenario.sabotage == .forgetsKeys { key.step = "again" }
        if world.commands[key] == nil {
            if activity.isInDoubt {
                finish(index, AttemptResult(.unknown), &engine)
                return true
            }
            // What an overtaken engine goes by was synced when its epoch ended.
            let isDurable = store.isSynced || engine.epoch != store.epoch
            try invariants.mayRun(key, isDurable: isDurable)
            let deadline = engine.machine.state.deadline(of: key.attempt)
            world.start(key, timeout: deadline.map { $0 - world.now } ?? .hours(1))
            coverage.count(.commands)
            note("world", "runs \(key.text)")
            try invariants.ran(key, times: world.executions[key] ?? 0)
        }
        engine.activities[index].waitsFor = key
        return true
    }

    private mutating func end(
        _ attempt: AttemptID, because verdict: Verdict, _ engine: inout SimulatedEngine
    ) -> Bool {
        guard let index = engine.index(of: attempt) else { return true }
        guard world.hello(engine.epoch) || scenario.sabotage == .ignoresTheFence else {
            coverage.count(.commandsFenced)
            return false
        }
        if engine.activities[index].ending == nil { engine.activities[index].ending = verdict }
        world.end(attempt)
        return true
    }

    /// An attempt that was ended from outside has ended for that reason, unless it had succeeded already.
    private mutating func finish(_ index: Int, _ result: AttemptResult, _ engine: inout SimulatedEngine) {
        let activity = engine.activities.remove(at: index)
        let ended = activity.ending.map { result.verdict == .succeeded ? result : AttemptResult($0) }
        engine.inbox.append(.attemptEnded(activity.attempt, ended ?? result))
    }

    // MARK: What comes by itself

    /// Puts everything that is due into the inbox.
    mutating func collect(_ engine: inout SimulatedEngine) -> Bool {
        for activity in engine.activities {
            guard let key = activity.waitsFor, let index = engine.index(of: activity.attempt) else { continue }
            switch world.commands[key] {
            case .running: continue
            case .ended(let result) where result.verdict == .succeeded && key.step != nil:
                engine.activities[index].waitsFor = nil
                engine.inbox.append(.stepFinished(activity.attempt, step: key.step!, result: "{}"))
            case .ended(let result): finish(index, result, &engine)
            case .lost, nil: finish(index, AttemptResult(.unknown), &engine)
            }
        }
        let now = world.now
        for activity in engine.activities where activity.watchdog.map({ $0 <= now }) == true {
            engine.activities[engine.index(of: activity.attempt)!].watchdog = nil
            coverage.count(.deadlinesSpent)
            guard end(activity.attempt, because: .timedOut, &engine) else { return false }
        }
        for (at, happening) in engine.coming where at <= now { engine.inbox.append(happening) }
        engine.coming.removeAll { $0.at <= now }
        if engine.machine.isSampling, engine.nextBeat <= now { sample(&engine) }
        return true
    }

    private mutating func sample(_ engine: inout SimulatedEngine) {
        if engine.epoch > invariants.watcher { invariants.watches(epoch: engine.epoch) }
        for var answer in metrics.beat(at: world.now, &coverage) {
            note("sample", "\(answer.source) \(answer.sample.kind)")
            invariants.gathered(answer.source, answer.sample, epoch: engine.epoch)
            if engine.machine.monitor != nil {
                invariants.measured(answer.source, answer.sample, epoch: engine.epoch)
            }
            if scenario.sabotage == .takesNaNForGood, case .good(let seconds, _) = answer.sample.kind,
                seconds?.isFinite != true
            {
                answer.sample.kind = .good(seconds: 0, number: 0)
            }
            engine.coming.append((answer.at, .sampled(source: answer.source, answer.sample)))
        }
        let now = world.now
        for (at, happening) in engine.coming where at <= now { engine.inbox.append(happening) }
        engine.coming.removeAll { $0.at <= now }
        engine.nextBeat = now + .seconds(5)
    }

    // MARK: Stopping

    private func stop(_ engine: SimulatedEngine) throws(Violation) {
        // One that was overtaken before it could leave has nothing to say any more.
        guard engine.epoch == store.epoch else { return }
        let state = engine.machine.state
        try invariants.stops(state, running: world.running)
    }
}

extension Coverage {
    fileprivate mutating func count(_ outcome: VerifiedOutcome) {
        switch outcome {
        case .done: count(.verifiedDone)
        case .notDone: count(.verifiedNotDone)
        case .unknown: count(.verifiedUnknown)
        }
    }
}
