/// The graph for Graphviz. Stages are `s0`, `s1` …, and their names stand in quoted labels alone.
enum GraphDOT {
    static func text(_ graph: StageGraph) -> String {
        var text = "digraph shipit {\n"
        text += "  graph [label=\(quoted(graph.title)), labelloc=t, rankdir=LR, bgcolor=transparent, "
        text += "fontname=monospace, fontcolor=\"#6e7781\"]\n"
        text += "  node [shape=box, style=filled, fontname=monospace]\n  edge [color=\"#8c959f\"]\n"
        for (place, stage) in graph.stages.enumerated() { text += "  s\(place) [\(attributes(stage))]\n" }
        for (place, stage) in graph.stages.enumerated() {
            for need in stage.needs { text += "  s\(need) -> s\(place)\n" }
        }
        return text + "}\n"
    }

    private static func attributes(_ stage: StageGraph.Stage) -> String {
        let ink = GraphInk(stage.standing?.paint ?? .pending, isDark: false)
        let name = SafeText.line(stage.name)
        var attributes = [
            "label=\"\(escaped(name))\\n\(escaped(stage.subtitle))\"", "tooltip=\(quoted(name))",
            "fillcolor=\"\(ink.fill)\"", "color=\"\(ink.stroke)\"", "fontcolor=\"\(ink.text)\"",
        ]
        if !stage.changes { attributes.append("style=\"filled,rounded\"") }
        if stage.isPointOfNoReturn {
            attributes += ["peripheries=2", "color=\"\(GraphInk.noReturn(isDark: false))\""]
        }
        return attributes.joined(separator: ", ")
    }

    private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    /// Inside quotes a backslash begins an escape, and an ampersand an entity of HTML.
    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "&": "&amp;"
            default: String(character)
            }
        }.joined()
    }
}
