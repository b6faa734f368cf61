import ShipitCore
import ShipitEngine
import Synchronization

@testable import Simulator

/// What stages of a random plan do: one command, or as many durable steps with a command each.
struct ScriptedAction: Action {
    let name: String
    let world: SharedWorld

    var description: ActionDescription {
        ActionDescription(name: name, help: "Scripted.", inputs: [], outputs: nil, undo: .performs)
    }

    func preview(_ context: ActionContext) async throws(ActionError) -> [String] { [] }

    func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        try await work(context)
        return [:]
    }

    func undo(_ context: ActionContext) async throws(ActionError) { try await work(context) }

    func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        switch World(seed: world.seed).verify(context.attempt) {
        case .done: .done(outputs: [:])
        case .notDone: .notDone
        case .unknown(let why): .unknown(why)
        }
    }

    private func work(_ context: ActionContext) async throws(ActionError) {
        guard name == "rolling-restart", context.attempt.part != .finally else { return try await run(nil, context) }
        for step in ["replica-1", "replica-2", "replica-3", "replica-4"] {
            _ = try await context.services.step(step) { () async throws(ActionError) in
                try await run(step, context)
                return "{}"
            }
        }
    }

    private func run(_ step: String?, _ context: ActionContext) async throws(ActionError) {
        let end = try await context.services.command(CommandRequest(argv: ["true"], directory: "/"), step: step)
        guard end == .exited(0) else { throw .command(end, what: name) }
    }
}

/// A source of the monitor, as the weather is.
struct ScriptedProbe: Probe {
    let world: SharedWorld
    let epoch: Epoch

    var description: ProbeDescription {
        ProbeDescription(name: "http", help: "Scripted.", subject: .text, fields: [], samples: true)
    }

    func measure(_ request: ResolvedProbe) async -> Measurement {
        world.state.withLock { state in
            if epoch.number > state.invariants.watcher { state.invariants.watches(epoch: epoch.number) }
            let isGood = state.weather == .good
            let kind = isGood ? Sample.Kind.good(seconds: 0.1, number: 1) : .error
            // Nobody here has a clock, so it is never old.
            let sample = Sample(at: Instant(milliseconds: .max), kind: kind)
            state.invariants.gathered(request.subject.text ?? "", sample, epoch: epoch.number)
            state.invariants.measured(request.subject.text ?? "", sample, epoch: epoch.number)
            return isGood ? Measurement(.passed, seconds: 0.1, number: 1) : Measurement(.noAnswer("refused"))
        }
    }
}
