import ShipitCore

/// The values of a rule over time, with its limit.
struct MetricPlot {
    var title: String
    var dimension: Dimension
    var limit: Double
    /// In the order of time; `nil` where there was no data. Single looks, with no line between them: nobody knows what was there.
    var points: [(at: Instant, value: Double?)]

    private static let width = 480.0
    private static let height = 150.0
    private static let left = 58.0
    private static let bottom = 128.0
    private static let top = 10.0

    /// A plot for each rule with a limit of which values are on record: those at which it was found over its limit, and within
    /// it again.
    static func plots(of report: RunReport) -> [MetricPlot] {
        guard let monitor = report.view.state.plan.monitor else { return [] }
        return (monitor.rollbackWhen + monitor.warnWhen).compactMap { rule in
            guard case .metric(_, let condition, _) = rule.kind else { return nil }
            let points = report.judgements.filter { $0.rule == rule.text }.map { (at: $0.at, value: $0.observed) }
            guard points.contains(where: { $0.value != nil }) else { return nil }
            return MetricPlot(
                title: rule.text, dimension: condition.limit.dimension, limit: condition.limit.value, points: points)
        }
    }

    var figure: String {
        "<figure>\(svg)<figcaption>\(MarkupText.xml(SafeText.line(title))): where it "
            + "was found over its limit, and within it again</figcaption></figure>\n"
    }

    private var svg: String {
        let values = points.compactMap(\.value).filter(\.isFinite)
        let highest = max(values.max() ?? 0, limit) * 1.15
        guard let first = points.first?.at, let last = points.last?.at, highest > 0 else { return "" }
        let span = max((last - first).seconds, 1)
        func x(_ at: Instant) -> Double {
            Self.left + (points.count == 1 ? 0.5 : (at - first).seconds / span) * (Self.width - Self.left - 12)
        }
        func y(_ value: Double) -> Double { Self.bottom - min(max(value, 0) / highest, 1) * (Self.bottom - Self.top) }
        var text = "<svg viewBox=\"0 0 \(number(Self.width)) \(number(Self.height))\" role=\"img\">\n"
        text += "<title>\(MarkupText.xml(SafeText.line(title)))</title>\n"
        for (value, words) in [(0, Words.value(0, dimension)), (limit, Words.value(limit, dimension))] {
            let place = number(y(value))
            let name = value == limit ? "limit" : "grid"
            text += "<line class=\"\(name)\" x1=\"\(number(Self.left))\" x2=\"\(number(Self.width - 8))\" "
            text += "y1=\"\(place)\" y2=\"\(place)\"/>\n"
            text += "<text class=\"faint\" x=\"0\" y=\"\(number(y(value) + 4))\">\(words)</text>\n"
        }
        for point in points {
            guard let value = point.value, value.isFinite else { continue }
            let tip = "\(Words.clock(point.at)): \(Words.value(value, dimension))"
            text += "<circle class=\"dot\(value > limit ? " over" : "")\" cx=\"\(number(x(point.at)))\" "
            text += "cy=\"\(number(y(value)))\" r=\"3.5\"><title>\(tip)</title></circle>\n"
        }
        text += "<text class=\"faint\" x=\"\(number(Self.left))\" y=\"146\">\(Words.clock(first))</text>\n"
        text +=
            "<text class=\"faint\" text-anchor=\"end\" x=\"\(number(Self.width - 8))\" y=\"146\">\(Words.clock(last))</text>\n"
        return text + "</svg>"
    }

    private func number(_ value: Double) -> String { ReportTimeline.number(value) }
}
