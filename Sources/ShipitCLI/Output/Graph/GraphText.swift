/// The graph for a terminal: a line a stage. The longest way through goes straight down; what branches off it hangs at its
/// side, as `git log --graph` draws it. What a drawing in lines cannot show, a stage's further needs, is said in words.
struct GraphText {
    private let graph: StageGraph
    private let style: Terminal.Style
    private let width: Int?

    /// How far names may push what stands behind them.
    private static let widestName = 40
    private static let namedNeeds = 3

    /// The stage under which each is drawn: the need in the deepest layer.
    private var parent: [Int?] = []
    /// Branches first, the one that goes straight on last.
    private var children: [[Int]] = []
    private var groups: [String: Set<Int>] = [:]

    /// - Parameter width: where lines are cut; `nil` where nothing is.
    static func text(_ graph: StageGraph, style: Terminal.Style, width: Int? = nil) -> String {
        GraphText(graph, style, width).text()
    }

    private init(_ graph: StageGraph, _ style: Terminal.Style, _ width: Int?) {
        self.graph = graph
        self.style = style
        self.width = width
        let layer = LayeredGraph.longestPaths(graph.stages.map(\.needs))
        parent = graph.stages.map { $0.needs.max { (layer[$0], $0) < (layer[$1], $1) } }
        children = Array(repeating: [], count: graph.stages.count)
        for (place, parent) in parent.enumerated() { parent.map { children[$0].append(place) } }
        var height = Array(repeating: 0, count: graph.stages.count)
        for place in graph.stages.indices.reversed() {
            if let above = parent[place] { height[above] = max(height[above], height[place] + 1) }
        }
        for place in children.indices { children[place].sort { (height[$0], $0) < (height[$1], $1) } }
        for (place, stage) in graph.stages.enumerated() {
            if let group = stage.group { groups[group, default: []].insert(place) }
        }
    }

    // MARK: Lines

    private func text() -> String {
        var lines: [(prefix: String, place: Int)?] = []
        for root in graph.stages.indices where parent[root] == nil {
            if root != 0, !lines.isEmpty { lines.append(nil) }
            add(root, first: "", rest: "", to: &lines)
        }
        let column =
            lines.map { line in
                line.map { min(Self.widestName, TextWidth.of($0.prefix + "o " + name($0.place))) } ?? 0
            }.max() ?? 0
        var text = graph.title + "\n\n"
        for line in lines { text += line.map { self.line($0.prefix, $0.place, column) } ?? "\n" }
        guard graph.stages.count > 1 else { return text }
        return text + "\na stage waits for the one above it on its line, and for those it is \"after\"\n"
    }

    /// Down one line from a stage, and aside into its branches. Only branches nest, so the depth stays small.
    private func add(_ start: Int, first: String, rest: String, to lines: inout [(prefix: String, place: Int)?]) {
        var stage = start
        var prefix = first
        while true {
            lines.append((prefix, stage))
            guard let next = children[stage].last else { return }
            prefix = rest
            for branch in children[stage].dropLast() {
                add(
                    branch, first: rest + (style.unicode ? "├─" : "|-"), rest: rest + (style.unicode ? "│ " : "| "),
                    to: &lines)
            }
            stage = next
        }
    }

    private func line(_ prefix: String, _ place: Int, _ column: Int) -> String {
        let stage = graph.stages[place]
        var ink = Ink(width: (width ?? Int.max / 2), style: style)
        ink.add(prefix, .dim)
        ink.add(symbol(stage), colour(stage))
        ink.add(" " + name(place))
        ink.space(to: column + 2)
        ink.add(stage.standing?.words ?? SafeText.line(stage.action), stage.standing == nil ? .dim : colour(stage))
        for mark in stage.marks {
            ink.add(", ")
            ink.add(mark.words, mark == .monitoredFromHere || mark == .conditional ? .cyan : .red)
        }
        let further = furtherNeeds(stage, place)
        if !further.isEmpty { ink.add(", after \(further)") }
        return ink.line.text + "\n"
    }

    private func name(_ place: Int) -> String { SafeText.line(graph.stages[place].name) }

    // MARK: Needs that the drawing doesn't show

    private func furtherNeeds(_ stage: StageGraph.Stage, _ place: Int) -> String {
        let needs = Set(stage.needs)
        var names: [String] = []
        var said: Set<String> = []
        for need in stage.needs {
            if let group = graph.stages[need].group, let members = groups[group], members.count > 1,
                members.isSubset(of: needs)
            {
                // All that `for-each` made of one stage.
                if said.insert(group).inserted { names.append("\(SafeText.line(group))[…]") }
            } else if need != parent[place] {
                names.append(name(need))
            }
        }
        if !style.unicode { names = names.map { $0.replacing("[…]", with: "[all]") } }
        let more = names.count - Self.namedNeeds
        guard more > 1 else { return names.joined(separator: ", ") }
        return names.prefix(Self.namedNeeds).joined(separator: ", ") + " and \(more) more"
    }

    // MARK: Symbols

    private func symbol(_ stage: StageGraph.Stage) -> String {
        guard let paint = stage.standing?.paint else {
            return style.unicode ? (stage.changes ? "●" : "○") : (stage.changes ? "*" : "o")
        }
        return switch paint {
        case .pending, .waiting: style.unicode ? "○" : "o"
        case .running: style.unicode ? "▶" : ">"
        case .succeeded: style.unicode ? "✓" : "+"
        case .failed: style.unicode ? "✗" : "x"
        case .skipped: "-"
        case .cancelled: style.unicode ? "⊘" : "/"
        case .interrupted: "!"
        case .unknown: "?"
        case .undone: style.unicode ? "↩" : "<"
        }
    }

    private func colour(_ stage: StageGraph.Stage) -> Ink.Colour {
        switch stage.standing?.paint {
        case nil: .plain
        case .pending, .skipped, .cancelled: .dim
        case .running: .cyan
        case .succeeded: .green
        case .failed: .red
        case .waiting, .interrupted, .unknown, .undone: .yellow
        }
    }
}
