import ShipitCore

/// What may happen outside the journal: commands, samples, the engine's leaving.
extension Invariants {
    // MARK: Commands

    /// I2: a command is run only where its intent is durable.
    func mayRun(_ key: World.Key, isDurable: Bool) throws(Violation) {
        try demand(.intent, isDurable, "\(key.text) runs, and what led to it is not durable")
        try demand(.intent, inFlight.contains(key.attempt), "\(key.text) runs without a durable intent")
        guard let step = key.step else { return }
        let known = stages[key.attempt.stage]!.steps[key.attempt]?[step]
        try demand(.intent, known != nil, "\(key.text) runs without a durable intent of its step")
        try demand(.noRepetition, known == false, "\(key.text) runs after its step has finished")
    }

    /// I3: no key is run twice.
    func ran(_ key: World.Key, times: Int) throws(Violation) {
        try demand(.noRepetition, times <= 1, "\(key.text) was run \(times) times")
    }

    // MARK: Samples

    /// What an engine has measured of one source.
    struct Measured {
        var answers = 0
        var numbers = 0
        var errors = 0
        var failures = 0
        var slowest: Double?
        var highest: Double?
        /// When it last gave a time, and a number.
        var timedAt: Instant?
        var numberedAt: Instant?
    }

    /// An engine judges by its own samples and by those of the engines before it.
    mutating func watches(epoch: Int64) { watcher = epoch }

    mutating func measured(_ source: String, _ sample: Sample, epoch: Int64) {
        guard epoch == watcher else { return }
        switch sample.kind {
        case .good(let seconds, let number):
            measured[source, default: .init()].answers += 1
            if let seconds, seconds.isFinite {
                measured[source]!.timedAt = max(sample.at, measured[source]!.timedAt ?? sample.at)
                measured[source]!.slowest = max(seconds, measured[source]!.slowest ?? seconds)
            }
            if let number, number.isFinite {
                measured[source]!.numbers += 1
                measured[source]!.numberedAt = max(sample.at, measured[source]!.numberedAt ?? sample.at)
                measured[source]!.highest = max(number, measured[source]!.highest ?? number)
            }
        case .error:
            measured[source, default: .init()].errors += 1
            measured[source]!.failures += 1
        case .noData: measured[source, default: .init()].failures += 1
        }
    }

    /// No breach unless something that was measured can be its reason.
    func mayBreach(_ breach: Breach) throws(Violation) {
        guard let monitor = plan.monitor, let rule = monitor.rollbackWhen.first(where: { $0.text == breach.rule })
        else {
            throw Violation(.monitoring, "a breach of \(breach.rule), which no rule says")
        }
        let seen = measured[rule.source] ?? Measured()
        let hasReason =
            switch rule.kind {
            case .fails(let times): seen.failures >= times
            case .metric(.errorRate, _, _): seen.errors > 0 && seen.errors + seen.answers >= monitor.minSamples
            case .metric(.quantile, let limit, _), .metric(.mean, let limit, _): seen.slowest.map(limit.holds) ?? false
            case .metric(.value, let limit, _): seen.highest.map(limit.holds) ?? false
            case .relative:
                // What was fastest before is not slower than its p95.
                seen.slowest.map { $0 > 2 * (baseline.taken?.sources[rule.source]?.seconds.first ?? .infinity) }
                    ?? false
            case .metric: false
            }
        try demand(.monitoring, hasReason, "a breach of \(breach.rule), and nothing measured says so: \(seen)")
    }

    /// No success without enough data about every rule, unless its author bears that.
    ///
    /// What was measured long ago says nothing about now: a window's length after the last answer a rule may still be at pass
    /// because of it, and as long again may nothing have come; late answers take some more.
    func mayEndGreen(at now: Instant) throws(Violation) {
        guard let monitor = plan.monitor, monitor.inconclusive != .ignore else { return }
        for rule in monitor.rollbackWhen {
            let seen = measured[rule.source] ?? Measured()
            let isEnough =
                switch rule.kind {
                case .fails: seen.answers + seen.failures > 0
                case .metric(.errorRate, _, _): seen.errors + seen.answers >= monitor.minSamples
                case .metric(.quantile, _, _), .metric(.mean, _, _):
                    seen.timedAt.map { now - $0 <= Self.oldestTime } == true && seen.answers >= monitor.minSamples
                case .metric(.value, _, _): seen.numberedAt.map { now - $0 <= Self.oldestNumber } == true
                case .relative:
                    seen.timedAt.map { now - $0 <= Self.oldestTime } == true && seen.answers >= monitor.minSamples
                        && baseline.taken?.sources[rule.source]?.seconds.count ?? 0 >= monitor.minSamples
                case .metric: false
                }
            try demand(.monitoring, isEnough, "succeeded, and too little was measured of \(rule.text): \(seen)")
        }
    }

    /// Windows are of 30 seconds, as long as the longest silence; a late answer takes eight.
    private static let oldestTime = TimeSpan.seconds(30 + 30 + 8)
    private static let oldestNumber = TimeSpan.seconds(30 + 8)

    // MARK: Leaving

    /// The engine leaves: nothing is left behind, it says why, and its exit code is the right one.
    func stops(_ state: RunState, running: [World.Key]) throws(Violation) {
        try demand(.noProcess, inFlight.isEmpty, "the engine left \(inFlight) behind")
        try demand(.noProcess, running.isEmpty, "the engine left \(running.map(\.text)) running")
        try demand(
            .liveness,
            state.outcome != nil || state.pausedReason != nil || state.interruptedReason != nil
                || isHeldByPeople,
            "the engine stopped and doesn't say why")
        try demand(.success, state.outcome == outcome, "two opinions on the outcome")
        let code = ExitCode.of(state)
        try demand(
            .success, code == exitCode,
            "exit \(code) for \(state.outcome?.rawValue ?? "no outcome"), expected \(exitCode)")
    }

    /// A stage waits for people; the engine may leave it to them.
    private var isHeldByPeople: Bool {
        !isRollingBack
            && holds.keys.contains { name in
                guard case .approval? = planned[name]!.hold else { return false }
                return !stages[name]!.isOver
            }
    }

    func isOver(_ state: RunState, running: [World.Key]) throws(Violation) {
        try demand(.noProcess, running.isEmpty, "\(running.map(\.text)) outlive the run")
        for stage in plan.stages {
            switch state[stage.name]!.perform.phase {
            case .pending, .running, .waiting, .held:
                throw Violation(.liveness, "\(stage.name) is left open in a run that ended")
            case .succeeded, .failed, .cancelled, .interrupted, .unknown, .none: break
            }
        }
    }
}
