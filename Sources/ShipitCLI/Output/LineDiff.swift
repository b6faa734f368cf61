/// Two texts line by line: what both have, what only the earlier one has, what only the later one.
enum LineDiff {
    enum Line: Hashable, Sendable {
        case same(String)
        case removed(String)
        case added(String)
        /// So many lines that both have are left out.
        case gap(Int)
    }

    /// Lines around a change that are shown.
    private static let context = 3
    /// Beyond it (lines of one times lines of the other) all between the equal ends counts as changed.
    private static let largest = 4_000_000

    static func lines(_ before: String, _ after: String) -> [Line] { shortened(all(split(before), split(after))) }

    /// A break at the very end begins no line.
    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func all(_ before: [String], _ after: [String]) -> [Line] {
        let head = zip(before, after).prefix { $0 == $1 }.count
        let left = min(before.count, after.count) - head
        let tail = zip(before.reversed(), after.reversed()).prefix(left).prefix { $0 == $1 }.count
        let (old, new) = (before[head..<(before.count - tail)], after[head..<(after.count - tail)])
        return before[..<head].map(Line.same) + between(Array(old), Array(new)) + before.suffix(tail).map(Line.same)
    }

    private static func between(_ old: [String], _ new: [String]) -> [Line] {
        guard old.count * new.count <= largest else { return old.map(Line.removed) + new.map(Line.added) }
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var lines: [Line] = []
        var (from, to) = (0, 0)
        while from < old.count || to < new.count {
            if removed.contains(from) {
                lines.append(.removed(old[from]))
                from += 1
            } else if added.contains(to) {
                lines.append(.added(new[to]))
                to += 1
            } else {
                lines.append(.same(old[from]))
                (from, to) = (from + 1, to + 1)
            }
        }
        return lines
    }

    /// What is far from every change is only counted.
    private static func shortened(_ lines: [Line]) -> [Line] {
        let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
        var near: Set<Int> = []
        for place in changed { near.formUnion(max(0, place - context)...min(lines.count - 1, place + context)) }
        var shown: [Line] = []
        var skipped = 0
        for (place, line) in lines.enumerated() {
            guard near.contains(place) else {
                skipped += 1
                continue
            }
            if skipped > 0 { shown.append(.gap(skipped)) }
            skipped = 0
            shown.append(line)
        }
        if skipped > 0 { shown.append(.gap(skipped)) }
        return shown
    }
}
