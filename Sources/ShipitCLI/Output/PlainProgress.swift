import ShipitCore
import Synchronization

/// Timestamped lines on standard error, for pipes, logs and build servers.
final class PlainProgress: Progress {
    private struct Waiting {
        var lines = PlainLines()
        var entries: [JournalEntry] = []
        var plan: Plan?
        var doing: Doing?
        var rules: [MonitorEvaluator.RuleState] = []

        mutating func text() -> String {
            guard let plan else { return "" }
            defer { entries = [] }
            return lines.lines(entries, plan: plan)
        }
    }

    private let sink: OutputSink
    private let waiting = Mutex(Waiting())

    init(_ sink: OutputSink = .standardError) { self.sink = sink }

    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {
        let doing = Doing(state)
        waiting.withLock { waiting in
            waiting.entries += entries
            waiting.plan = state.plan
            waiting.doing = doing
            waiting.rules = rules
        }
    }

    func tick(now: Instant, lastLines: [StageName: String]) {
        sink.write(
            waiting.withLock { waiting in
                let text = waiting.text()
                guard let doing = waiting.doing else { return text }
                return text + waiting.lines.heartbeat(doing, rules: waiting.rules, now: now)
            })
    }

    func say(_ words: String, now: Instant) {
        sink.write(waiting.withLock { $0.text() + $0.lines.line(now, "shipit", SafeText.line(words)) })
    }

    func finish() { sink.write(waiting.withLock { $0.text() }) }
}
