import ShipitImport

/// What was made of a checklist.
enum ImportWords {
    /// So many commands are listed; each stands in the file, too.
    private static let listed = 10

    /// `target` is `nil` where the pipeline went to standard output.
    static func summary(_ summary: ChecklistImport.Summary, of file: String, target: String?) -> String {
        var lines = [
            "\(file): \(Words.count(summary.items, "box", "boxes")) (\(summary.ticked) ticked) in "
                + "\(Words.count(summary.suites, "suite"))" + (target.map { " → \($0)" } ?? "")
        ]
        let kinds = summary.checks.keys.sorted().map { "\(summary.checks[$0]!) \($0)" }
        lines.append("  checks      \(summary.judged)" + (kinds.isEmpty ? "" : ": \(kinds.joined(separator: ", "))"))
        lines.append("  manual      \(summary.manual)")
        lines.append("  thresholds  \(summary.thresholds), each a condition of its check or manual item")
        if summary.ownerless > 0 {
            lines.append("  no owner    \(summary.ownerless), given to role \(summary.defaultRole)")
        }
        if summary.partlyJudged > 0 {
            lines.append(
                "  notes       \(Words.count(summary.partlyJudged, "check")) with notes that it does not judge")
        }
        lines += left(summary.leftCommands)
        if let target {
            lines += [
                "next: shipit validate \(ShellWord.quoted(target))",
                "      shipit import \(ShellWord.quoted(file)) --check \(ShellWord.quoted(target))",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func left(_ commands: [ChecklistImport.LeftCommand]) -> [String] {
        guard !commands.isEmpty else { return [] }
        var lines = [
            "  not checks  \(Words.count(commands.count, "command")) that change something, or whose expectation is not understood:"
        ]
        lines += commands.prefix(listed).map { "    line \($0.line): \(SafeText.line($0.command))" }
        if commands.count > listed {
            lines.append("    and \(commands.count - listed) more, each in the file at its item")
        }
        return lines
    }
}
