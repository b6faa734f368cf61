import ShipitCore

/// A source's figure: its samples, what rules made of them, their limits, the stages beneath, and where a rule was breached.
struct PlotDrawing {
    let plot: SourcePlot

    private static let width = 560.0
    private static let left = 62.0
    private static let right = 552.0
    private static let top = 24.0
    private static let bottom = 168.0
    private static let height = 190.0
    private static let orders = ["first", "second", "third"]

    var figure: String {
        "<figure>\n\(svg)<figcaption>\(MarkupText.xml(SafeText.line(caption)))</figcaption>\n</figure>\n"
    }

    private var caption: String {
        let seconds = max(1, Int((plot.span.end - plot.span.begin).seconds) / Trace.width)
        var words = "\(plot.source): " + (plot.showsSamples ? "samples (grey)" : plot.lines.map(\.metric).joined())
        if plot.showsSamples, !plot.lines.isEmpty {
            words += ", " + plot.lines.map(\.metric).joined(separator: ", ") + " as its rules saw it (line)"
        }
        if !plot.failures.isEmpty { words += "; red below: errors or no data (\(plot.failures.count))" }
        return words + (seconds > 5 ? "; a column is \(seconds)s, from its lowest to its highest" : "")
    }

    private var svg: String {
        "<svg viewBox=\"0 0 \(number(Self.width)) \(number(Self.height))\" role=\"img\">\n"
            + "<title>\(MarkupText.xml(SafeText.line("what \(plot.source) gave over time")))</title>\n" + bands + axes
            + limits + baselines + samples + lines + failures + breaches + keys + "</svg>\n"
    }

    // MARK: Where things lie

    private func x(_ instant: Instant) -> Double { Self.left + plot.span.share(instant) * (Self.right - Self.left) }

    private func x(_ column: Int) -> Double {
        Self.left + (Double(column) + 0.5) / Double(Trace.width) * (Self.right - Self.left)
    }

    private var range: (low: Double, high: Double) {
        let (low, high) = (plot.lowest, plot.highest)
        return high > low ? (low, high + (high - low) * 0.12) : (low, low + 1)
    }

    private func y(_ value: Double) -> Double {
        let (low, high) = range
        return Self.bottom - min(max((value - low) / (high - low), 0), 1) * (Self.bottom - Self.top)
    }

    private func number(_ value: Double) -> String { ReportTimeline.number(value) }

    // MARK: Ground

    private var bands: String {
        plot.span.bands.map { band in
            let (from, to) = (x(band.from), x(band.to))
            let name = MarkupText.xml(SafeText.line(band.stage))
            var text = "<rect class=\"band\(band.isUndo ? " undo" : "")\" x=\"\(number(from))\" "
            text += "y=\"\(number(Self.top))\" width=\"\(number(max(2, to - from)))\" "
            text += "height=\"\(number(Self.bottom - Self.top))\"><title>\(name)</title></rect>\n"
            guard to - from > Double(TextWidth.of(band.stage)) * 6.5 else { return text }
            return text
                + "<text class=\"faint key\" x=\"\(number(from + 3))\" y=\"\(number(Self.top + 11))\">\(name)</text>\n"
        }.joined()
    }

    private var axes: String {
        let (low, high) = (plot.lowest, plot.highest)
        var text = ""
        for value in high > low ? [low, high] : [low] {
            text += line("grid", at: y(value)) + label(Words.value(value, plot.dimension), at: y(value))
        }
        let feet = number(Self.height - 4)
        text +=
            "<text class=\"faint\" x=\"\(number(Self.left))\" y=\"\(feet)\">\(Words.clock(plot.span.begin))</text>\n"
        text += "<text class=\"faint\" text-anchor=\"end\" x=\"\(number(Self.right))\" y=\"\(feet)\">"
        return text + "\(Words.clock(plot.span.end))</text>\n"
    }

    private func label(_ words: String, at y: Double) -> String {
        "<text class=\"faint\" x=\"0\" y=\"\(number(y + 4))\">\(MarkupText.xml(words))</text>\n"
    }

