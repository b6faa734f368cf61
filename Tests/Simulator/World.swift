import ShipitCore

/// What is outside the engines and outlives them: the clock, the commands under their supervisor, and what became of them.
///
/// How a command ends is a function of the seed and its key alone, so that a run taken up again meets the same results.
struct World {
    /// Names a command for ever. An attempt of several steps has one for each.
    struct Key: Hashable {
        var attempt: AttemptID
        var step: String?

        var text: String { attempt.text + (step.map { "/\($0)" } ?? "") }
    }

    enum Command {
        case running(endsAt: Instant, AttemptResult)
        case ended(AttemptResult)
        /// The supervisor died while it ran.
        case lost
    }

    var now = Instant(milliseconds: 1_767_225_600_000)
    private(set) var boot = 1
    private(set) var commands: [Key: Command] = [:]
    private(set) var running: [Key] = []
    /// How often a command was really run.
    private(set) var executions: [Key: Int] = [:]
    /// The newest epoch that the supervisor has heard of: an older one is refused for ever.
    private(set) var fence: Int64 = 0
    private let seed: UInt64
    /// Of how many commands five are ended badly.
    private let luck: Int

    init(seed: UInt64) {
        self.seed = seed
        var random = SplitMix64(seed: seed, for: "luck")
        luck = random.pick([12, 30, 90])
    }

    var bootID: String { "boot\(boot)" }

    // MARK: The supervisor

    /// - Returns: whether the engine may go on; not where a later one has been heard of.
    mutating func hello(_ epoch: Int64) -> Bool {
        fence = max(fence, epoch)
        return epoch == fence
    }

    /// A key that was seen before is not run again.
    mutating func start(_ key: Key, timeout: TimeSpan) {
        guard commands[key] == nil else { return }
        var (took, result) = script(key)
        if took > timeout {
            (took, result) = (max(timeout, .milliseconds(1)), AttemptResult(.timedOut, exit: .signal(15)))
        }
        commands[key] = .running(endsAt: now + took, result)
        running.append(key)
        executions[key, default: 0] += 1
    }

    /// TERM: most end at once, some as they would have, none later than after ten seconds.
    mutating func end(_ attempt: AttemptID) {
        for key in running where key.attempt == attempt {
            guard case .running(let endsAt, let result) = commands[key] else { continue }
            var random = SplitMix64(seed: seed, for: "grace/\(key.text)")
            let killed = min(endsAt, now + .seconds(Int64(random.pick(0...10))))
            let isDone = result.verdict == .succeeded && killed == endsAt
            commands[key] = .running(endsAt: killed, isDone ? result : AttemptResult(.cancelled))
        }
    }

    mutating func letCommandsEnd() {
        running.removeAll { key in
            guard case .running(let endsAt, let result) = commands[key] else { return true }
            guard endsAt <= now else { return false }
            commands[key] = .ended(result)
            return true
        }
    }

    /// What ran is ended; nobody knows how.
    mutating func killSupervisor() {
        for key in running { commands[key] = .lost }
        running = []
    }

    /// - Returns: how many commands the supervisor's record has lost: it is not synced.
    mutating func cutPower() -> Int {
        killSupervisor()
        let lost = commands.keys.filter { key in
            var random = SplitMix64(seed: seed, for: "power/\(boot)/\(key.text)")
            return random.once(in: 2)
        }
        for key in lost { commands[key] = nil }
        boot += 1
        return lost.count
    }

    // MARK: What is written in the stars

    /// How a command of this key ends if nobody ends it before.
    func script(_ key: Key) -> (took: TimeSpan, result: AttemptResult) {
        var random = SplitMix64(seed: seed, for: "command/\(key.attempt.part.rawValue)/\(key.text)")
        let took = TimeSpan.milliseconds(Int64(random.pick(1...20_000)))
        let result =
            switch random.pick(0...(key.step == nil ? luck : 2 * luck)) {
            case 0: AttemptResult(.failed, exit: .code(1))
            case 1: AttemptResult(.failed, exit: .code(75))
            case 2: AttemptResult(.failed, exit: .signal(11))
            case 3: AttemptResult(.failed, reason: "inputs are wrong", retryable: false)
            case 4 where random.once(in: 2): AttemptResult(.unknown)
            default: AttemptResult(.succeeded, exit: .code(0))
            }
        return (took, result)
    }

    func verify(_ attempt: AttemptID) -> VerifiedOutcome {
        var random = SplitMix64(seed: seed, for: "verify/\(attempt.stage)/\(attempt.number)")
        return random.pick([.done(outputs: [:]), .notDone, .unknown("cannot tell")])
    }

    /// The durable steps that an attempt at this part goes through; none where it is one command.
    func steps(of attempt: AttemptID, _ stage: PlannedStage) -> [String] {
        let isOwnAction =
            switch attempt.part {
            case .perform: true
            case .undo: stage.undo == .action
            case .finally, .rollbackCheck: false
            }
        guard isOwnAction, stage.perform.action == "rolling-restart" else { return [] }
        var random = SplitMix64(seed: seed, for: "steps/\(stage.name)")
        return (1...random.pick(1...3)).map { "replica-\($0)" }
    }
}

extension AttemptID {
    var text: String { "\(part == .perform ? "" : part.rawValue + " ")\(stage)#\(number)" }
}
