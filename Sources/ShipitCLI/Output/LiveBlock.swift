import ShipitCore

/// The one live block of a run on a terminal: a line a stage, the monitor's numbers beside their limits, and what is
/// waited for. Never more lines than the terminal has, nor wider.
struct LiveBlock: Sendable {
    struct Model: Sendable {
        var view: RunView
        var rules: [MonitorEvaluator.RuleState] = []
        /// The newest line of output of each running stage.
        var lastLines: [StageName: String] = [:]
        /// How long each stage usually takes, from earlier runs.
        var usual: [StageName: TimeSpan] = [:]
    }

    private let model: Model
    private let size: Terminal.Size
    private let style: Terminal.Style
    private let now: Instant

    static func lines(_ model: Model, size: Terminal.Size, style: Terminal.Style, now: Instant) -> [StyledLine] {
        LiveBlock(model: model, size: size, style: style, now: now).lines
    }

    private var lines: [StyledLine] {
        let top = head
        let monitor = LiveMonitor(model: model, style: style, width: size.width, now: now)
            .lines(atMost: max(2, size.height / 3))
        // The line below the block is the cursor's.
        let room = max(1, size.height - 1)
        let stages = stageLines(atMost: max(1, room - top.count - monitor.count))
        return Array((top + stages + monitor).prefix(room))
    }

    // MARK: Head

    private var head: [StyledLine] {
        let view = model.view
        var ink = Ink(width: size.width, style: style)
        ink.add(view.title, .bold)
        ink.add("  ")
        ink.add(StateWords.of(view), colour(view))
        ink.add("  \(Words.elapsed(view.took(now: now)))")
        ink.add("  \(view.created.run)", .dim)
        guard let (what, isBad) = standstill else { return [ink.line] }
        var second = Ink(width: size.width, style: style)
        second.add(SafeText.joined(what), isBad ? .red : .yellow)
        return [ink.line, second.line]
    }

    private func colour(_ view: RunView) -> Ink.Colour {
        switch view.phase {
        case .finished: ExitCode.of(view.state) == 0 ? .green : .red
        case .rollingBack: .red
        case .paused, .interrupted, .waiting: .yellow
        case .running, .monitoring: .cyan
        }
    }

    /// Why the run doesn't go forward.
    private var standstill: (words: String, isBad: Bool)? {
        let state = model.view.state
        if let reason = state.pausedReason { return ("paused: \(reason)", false) }
        if let reason = state.interruptedReason { return (reason, false) }
        if let reason = state.rollbackReason { return ("back because of: \(reason)", true) }
        return nil
    }

    // MARK: Stages

    private func stageLines(atMost limit: Int) -> [StyledLine] {
        let rows = LiveRows(view: model.view, lastLines: model.lastLines, usual: model.usual, now: now).all
        if rows.count <= limit { return draw(rows) }
        let over = rows.filter { $0.group == .over }
        let active = rows.filter { $0.group == .active }
        let toCome = rows.filter { $0.group == .toCome }

        var lines = over.isEmpty ? [] : [summary(over, "over")]
        var left = limit - lines.count
        // What is to come gives way to what goes on; one line stays to count it.
        let shownActive = min(active.count, max(1, left - (toCome.isEmpty ? 0 : 1)))
        let isCut = shownActive < active.count
        lines += draw(Array(active.prefix(isCut ? shownActive - 1 : shownActive)), alignedWith: rows)
        if isCut { lines.append(summary(Array(active.dropFirst(shownActive - 1)), "more under way")) }
        left -= shownActive
        if toCome.count <= left {
            lines += draw(toCome, alignedWith: rows)
        } else if left > 0 {
            lines += draw(Array(toCome.prefix(left - 1)), alignedWith: rows)
            lines.append(summary(Array(toCome.dropFirst(left - 1)), "to come"))
        }
        return Array(lines.prefix(limit))
    }

    private func summary(_ rows: [LiveRow], _ words: String) -> StyledLine {
        var ink = Ink(width: size.width, style: style)
        ink.add(rows[0].mark.symbol(style), rows[0].mark.colour)
        ink.add(" \(Words.count(rows.count, "stage")) \(words)", .dim)
        return ink.line
    }

    private func draw(_ rows: [LiveRow], alignedWith all: [LiveRow]? = nil) -> [StyledLine] {
        let all = all ?? rows
        let names = min(max(8, size.width / 3), all.map { TextWidth.of($0.name) }.max() ?? 0)
        let words = all.map { TextWidth.of($0.word) }.max() ?? 0
        let times = all.map { TextWidth.of($0.time) }.max() ?? 0
        return rows.map { row in
            var ink = Ink(width: size.width, style: style)
            ink.add(row.mark.symbol(style), row.mark.colour)
            let mark = style.unicode ? "…" : "~"
            ink.add(" " + TextWidth.padded(TextWidth.cut(row.name, to: names, mark: mark), to: names) + "  ")
            let isLast = row.time.isEmpty && row.note.isEmpty
            ink.add(isLast ? row.word : TextWidth.padded(row.word, to: words), row.mark.colour)
            if !row.time.isEmpty || !row.note.isEmpty { ink.add("  " + TextWidth.paddedLeft(row.time, to: times)) }
            if !row.note.isEmpty { ink.add("  " + row.note, row.mark == .bad ? .plain : .dim) }
            return ink.line
        }
    }
}
