import ShipitCore

/// The attempts of a run over its time: a row a stage, a bar an attempt.
struct ReportTimeline {
    private let report: RunReport
    private let begin: Instant
    private let end: Instant

    private static let width = 1000.0
    private static let names = 200.0
    private static let rowHeight = 24.0
    private static let top = 26.0
    /// So that what took no time can be seen.
    private static let narrowest = 3.0
    private static let longestName = 26

    /// From the first attempt's start to the last one's end; at least a second, so that there is something to divide by.
    init(_ report: RunReport) {
        self.report = report
        let attempts = report.attempts
        let begin = attempts.map(\.startedAt).min() ?? report.view.startedAt
        self.begin = begin
        let last = attempts.map { $0.finishedAt ?? report.now }.max() ?? begin
        end = max(last, begin + .seconds(1))
    }

    var svg: String {
        let rows = report.view.stages.filter(\.state.hasStarted).map(\.planned.name)
        let height = Self.top + Double(rows.count) * Self.rowHeight + 10
        var text =
            "<svg class=\"timeline\" viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(height))\" role=\"img\">\n"
        text += "<title>when each attempt began and ended</title>\n" + grid(height)
        for (place, name) in rows.enumerated() { text += row(name, Self.top + Double(place) * Self.rowHeight) }
        return text + moments(height) + "</svg>\n"
    }

    /// What the kinds of bars and lines in it mean.
    var legend: String {
        var words = ["filled: work"]
        if report.attempts.contains(where: { $0.id.part == .undo }) { words.append("outlined: undo") }
        if report.attempts.contains(where: { $0.id.part == .finally }) { words.append("pale: finally") }
        if report.attempts.contains(where: isFailure) { words.append("red: failed") }
        return (words + moments.map { "dashed at \(Words.clock($0.at)): \($0.words) began" }).joined(separator: " · ")
    }

    private func row(_ name: StageName, _ y: Double) -> String {
        let shown = TextWidth.cut(SafeText.line(name.text), to: Self.longestName)
        var text = "<text x=\"0\" y=\"\(Self.number(y + 16))\">\(MarkupText.xml(shown))</text>\n"
        for attempt in report.attempts where attempt.id.stage == name { text += bar(attempt, y) }
        return text
    }

    private func bar(_ attempt: RunReport.Attempt, _ y: Double) -> String {
        let (left, right) = (x(attempt.startedAt), x(attempt.finishedAt ?? report.now))
        let verdict = RunReport.verdict(of: attempt, in: report.view)
        let tone = ["succeeded", "running"].contains(verdict) ? verdict : isFailure(attempt) ? "failed" : "other"
        let part = attempt.id.part == .perform ? "" : " \(attempt.id.part.rawValue)"
        let took = attempt.took.map { " after \(Words.duration($0))" } ?? ""
        let tip = "\(RunReport.words(attempt.id)), attempt \(attempt.id.number): \(verdict)\(took)"
        return "<rect class=\"bar \(tone)\(part)\" x=\"\(Self.number(left))\" y=\"\(Self.number(y + 4))\" "
            + "width=\"\(Self.number(max(Self.narrowest, right - left)))\" height=\"\(Self.number(Self.rowHeight - 8))\" "
            + "rx=\"2\"><title>\(MarkupText.xml(tip))</title></rect>\n"
    }

    private func isFailure(_ attempt: RunReport.Attempt) -> Bool {
        attempt.result?.verdict == .failed || attempt.result?.verdict == .timedOut
    }

    // MARK: Time

    private func x(_ instant: Instant) -> Double {
        let share = (instant - begin).seconds / (end - begin).seconds
        return Self.names + min(max(share, 0), 1) * (Self.width - Self.names - 8)
    }

    private func grid(_ height: Double) -> String {
        let step = Self.step((end - begin).seconds)
        var text = ""
        var at = 0.0
        while at <= (end - begin).seconds {
            let place = Self.number(x(begin + .milliseconds(Int64(at * 1000))))
            text += "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"20\" y2=\"\(Self.number(height))\"/>\n"
            let label = at == 0 ? Words.clock(begin) : "+" + Words.span(.milliseconds(Int64(at * 1000)))
            let anchor = x(begin + .milliseconds(Int64(at * 1000))) > Self.width - 50 ? " text-anchor=\"end\"" : ""
            text += "<text class=\"faint\"\(anchor) x=\"\(place)\" y=\"12\">\(label)</text>\n"
            at += step
        }
        return text
    }

    /// A round length of time of which about six fit.
    private static func step(_ seconds: Double) -> Double {
        let round: [Double] = [
            0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
        ]
        return round.first { seconds / $0 <= 6.5 } ?? (seconds / 6 / 86_400).rounded(.up) * 86_400
    }

    /// What changed the run's course.
    private var moments: [(words: String, at: Instant)] {
        [("monitoring", report.view.state.monitoringStartedAt), ("rollback", report.rollbackStartedAt)].compactMap {
            guard let at = $0.1, at >= begin, at <= end else { return nil }
            return ($0.0, at)
        }
    }

    private func moments(_ height: Double) -> String {
        moments.map { words, at in
            let place = Self.number(x(at))
            return "<line class=\"moment\" x1=\"\(place)\" x2=\"\(place)\" y1=\"20\" y2=\"\(Self.number(height))\">"
                + "<title>\(words) began at \(Words.clock(at)) UTC</title></line>\n"
        }.joined()
    }

    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}
