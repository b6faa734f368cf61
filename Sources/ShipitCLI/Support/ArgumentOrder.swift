/// Global options may stand before the command, as in `git -C DIR log`; the parser knows them after it.
enum ArgumentOrder {
    private static let withValue: Set<String> = ["-C", "--state", "--pipeline", "--env", "--output"]

    /// The same arguments with the command first.
    static func commandFirst(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let word = rest.first, isGlobal(word) {
            leading.append(rest.removeFirst())
            if withValue.contains(word), let value = rest.popFirst() { leading.append(value) }
        }
        guard !leading.isEmpty, let command = rest.first, !command.hasPrefix("-") else { return arguments }
        // A command of a group is two words.
        let words =
            ShipitCommand.groupNames.contains(command) && rest.dropFirst().first?.hasPrefix("-") == false ? 2 : 1
        return rest.prefix(words) + leading + rest.dropFirst(words)
    }

    private static func isGlobal(_ word: String) -> Bool {
        if withValue.contains(word) { return true }
        if word.hasPrefix("-C"), !word.hasPrefix("--") { return true }
        return withValue.contains { $0.hasPrefix("--") && word.hasPrefix($0 + "=") }
    }
}
