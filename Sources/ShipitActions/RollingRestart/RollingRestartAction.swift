public import ShipitCore
public import ShipitEngine

/// `rolling-restart`: brings the target release up, a few instances at a time, each healthy before the next.
///
/// Each instance goes through durable steps, so after a crash the same attempt goes on at the instance where it stopped.
/// That all answer would not prove which release does: where the steps are lost, too, it is done again from the start.
public struct RollingRestartAction: Action {
    public init() {}

    public let description = ActionDescription(
        name: "rolling-restart", help: "Restart instances a few at a time, each healthy before the next.",
        inputs: [
            FieldDescription("driver", .choice(["command"]), fallback: "command", help: "What starts and stops them."),
            FieldDescription("instances", .number, help: "How many; they are called replica-1, replica-2 and so on."),
            FieldDescription("names", .list(.text), help: "Instead of how many: what they are called."),
            FieldDescription("base-port", .number, fallback: "vars.base-port", help: "The port of the first instance."),
            FieldDescription(
                "start", .command, required: true, help: "Starts an instance; what it leaves running stays."),
            FieldDescription("stop", .command, help: "Stops an instance."),
            FieldDescription("health", .check, required: true, help: "The check that an instance must pass."),
            FieldDescription(
                "max-parallel", .number, fallback: "1", help: "How many are restarted before the next wait."),
            FieldDescription(
                "min-healthy-time", .duration, fallback: "10s", help: "How long the check must pass without a break."),
            FieldDescription("healthy-deadline", .duration, fallback: "2m", help: "By when that must have been so."),
        ], outputs: ["instances"], undo: .performs, onInterrupt: .rerun, verifies: false)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        let order = try Order(context)
        let isUndo = context.attempt.part == .undo
        var lines: [String] = []
        for batch in order.fleet.batches(of: isUndo ? order.fleet.instances.reversed() : order.fleet.instances) {
            for instance in batch {
                let place = instance.port.map { " (port \($0))" } ?? ""
                if let stop = try context.command("stop", instance: instance.fields) {
                    lines.append("\(instance.name)\(place): \(context.line(stop))")
                }
                // On a first deployment there is no release to go back to: the instances are stopped.
                if isUndo, context.target == nil { continue }
                let start = try context.requiredCommand("start", instance: instance.fields)
                lines.append("\(instance.name)\(place): \(context.line(start))")
            }
            if isUndo, context.target == nil { continue }
            let names = batch.map(\.name).joined(separator: ", ")
            lines.append(
                "wait until \(names) passed for \(order.rule.minHealthyTime.words), at most \(order.rule.deadline.words)"
            )
        }
        return lines
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let touched = TouchedInstances(context)
        try touched.begin()
        let order = try Order(context)
        for batch in order.fleet.batches(of: order.fleet.instances) {
            try touched.add(batch)
            try await order.restart(batch)
        }
        return ["instances": order.fleet.instances.map(\.name).joined(separator: ",")]
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        .unknown("that all instances answer does not prove which release does")
    }

    public func undo(_ context: ActionContext) async throws(ActionError) {
        let order = try Order(context)
        let touched = try TouchedInstances(context).read()
        // Where nobody knows, all of them: one that was never touched comes back as the release that it already is.
        let back = order.fleet.instances.reversed().filter { touched?.contains($0.name) ?? true }
        guard context.target != nil else { return try await order.takeDown(back) }
        for batch in order.fleet.batches(of: back) { try await order.restart(batch) }
    }

    private struct Order: Sendable {
        let context: ActionContext
        let fleet: Fleet
        let rule: HealthRule

        init(_ context: ActionContext) throws(ActionError) {
            self.context = context
            fleet = try Fleet(context)
            rule = try HealthRule(context.inputs)
            let driver = try context.inputs.text("driver") ?? "command"
            guard driver == "command" else {
                throw .badInput("driver", "\"\(driver)\" is not known; there is: command")
            }
            // All of it is read before the first instance is touched.
            for instance in fleet.instances {
                _ = try context.requiredCommand("start", instance: instance.fields)
                _ = try context.command("stop", instance: instance.fields)
                _ = try HealthQuestion(context, instance)
            }
        }

        func restart(_ batch: [Instance]) async throws(ActionError) {
            for instance in batch {
                try await stop(instance)
                try await start(instance)
            }
            let watch = HealthWatch(context, rule: rule, batch: batch)
            for instance in batch { try await waitUntilHealthy(instance, watch) }
        }

        /// Undoing a first deployment: there is no release to bring up.
        func takeDown(_ instances: [Instance]) async throws(ActionError) {
            guard instances.isEmpty || context.inputs.names.contains("stop") else {
                throw .failedForGood(
                    "there is no release to go back to and no `stop` command to take the instances down")
            }
            for instance in instances { try await stop(instance) }
        }

        private func stop(_ instance: Instance) async throws(ActionError) {
            guard let command = try context.command("stop", instance: instance.fields) else { return }
            let step = "\(instance.name)/stop"
            _ = try await context.services.step(step) { () async throws(ActionError) in
                try await run(command, instance, step: step)
                try await noteIfStillAnswering(instance)
                return ""
            }
        }

        private func start(_ instance: Instance) async throws(ActionError) {
            let command = try context.requiredCommand("start", instance: instance.fields)
            let step = "\(instance.name)/start"
            _ = try await context.services.step(step) { () async throws(ActionError) in
                try await run(command, instance, step: step, leavesRunning: true)
                return ""
            }
        }

        private func run(
            _ command: Command, _ instance: Instance, step: String, leavesRunning: Bool = false
        ) async throws(ActionError) {
            let request = context.request(
                context.words(command), adding: instance.variables, leavesRunning: leavesRunning)
            let end = try await context.services.command(request, step: step)
            guard end != .exited(0) else { return }
            let said = try await context.lastWords(step: step)
            if !said.isEmpty { context.services.note("\(step) printed:\n\(said)") }
            throw .command(end, what: "\(step): \(command.name)")
        }

        /// An old process that survives its stop would be taken for the new one.
        private func noteIfStillAnswering(_ instance: Instance) async throws(ActionError) {
            var question = try HealthQuestion(context, instance)
            question.request.timeout = min(question.request.timeout, .seconds(1))
            if await context.services.measure(question.probe, question.request).verdict == .passed {
                context.services.note(
                    "\(instance.name) still passes its health check after its stop command: is the old release still there?"
                )
            }
        }

        private func waitUntilHealthy(_ instance: Instance, _ watch: HealthWatch) async throws(ActionError) {
            do throws(ActionError) {
                let evidence = try await context.services.step("\(instance.name)/healthy") {
                    () async throws(ActionError) in try await watch.untilHealthy(instance)
                }
                context.services.note("\(instance.name) is healthy: \(evidence)")
            } catch {
                guard case .failed(let reason) = error else { throw error }
                let said = try await context.lastWords(step: "\(instance.name)/start")
                throw .failed(said.isEmpty ? reason : "\(reason). Its start printed: \(said)")
            }
        }
    }
}
