import ShipitCore

/// The monitor's part of the live block: each rule with its value, and how long the watch still goes on.
struct LiveMonitor {
    var model: LiveBlock.Model
    var style: Terminal.Style
    var width: Int
    var now: Instant

    /// The rules that are over their limit come first when there is no room for all.
    func lines(atMost limit: Int) -> [StyledLine] {
        let isOn = model.view.phase == .running || model.view.phase == .monitoring
        guard isOn else { return [] }
        if model.view.state.takesBaseline { return [baseline] }
        guard !model.rules.isEmpty else { return [] }
        var title = Ink(width: width, style: style)
        title.add("monitor", .bold)
        title.add(until, .dim)
        let room = max(1, limit - 1)
        guard model.rules.count > room else { return [title.line] + model.rules.map(line) }
        let worstFirst = model.rules.filter(Self.isOver) + model.rules.filter { !Self.isOver($0) }
        var more = Ink(width: width, style: style)
        more.add("  and \(Words.count(model.rules.count - room + 1, "more rule"))", .dim)
        return [title.line] + worstFirst.prefix(room - 1).map(line) + [more.line]
    }

    private var baseline: StyledLine {
        var ink = Ink(width: width, style: style)
        ink.add("monitor", .bold)
        ink.add("  " + MonitorWords.baseline(model.view.state, now: now), .dim)
        return ink.line
    }

    private static func isOver(_ state: MonitorEvaluator.RuleState) -> Bool {
        switch state.standing {
        case .over, .breached: true
        case .pass, .noVerdict: false
        }
    }

    private var until: String {
        guard model.view.phase == .monitoring, let monitor = model.view.state.plan.monitor,
            let ended = model.view.state.lastStageEndedAt
        else { return "" }
        let end = ended + monitor.duration
        return end > now ? "  \(Words.elapsed(end - now)) left" : "  until every rule is well"
    }

    private func line(_ state: MonitorEvaluator.RuleState) -> StyledLine {
        let mark: LiveMark =
            switch state.standing {
            case .noVerdict: .doubtful
            case .pass: .good
            case .over: .waiting
            case .breached: .bad
            }
        let texts = model.rules.map { TextWidth.of(SafeText.line($0.rule.text)) }
        let widest = min(max(16, width / 2), texts.max() ?? 0)
        let text = TextWidth.cut(SafeText.line(state.rule.text), to: widest, mark: style.unicode ? "…" : "~")
        var ink = Ink(width: width, style: style)
        ink.add("  " + mark.symbol(style), mark.colour)
        ink.add(" " + TextWidth.padded(text, to: widest) + "  ")
        ink.add(RuleWords.standing(state, now: now), mark == .good ? .plain : mark.colour)
        return ink.line
    }
}