    private func line(_ name: String, at y: Double, title: String? = nil) -> String {
        let title = title.map { "<title>\(MarkupText.xml(SafeText.line($0)))</title>" } ?? ""
        return "<line class=\"\(name)\" x1=\"\(number(Self.left))\" x2=\"\(number(Self.right))\" y1=\"\(number(y))\" "
            + "y2=\"\(number(y))\">\(title)</line>\n"
    }

    private var limits: String {
        plot.limits.map { limit in
            let place = y(limit.value)
            let words = Words.value(limit.value, plot.dimension)
            return line("limit\(limit.warns ? " warns" : "")", at: place, title: limit.rules.joined(separator: "; "))
                + "<text class=\"faint key\" text-anchor=\"end\" x=\"\(number(Self.right))\" "
                + "y=\"\(number(place - 4))\">limit \(MarkupText.xml(words))</text>\n"
        }.joined()
    }

    private var baselines: String {
        plot.baselines.map { metric, value in
            let place = y(value)
            let words = MarkupText.xml("\(metric) before \(Words.value(value, plot.dimension))")
            return line("baseline", at: place, title: "\(metric) of the baseline")
                + "<text class=\"faint key\" x=\"\(number(Self.left + 3))\" y=\"\(number(place - 4))\">\(words)</text>\n"
        }.joined()
    }

    // MARK: What was measured

    private var samples: String {
        guard !plot.samples.columns.isEmpty else { return "" }
        let path = plot.samples.columns.map {
            // A stroke of no length would not be drawn.
            "M\(number(x($0.place))) \(number(y($0.low)))V\(number(y($0.high) - 0.1))"
        }.joined()
        return "<path class=\"sample\" d=\"\(path)\"/>\n"
    }

    private var lines: String {
        plot.lines.enumerated().map { order, line in
            "<path class=\"trace \(Self.order(order))\" d=\"\(path(line.trace))\"><title>"
                + "\(MarkupText.xml(line.metric))</title></path>\n"
        }.joined()
    }

    /// Broken where nothing was judged for long: nobody knows what was there.
    private func path(_ trace: Trace) -> String {
        let places = trace.columns.map(\.place)
        let gaps = zip(places.dropFirst(), places).map { $0 - $1 }.sorted()
        let usual = gaps.isEmpty ? 1 : gaps[gaps.count / 2]
        var text = ""
        var last: Int?
        for column in trace.columns {
            let isBroken = last.map { column.place - $0 > max(3, 3 * usual) } ?? true
            text += "\(isBroken ? "M" : "L")\(number(x(column.place))) \(number(y(column.last)))"
            last = column.place
        }
        return text
    }

    private var failures: String {
        let places = Set(
            plot.failures.map { min(Int(plot.span.share($0) * Double(Trace.width)), Trace.width - 1) })
        guard !places.isEmpty else { return "" }
        let path = places.sorted().map { "M\(number(x($0))) \(number(Self.bottom))v-7" }.joined()
        return "<path class=\"failure\" d=\"\(path)\"><title>errors or no data</title></path>\n"
    }

    private var breaches: String {
        plot.span.breaches.map { mark in
            let place = number(x(mark.at))
            let words = MarkupText.xml(SafeText.line("\(Words.clock(mark.at)): breach of \(mark.words)"))
            return "<line class=\"breach\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(Self.top))\" "
                + "y2=\"\(number(Self.bottom))\"><title>\(words)</title></line>\n"
        }.joined()
    }

    /// What is what, above the picture.
    private var keys: String {
        let unit = plot.showsSamples ? plot.source : "\(plot.source), as its rules saw it"
        var keys = [(words: unit, name: "key")]
        keys += plot.lines.enumerated().map { ("— \($1.metric)", "key \(Self.order($0))") }
        if !plot.span.breaches.isEmpty { keys.append(("| breach", "key bad")) }
        var place = Self.left
        return keys.map { words, name in
            let shown = TextWidth.cut(SafeText.line(words), to: 40)
            defer { place += Double(TextWidth.of(shown)) * 6.6 + 14 }
            return "<text class=\"\(name)\" x=\"\(number(place))\" y=\"14\">\(MarkupText.xml(shown))</text>\n"
        }.joined()
    }

    private static func order(_ place: Int) -> String { orders[min(place, orders.count - 1)] }
}
