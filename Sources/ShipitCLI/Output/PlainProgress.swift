import ShipitCore
import Synchronization

/// Timestamped lines on standard error, for pipes, logs and build servers.
final class PlainProgress: Progress {
    private struct Waiting {
        var lines = PlainLines()
        var text = ""
        var state: RunState?
        var rules: [MonitorEvaluator.RuleState] = []
    }

    private let sink: OutputSink
    private let waiting = Mutex(Waiting())

    init(_ sink: OutputSink = .standardError) { self.sink = sink }

    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {
        waiting.withLock { waiting in
            waiting.state = state
            waiting.rules = rules
            waiting.text += waiting.lines.lines(entries, state: state)
        }
    }

    func tick(now: Instant, lastLines: [StageName: String]) {
        flush { waiting in
            guard let state = waiting.state else { return }
            waiting.text += waiting.lines.heartbeat(state, rules: waiting.rules, now: now)
        }
    }

    func say(_ words: String, now: Instant) {
        flush { $0.text += $0.lines.line(now, "shipit", SafeText.line(words)) }
    }

    func finish() { flush { _ in } }

    private func flush(_ add: (inout Waiting) -> Void) {
        let text = waiting.withLock { waiting in
            add(&waiting)
            defer { waiting.text = "" }
            return waiting.text
        }
        sink.write(text)
    }
}
