import ShipitCore

/// `plan TAG --diff RUN` for a person: a line a field, longer texts line by line.
struct PlanDiffText {
    /// What the run would be called: `20260112-0130-7f3k (v1.15.1 to production)`.
    var run: String
    /// `v1.15.2 to production`.
    var title: String
    var before: String
    var after: String
    var diff: PlanDiff

    var text: String {
        guard !diff.changes.isEmpty else {
            return "the plan of \(title) is that of run \(run)\n\(after)\n"
        }
        let head =
            "plan of \(title), against run \(run): \(Words.count(diff.changes.count, "difference"))\n"
            + "- \(before)\n+ \(after)\n\n"
        return head + diff.changes.flatMap(Self.lines).map { $0 + "\n" }.joined()
    }

    private static func lines(_ change: PlanDiff.Change) -> [String] {
        let path = SafeText.line(change.path)
        switch (change.before, change.after) {
        case (.text(let before)?, .text(let after)?):
            guard isLong(before) || isLong(after) else { return ["\(path): \(shown(before)) → \(shown(after))"] }
            return ["\(path):"] + LineDiff.lines(before, after).map(line)
        case (let before?, let after?): return ["\(path): \(inline(before)) → \(inline(after))"]
        case (nil, let after?): return block("+", path, after)
        case (let before?, nil): return block("-", path, before)
        case (nil, nil): return []
        }
    }

    private static func isLong(_ text: String) -> Bool {
        text.split(separator: "\n", omittingEmptySubsequences: true).count > 1
    }

    private static func line(_ line: LineDiff.Line) -> String {
        switch line {
        case .same(let text): "    \(SafeText.line(text))"
        case .removed(let text): "  - \(SafeText.line(text))"
        case .added(let text): "  + \(SafeText.line(text))"
        case .gap(let count): "    … \(Words.count(count, "equal line"))"
        }
    }

    // MARK: Values

    /// In quotes where nobody would see it, or where it begins or ends.
    private static func shown(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.first?.isWhitespace == false && text.last?.isWhitespace == false
        return isPlain ? SafeText.line(text) : "\"\(SafeText.line(text))\""
    }

    private static func inline(_ tree: PlanTree) -> String {
        switch tree {
        case .text(let text): shown(text)
        case .list(let values): "[" + values.map(inline).joined(separator: ", ") + "]"
        case .map(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(SafeText.line($0.key)): \(inline($0.value))" }
                .joined(separator: ", ") + "}"
        case .named(let parts): "[" + parts.map { SafeText.line($0.name) }.joined(separator: ", ") + "]"
        }
    }

    /// What only one side has, each line with its sign.
    private static func block(_ sign: String, _ path: String, _ tree: PlanTree) -> [String] {
        let rest = nested(tree)
        if rest.count == 1, case .text = tree { return ["\(sign) \(path): \(rest[0])"] }
        return ["\(sign) \(path):"] + rest.map { "\(sign)   \($0)" }
    }

    private static func nested(_ tree: PlanTree) -> [String] {
        switch tree {
        case .text(let text): isLong(text) ? CallWords.split(text) : [shown(text)]
        case .list: [inline(tree)]
        case .map(let members): members.sorted { $0.key < $1.key }.flatMap { member($0.key, $0.value) }
        case .named(let parts): parts.flatMap { member($0.name, $0.value) }
        }
    }

    private static func member(_ name: String, _ value: PlanTree) -> [String] {
        let rest = nested(value)
        let name = SafeText.line(name)
        switch value {
        case .text(let text) where !isLong(text): return ["\(name): \(rest[0])"]
        case .list: return ["\(name): \(rest[0])"]
        default: return ["\(name):"] + rest.map { "  " + $0 }
        }
    }
}
