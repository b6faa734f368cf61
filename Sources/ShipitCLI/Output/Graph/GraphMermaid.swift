/// The graph for Mermaid. Stages are `s0`, `s1` …, and their names stand in labels alone.
enum GraphMermaid {
    /// Beyond it a row of boxes is wider than a page.
    private static let widest = 8

    static func text(_ graph: StageGraph) -> String {
        let depth = LayeredGraph.longestPaths(graph.stages.map(\.needs)).max() ?? 0
        var text = "flowchart \(depth < widest ? "LR" : "TD")\n  %% \(escaped(graph.title))\n"
        for (place, stage) in graph.stages.enumerated() {
            let (open, close) = stage.changes ? ("[", "]") : ("([", "])")
            let label = "\(escaped(SafeText.line(stage.name)))<br/>\(escaped(stage.subtitle))"
            text += "  s\(place)\(open)\"\(label)\"\(close)\n"
        }
        for (place, stage) in graph.stages.enumerated() {
            for need in stage.needs { text += "  s\(need) --> s\(place)\n" }
        }
        for paint in StageGraph.Paint.allCases {
            let places = graph.stages.indices.filter { graph.stages[$0].standing?.paint == paint }
            guard !places.isEmpty else { continue }
            let ink = GraphInk(paint, isDark: false)
            text += "  classDef \(paint) fill:\(ink.fill),stroke:\(ink.stroke),color:\(ink.text)\n"
            text += "  class \(places.map { "s\($0)" }.joined(separator: ",")) \(paint)\n"
        }
        let ends = graph.stages.indices.filter { graph.stages[$0].isPointOfNoReturn }
        if !ends.isEmpty {
            text += "  classDef noreturn stroke:\(GraphInk.noReturn(isDark: false)),stroke-width:4px\n"
            text += "  class \(ends.map { "s\($0)" }.joined(separator: ",")) noreturn\n"
        }
        return text
    }

    /// Mermaid's own escape, `#NUMBER;`, for all that could mean something to Mermaid, Markdown or HTML.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            let isPlain =
                !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || " -.,:/".unicodeScalars.contains(scalar)
            return isPlain ? String(Character(scalar)) : "#\(scalar.value);"
        }.joined()
    }
}
