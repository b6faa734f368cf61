import ShipitCore
import ShipitEngine
import Synchronization

@testable import Simulator

/// The supervisor as one engine reaches it. How a command ends is a function of the seed and its key alone.
struct ScriptedProcesses: Processes {
    let world: SharedWorld
    let process: EngineProcess
    let epoch: Epoch
    let clock: SteadyClock

    func run(_ key: CommandKey, _ request: CommandRequest) async throws(ProcessesError) -> CommandEnd {
        try greet()
        world.state.withLock { state in
            if state.commands[key.text] == nil { start(key, request, &state) }
        }
        while true {
            if let end = world.state.withLock({ look(key, &$0) }) { return end }
            try greet()
            do { try await clock.sleep(.milliseconds(1)) } catch { await Task.yield() }
        }
    }

    /// A lower epoch than one heard of is refused for ever; from a dead process nothing is heard.
    private func greet() throws(ProcessesError) {
        if process.isDead { throw .unavailable("the process is dead") }
        let newest = world.state.withLock { state in
            state.fence = max(state.fence, epoch.number)
            return state.fence
        }
        if newest > epoch.number { throw .fenced(by: Epoch(newest)) }
    }

    private func start(_ key: CommandKey, _ request: CommandRequest, _ state: inout SharedWorld.State) {
        var random = SplitMix64(seed: world.seed, for: "command/\(key.text)")
        let took = TimeSpan.milliseconds(Int64(random.pick(0...6)))
        let end: CommandEnd =
            switch random.pick(0...24) {
            case 0: .exited(1)
            case 1: .exited(75)
            case 2: .signalled(11)
            case 3: .unknown
            default: .exited(0)
            }
        let limit = request.timeout ?? .hours(1)
        let ends = clock.now + min(took, limit)
        state.commands[key.text] = .running(endsAt: ends, took > limit ? .timedOut : end)
        state.executions[key.text, default: 0] += 1
        state.count("commands")
        state.watch { (state) throws(Violation) in try check(key, &state) }
    }

    private func check(_ key: CommandKey, _ state: inout SharedWorld.State) throws(Violation) {
        let attempt = state.invariants.inFlight.first { attempt in
            SharedWorld.isUnder(key.text, CommandKey(run: ConductorSimulation.run, attempt: attempt).text)
        }
        guard let attempt else { throw Violation(.intent, "\(key) runs without a durable intent") }
        let prefix = CommandKey(run: ConductorSimulation.run, attempt: attempt).text
        let step = key.text == prefix ? nil : String(key.text.dropFirst(prefix.count + 1))
        let name = World.Key(attempt: attempt, step: step)
        try state.invariants.mayRun(name, isDurable: true)
        try state.invariants.ran(name, times: state.executions[key.text]!)
        guard let slipped = state.ended["\(epoch) \(prefix)"] else { return }
        // One may have been on its way.
        state.ended["\(epoch) \(prefix)"] = slipped + 1
        if slipped > 0 { throw Violation(.rules, "\(key) runs though its attempt was ended") }
    }

    private func look(_ key: CommandKey, _ state: inout SharedWorld.State) -> CommandEnd? {
        switch state.commands[key.text] {
        case .ended(let end): return end
        case .running(let endsAt, let end) where endsAt <= clock.now:
            state.commands[key.text] = .ended(end)
            return end
        case .running, nil: return nil
        }
    }

    func record(of key: CommandKey) async throws(ProcessesError) -> CommandRecord {
        try greet()
        return world.state.withLock { state in
            if let end = look(key, &state) { return .finished(end) }
            return state.commands[key.text] == nil ? .absent : .running
        }
    }

    func end(prefix: String) async throws(ProcessesError) {
        try greet()
        world.state.withLock { state in
            if state.ended["\(epoch) \(prefix)"] == nil { state.ended["\(epoch) \(prefix)"] = 0 }
            for (key, command) in state.commands where SharedWorld.isUnder(key, prefix) {
                // What had ended by itself, and nobody had looked at yet, is gone as well.
                if case .running(let endsAt, let end) = command {
                    state.commands[key] = .ended(endsAt > clock.now ? .ended : end)
                }
            }
        }
    }

    func output(of key: CommandKey, limit: Int) async throws(ProcessesError) -> CommandOutput { CommandOutput() }

    func finish() async throws(ProcessesError) {
        try greet()
        world.state.withLock { state in
            for (key, command) in state.commands {
                if case .running(let endsAt, _) = command, endsAt > clock.now {
                    state.violations.append("I9: \(key) runs when its run has ended")
                }
            }
        }
    }
}

extension SharedWorld {
    static func isUnder(_ key: String, _ prefix: String) -> Bool { key == prefix || key.hasPrefix(prefix + "/") }
}
