import ShipitCore
import Synchronization

/// The live block on a terminal, drawn anew in place at each tick.
final class LiveProgress: Progress {
    private struct Canvas {
        var model: LiveBlock.Model?
        var drawn: [StyledLine] = []
        var painter = TerminalPainter()
        var drawnAt: Instant?
    }

    private let sink: OutputSink
    private let style: Terminal.Style
    private let usual: [StageName: TimeSpan]
    private let size: @Sendable () -> Terminal.Size
    private let canvas = Mutex(Canvas())

    /// - Parameter size: asked before each frame, since a window changes its size.
    init(
        _ sink: OutputSink, style: Terminal.Style, usual: [StageName: TimeSpan] = [:],
        size: @escaping @Sendable () -> Terminal.Size
    ) {
        self.sink = sink
        self.style = style
        self.usual = usual
        self.size = size
    }

    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {
        guard let created = state.created else { return }
        canvas.withLock { canvas in
            let view = RunView(created: created, startedAt: state.createdAt ?? now, state: state)
            let lastLines = canvas.model?.lastLines ?? [:]
            canvas.model = LiveBlock.Model(view: view, rules: rules, lastLines: lastLines, usual: usual)
            canvas.drawnAt = now
        }
    }

    func tick(now: Instant, lastLines: [StageName: String]) {
        draw(now: now) { $0.lastLines = lastLines }
    }

    func say(_ words: String, now: Instant) {
        draw(now: now, above: SafeText.line(words)) { _ in }
    }

    func finish() {
        let last = canvas.withLock { $0.drawnAt }
        if let last { draw(now: last) { $0.lastLines = [:] } }
    }

    private func draw(now: Instant, above: String? = nil, _ change: (inout LiveBlock.Model) -> Void) {
        let size = size()
        let frame = canvas.withLock { canvas -> String in
            guard canvas.model != nil else { return above.map { $0 + "\n" } ?? "" }
            change(&canvas.model!)
            canvas.drawnAt = now
            let lines = LiveBlock.lines(canvas.model!, size: size, style: style, now: now)
            // What stands there already needs no writing.
            guard lines != canvas.drawn || above != nil else { return "" }
            canvas.drawn = lines
            return canvas.painter.frame(lines, size: size, above: above)
        }
        sink.write(frame)
    }
}
