import ShipitCore

/// What is outside the engine and outlives it: the clock, commands under their supervisor, what samples say.
///
/// How a command ends is a function of the seed and its key alone, so that a run taken up again meets the same results.
struct World {
    enum Command {
        case running(endsAt: Instant, AttemptResult)
        case ended(AttemptResult)
        /// The supervisor died while it ran.
        case lost
    }

    enum Weather: CaseIterable {
        case good, errors, slow, noData, silent
    }

    var now = Instant(milliseconds: 1_767_225_600_000)
    var boot = 1
    var weather = Weather.good
    private(set) var commands: [AttemptID: Command] = [:]
    /// How often a command was really run.
    private(set) var executions: [AttemptID: Int] = [:]
    private let seed: UInt64
    private let plan: Plan

    init(seed: UInt64, plan: Plan) {
        self.seed = seed
        self.plan = plan
    }

    /// A key that was seen before is not run again.
    mutating func start(_ attempt: AttemptID) {
        guard commands[attempt] == nil else { return }
        var random = generator(attempt)
        let took = TimeSpan.milliseconds(Int64(random.pick(1...20_000)))
        commands[attempt] = .running(endsAt: now + took, result(of: attempt, &random))
        executions[attempt, default: 0] += 1
    }

    /// How a command of this key ends if nobody ends it before.
    func script(_ attempt: AttemptID) -> (took: TimeSpan, result: AttemptResult) {
        var random = generator(attempt)
        let took = TimeSpan.milliseconds(Int64(random.pick(1...20_000)))
        return (took, result(of: attempt, &random))
    }

    private func generator(_ attempt: AttemptID) -> SplitMix64 {
        SplitMix64(seed: seed, for: "\(attempt.part.rawValue)/\(attempt.stage)/\(attempt.number)")
    }

    private func result(of attempt: AttemptID, _ random: inout SplitMix64) -> AttemptResult {
        switch random.pick(0...15) {
        case 0: AttemptResult(.failed, exit: .code(1))
        case 1: AttemptResult(.failed, exit: .code(75))
        case 2: AttemptResult(.timedOut, exit: .signal(15))
        case 3: AttemptResult(.failed, reason: "inputs are wrong", retryable: false)
        case 4 where random.once(in: 2): AttemptResult(.unknown)
        default: AttemptResult(.succeeded, exit: .code(0))
        }
    }

    /// TERM: most end at once, some as they would have, none later than after ten seconds.
    mutating func end(_ attempt: AttemptID, because verdict: Verdict) {
        guard case .running(let endsAt, let result) = commands[attempt] else { return }
        let killed = min(endsAt, now + .seconds(Int64(generator(attempt).seedOfGrace)))
        let ends = result.verdict == .succeeded && killed == endsAt ? result : AttemptResult(verdict)
        commands[attempt] = .running(endsAt: killed, ends)
    }

    mutating func letCommandsEnd() {
        for (attempt, command) in commands {
            if case .running(let endsAt, let result) = command, endsAt <= now { commands[attempt] = .ended(result) }
        }
    }

    /// - Parameter power: everything that was not synced may be gone, the record of what was accepted included.
    mutating func killSupervisor(power: Bool, _ random: inout SplitMix64) {
        for attempt in commands.keys.sorted(by: { $0.text < $1.text }) {
            if case .running = commands[attempt] { commands[attempt] = .lost }
            if power, random.once(in: 2) { commands[attempt] = nil }
        }
        if power { boot += 1 }
    }

    func verify(_ attempt: AttemptID) -> VerifiedOutcome {
        var random = SplitMix64(seed: seed, for: "verify/\(attempt.stage)/\(attempt.number)")
        return random.pick([.done(outputs: [:]), .notDone, .unknown("cannot tell")])
    }

    func sample() -> Sample? {
        switch weather {
        case .good: Sample(at: now, kind: .good(seconds: 0.1, number: 1))
        case .errors: Sample(at: now, kind: .error)
        case .slow: Sample(at: now, kind: .good(seconds: 5, number: 1))
        case .noData: Sample(at: now, kind: .noData)
        case .silent: nil
        }
    }
}

extension SplitMix64 {
    fileprivate var seedOfGrace: Int {
        var copy = self
        return copy.pick(0...10)
    }
}

extension AttemptID {
    var text: String { "\(part == .perform ? "" : part.rawValue + " ")\(stage)#\(number)" }
}
