import ShipitCore

/// What the argument parser complains about, as one clear error with what to do next.
enum UsageWords {
    static func failure(_ message: String, _ arguments: [String], commands: [String]) -> CommandFailure {
        let command = arguments.first { !$0.hasPrefix("-") }
        guard let command else {
            return CommandFailure(.usage, lowercased(message), hint: "see: shipit --help")
        }
        guard commands.contains(command) else {
            let near = Suggestion.closest(to: command, among: commands)
            return CommandFailure(
                .usage, "there is no command \"\(command)\"",
                hint: near.map { "did you mean: shipit \($0)?" } ?? "see: shipit --help")
        }
        return CommandFailure(.usage, lowercased(message), hint: "see: shipit \(command) --help")
    }

    private static func lowercased(_ message: String) -> String {
        guard let first = message.first else { return "the arguments cannot be understood" }
        return first.lowercased() + message.dropFirst()
    }
}
