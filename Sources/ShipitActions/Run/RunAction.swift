public import ShipitCore
public import ShipitEngine

/// `run:`: one command, under the attempt's own key.
public struct RunAction: Action {
    public init() {}

    public let description = ActionDescription(
        name: "run", help: "Run a script or a program.",
        inputs: [
            FieldDescription("script", .text, help: "A script for bash, or for sh where there is no bash."),
            FieldDescription("argv", .list(.text), help: "A program and its words; no shell reads them."),
        ], outputs: nil, undo: .none, onInterrupt: .ask, verifies: false)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        [context.line(try command(context))]
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let command = try command(context)
        let end = try await context.services.command(
            context.request(context.words(command), leavesRunning: context.leavesRunning), step: nil)
        guard end == .exited(0) else { throw .command(end, what: command.name) }
        guard let file = context.variables["SHIPIT_OUTPUT"] else { return [:] }
        let outputs = try OutputFile.read(file)
        for name in outputs.keys.sorted() {
            // The journal must not hold it, and a masked value would mislead whoever uses the output.
            let holdsSecret = context.secretValues.contains { !$0.isEmpty && outputs[name]!.contains($0) }
            if holdsSecret { throw .failedForGood("output \"\(name)\" holds the value of a secret") }
        }
        return outputs
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        .unknown("only the author of a command knows whether it was done; give the stage a `verify:`")
    }

    public func undo(_ context: ActionContext) async throws(ActionError) {
        throw .failedForGood("a command has no way back of its own")
    }

    private func command(_ context: ActionContext) throws(ActionError) -> Command {
        switch (try context.inputs.value("script"), try context.inputs.value("argv")) {
        case (.some(let script), nil):
            guard script.text != nil else { throw .badInput("script", "must be text") }
            return try Command(script, input: "script")
        case (nil, .some(let argv)):
            guard argv.list != nil else { throw .badInput("argv", "must be a list of words") }
            return try Command(argv, input: "argv")
        case (nil, nil): throw .badInput("script", "is missing")
        case (.some, .some): throw .badInput("argv", "cannot stand beside a script")
        }
    }
}
