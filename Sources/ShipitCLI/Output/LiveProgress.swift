import ShipitCore
import Synchronization

/// The live block on a terminal, drawn anew in place at each tick.
final class LiveProgress: Progress {
    /// What the engine told; it never waits for more than a moment to tell.
    private struct Told {
        var run = RunFollower()
        var rules: [MonitorEvaluator.RuleState] = []
        var at: Instant?
    }

    /// What stands on the screen.
    private struct Canvas {
        var painter = TerminalPainter()
        var drawn: [StyledLine] = []
        var lastLines: [StageName: String] = [:]
    }

    private let sink: OutputSink
    private let style: Terminal.Style
    private let usual: [StageName: TimeSpan]
    private let size: @Sendable () -> Terminal.Size
    private let told = Mutex(Told())
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
        told.withLock { told in
            told.run.take(entries, state: state)
            told.rules = rules
            told.at = now
        }
    }

    func tick(now: Instant, lastLines: [StageName: String]) { draw(now: now, lastLines: lastLines) }

    func say(_ words: String, now: Instant) { draw(now: now, above: SafeText.line(words)) }

    func finish() {
        if let last = told.withLock({ $0.at }) { draw(now: last, lastLines: [:]) }
    }

    /// - Parameter lastLines: `nil` leaves them as they are.
    private func draw(now: Instant, lastLines: [StageName: String]? = nil, above: String? = nil) {
        let model = model()
        // Frames reach the screen in the order in which they were made.
        canvas.withLock { canvas in
            if let lastLines { canvas.lastLines = lastLines }
            guard var model else { return sink.write(above.map { $0 + "\n" } ?? "") }
            model.lastLines = canvas.lastLines
            let size = size()
            let lines = LiveBlock.lines(model, size: size, style: style, now: now)
            // What stands there already needs no writing.
            guard lines != canvas.drawn || above != nil else { return }
            canvas.drawn = lines
            sink.write(canvas.painter.frame(lines, size: size, above: above))
        }
    }

    private func model() -> LiveBlock.Model? {
        told.withLock { told in
            told.run.catchUp()
            guard let state = told.run.state, let created = state.created, let startedAt = state.createdAt else {
                return nil
            }
            let view = RunView(created: created, startedAt: startedAt, state: state)
            return LiveBlock.Model(view: view, rules: told.rules, usual: usual)
        }
    }
}
