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
        let command = try command(context)
        if context.hosts != nil { return [CommandLineText.line(command.words(hasBash: true))] }
        return [context.line(command)]
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let command = try command(context)
        if let hosts = context.hosts {
            return try await HostedRun(context: context, work: hosts, command: command).perform()
        }
        let file = context.variables["SHIPIT_OUTPUT"]
        if let file { try OutputFile.prepare(file) }
        do throws(ActionError) {
            let end = try await context.services.command(
                context.request(context.words(command), leavesRunning: context.leavesRunning), step: nil)
            guard end == .exited(0) else { throw .command(end, what: command.name) }
            guard let file else { return [:] }
            return try outputs(in: file, context)
        } catch {
            // Nobody will use what a failed command wrote, and it may hold a secret: it must not stay on the disk. Where
            // the engine stops, the command goes on, and its outputs are read when the attempt is taken up again.
            if case .stopped = error { throw error }
            if let file { OutputFile.remove(file) }
            throw error
        }
    }

    private func outputs(in file: String, _ context: ActionContext) throws(ActionError) -> [String: String] {
        let outputs = try OutputFile.read(file)
        for (name, value) in outputs.sorted(by: { $0.key < $1.key }) {
            // The journal must not hold it, and a masked value would mislead whoever uses the output.
            let holdsSecret = context.secretValues.contains { !$0.isEmpty && value.contains($0) }
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
