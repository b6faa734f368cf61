import ShipitCore
import ShipitEngine

extension ActionContext {
    /// The command of an input; `nil` when it is not given.
    func command(_ input: String, instance: [String: String] = [:]) throws(ActionError) -> Command? {
        guard let value = try inputs.value(input, instance: instance) else { return nil }
        return try Command(value, input: input)
    }

    func requiredCommand(_ input: String, instance: [String: String] = [:]) throws(ActionError) -> Command {
        guard let command = try command(input, instance: instance) else { throw .badInput(input, "is missing") }
        return command
    }

    func words(_ command: Command) -> [String] {
        // Only a script needs a shell to be looked for.
        if case .argv(let words) = command { return words }
        return command.words(hasBash: Programs.find("bash", path: variables["PATH"] ?? "", directory: workdir) != nil)
    }

    func line(_ command: Command) -> String { CommandLineText.line(words(command)) }

    func request(
        _ words: [String], adding extra: [String: String] = [:], timeout: TimeSpan? = nil, leavesRunning: Bool = false
    ) -> CommandRequest {
        let left = deadline.map { max($0 - services.now, .milliseconds(1)) }
        return CommandRequest(
            argv: words, environment: variables.merging(extra) { $1 }, directory: workdir, secrets: secretValues,
            timeout: [left, timeout].compactMap(\.self).min(), killAfter: killAfter, leavesRunning: leavesRunning)
    }

    /// Runs a command under a step's key; anything but success is thrown.
    func succeed(
        _ command: Command, step: String?, adding extra: [String: String] = [:], leavesRunning: Bool = false
    ) async throws(ActionError) {
        let end = try await services.command(
            request(words(command), adding: extra, leavesRunning: leavesRunning), step: step)
        if end != .exited(0) { throw .command(end, what: command.name) }
    }

    /// The last lines that a command printed, for a reason; empty when it said nothing.
    func lastWords(step: String?, lines: Int = 5) async throws(ActionError) -> String {
        let output = try await services.output(step: step, limit: 4096)
        let text = String(decoding: output.standardOutput + output.standardError, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).suffix(lines).joined(separator: "\n")
    }
}
