/// The graph as one self-contained picture: no script, no font and no file of others; light or dark as the reader likes it.
enum GraphSVG {
    private static let margin = 24.0
    private static let widestName = 36
    private static let legendHeight = 26.0
    private static let farAside = 320.0

    static func text(_ graph: StageGraph) -> String {
        var layered = LayeredGraph(needs: graph.stages.map(\.needs))
        layered.reduceCrossings()
        let names = graph.stages.map { TextWidth.cut(SafeText.line($0.name), to: widestName) }
        let subtitles = graph.stages.map { TextWidth.cut($0.subtitle, to: 60) }
        // A digit's width of every monospaced font, near enough.
        let widths = zip(names, subtitles).map { name, subtitle in
            (max(Double(TextWidth.of(name)) * 7.9, Double(TextWidth.of(subtitle)) * 6.7) + 28).rounded(.up)
        }
        let drawing = GraphDrawing.fitting(layered, widths: widths)
        let (legend, legendSize) = legend(graph, width: max(drawing.width, 620))
        let width = max(drawing.width, legendSize.width, Double(TextWidth.of(graph.title)) * 9.2) + 2 * margin
        let top = margin + 26 + legendSize.height + 14
        let height = top + drawing.height + margin

        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" \
            viewBox="0 0 \(number(width)) \(number(height))" role="img">
            <title>\(escaped(graph.title))</title>
            \(style(graph))
            <defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
            <path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
            <rect class="ground" width="100%" height="100%"/>
            <text class="title" x="\(number(margin))" y="\(number(margin + 12))">\(escaped(graph.title))</text>
            <g transform="translate(\(number(margin)) \(number(margin + 26)))">
            \(legend)</g>
            <g transform="translate(\(number(margin)) \(number(top)))">

            """
        for line in drawing.lines { text += self.line(line, drawing.isAcross) }
        for (place, stage) in graph.stages.enumerated() {
            text += box(stage, names[place], subtitles[place], drawing.boxes[place], graph, drawing.isAcross)
        }
        return text + "</g>\n</svg>\n"
    }

    // MARK: Stages and lines

    private static func box(
        _ stage: StageGraph.Stage, _ name: String, _ subtitle: String, _ box: GraphDrawing.Box, _ graph: StageGraph,
        _ isAcross: Bool
    ) -> String {
        let (left, top) = (number(box.x), number(box.y))
        let middle = number(box.x + box.width / 2)
        var text =
            "<g class=\"stage \(stage.standing?.paint ?? .pending)\"><title>\(escaped(tip(stage, graph)))</title>"
        text += "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(number(box.width))\" height=\"\(number(box.height))\" "
        text += "rx=\"\(stage.changes ? 5 : 22)\"/>"
        if stage.isPointOfNoReturn {
            // A bar across the way out.
            let bar =
                isAcross
                ? (x: box.x + box.width - 3, y: box.y - 3, width: 6.0, height: box.height + 6)
                : (x: box.x - 3, y: box.y + box.height - 3, width: box.width + 6, height: 6.0)
            text += "<rect class=\"noreturn\" x=\"\(number(bar.x))\" y=\"\(number(bar.y))\" "
            text += "width=\"\(number(bar.width))\" height=\"\(number(bar.height))\"/>"
        }
        text += "<text x=\"\(middle)\" y=\"\(number(box.y + 19))\">\(escaped(name))</text>"
        text += "<text class=\"small\" x=\"\(middle)\" y=\"\(number(box.y + 35))\">\(escaped(subtitle))</text></g>\n"
        return text
    }

    private static func tip(_ stage: StageGraph.Stage, _ graph: StageGraph) -> String {
        var lines = [SafeText.line(stage.name)]
        if let standing = stage.standing { lines.append(standing.words) }
        lines += stage.marks.map(\.words)
        if !stage.needs.isEmpty {
            let names = stage.needs.prefix(12).map { SafeText.line(graph.stages[$0].name) }
            lines.append("after " + names.joined(separator: ", ") + (stage.needs.count > names.count ? ", …" : ""))
        }
        return (lines + stage.details).joined(separator: "\n")
    }

    private static func line(_ line: GraphDrawing.Line, _ isAcross: Bool) -> String {
        func words(_ point: GraphDrawing.Point) -> String { "\(number(point.x)) \(number(point.y))" }
        var path = "M" + words(line.points[0])
        for place in line.points.indices.dropFirst() {
            // Gaps and layers take turns, and a line begins in a gap.
            path +=
                place.isMultiple(of: 2)
                ? "L" + words(line.points[place])
                : way(from: line.points[place - 1], to: line.points[place], isAcross, bend: line.bend)
        }
        return "<path class=\"line\" d=\"\(path)\" marker-end=\"url(#tip)\"/>\n"
    }

    /// Through a gap between layers: a curve; where it is far aside, straight aside, so that lines of one stage are one line.
    private static func way(
        from start: GraphDrawing.Point, to end: GraphDrawing.Point, _ isAcross: Bool, bend: Double
    ) -> String {
        func point(_ along: Double, _ aside: Double) -> String {
            isAcross ? "\(number(along)) \(number(aside))" : "\(number(aside)) \(number(along))"
        }
        let (first, last) = isAcross ? (start.x, end.x) : (start.y, end.y)
        let (from, to) = isAcross ? (start.y, end.y) : (start.x, end.x)
        guard abs(to - from) > farAside else {
            let middle = (first + last) / 2
            return "C\(point(middle, from)) \(point(middle, to)) \(point(last, to))"
        }
        let place = first + (last - first) * bend
        let corner = to > from ? 7.0 : -7.0
        return "L\(point(place - 7, from))Q\(point(place, from)) \(point(place, from + corner))"
            + "L\(point(place, to - corner))Q\(point(place, to)) \(point(place + 7, to))L\(point(last, to))"
    }

    // MARK: Legend and colours

    private static func legend(
        _ graph: StageGraph, width: Double
    ) -> (text: String, size: (width: Double, height: Double)) {
        var items: [(paint: String, words: String, rounding: Int)] = []
        for paint in StageGraph.Paint.allCases {
            let count = graph.stages.count { $0.standing?.paint == paint }
            if count > 0 { items.append(("stage \(paint)", "\(paint) \(count)", 3)) }
        }
        if graph.stages.contains(where: { !$0.changes }) {
            items.append(("stage pending", "changes nothing", 8))
        }
        if graph.stages.contains(where: \.isPointOfNoReturn) { items.append(("stage", "point of no return", 0)) }
        var text = ""
        var (x, y, widest) = (0.0, 0.0, 0.0)
        for item in items {
            let own = Double(TextWidth.of(item.words)) * 6.7 + 46
            if x > 0, x + own > width { (x, y) = (0, y + legendHeight) }
            let mark =
                item.rounding == 0
                ? "<rect class=\"noreturn\" x=\"\(number(x + 8))\" y=\"\(number(y))\" width=\"6\" height=\"16\"/>"
                : "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"22\" height=\"16\" rx=\"\(item.rounding)\"/>"
            text += "<g class=\"\(item.paint)\">\(mark)</g>"
            text +=
                "<text class=\"legend\" x=\"\(number(x + 28))\" y=\"\(number(y + 12))\">\(escaped(item.words))</text>\n"
            x += own
            widest = max(widest, x)
        }
        return (text, (widest, items.isEmpty ? 0 : y + legendHeight))
    }

    private static func style(_ graph: StageGraph) -> String {
        var paints = Set(graph.stages.compactMap { $0.standing?.paint })
        paints.insert(.pending)
        let used = StageGraph.Paint.allCases.filter(paints.contains)
        return """
            <style>
            text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px;\
            text-anchor:middle}
            .small{font-size:11px}.legend{font-size:11px;text-anchor:start}
            .title{font-size:15px;font-weight:600;text-anchor:start}
            .stage rect{stroke-width:1.5}.skipped rect{stroke-dasharray:4 3}.stage:hover rect{stroke-width:3}
            .line{fill:none;stroke-width:1.3}
            \(colours(used, isDark: false))@media (prefers-color-scheme:dark){
            \(colours(used, isDark: true))}
            </style>
            """
    }

    private static func colours(_ paints: [StageGraph.Paint], isDark: Bool) -> String {
        let line = GraphInk.line(isDark: isDark)
        let noReturn = GraphInk.noReturn(isDark: isDark)
        var text = ".ground{fill:\(GraphInk.ground(isDark: isDark))}text{fill:\(GraphInk.letters(isDark: isDark))}\n"
        text += ".line{stroke:\(line)}.tip{fill:\(line)}\n"
        for paint in paints {
            let ink = GraphInk(paint, isDark: isDark)
            text += ".\(paint) rect{fill:\(ink.fill);stroke:\(ink.stroke)}\n"
        }
        return text + ".stage .noreturn{fill:\(noReturn);stroke:none}\n"
    }

    // MARK: Text

    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10)
            ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private static func escaped(_ text: String) -> String { MarkupText.xml(text) }
}
