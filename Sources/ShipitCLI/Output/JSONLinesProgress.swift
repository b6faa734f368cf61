import ShipitCore
import Synchronization

/// `--output jsonl`: every journal event as a line on standard output.
final class JSONLinesProgress: Progress {
    private let sink: OutputSink
    private let words: OutputSink
    private let waiting = Mutex<[JournalEntry]>([])

    /// - Parameter words: for what is no event.
    init(_ sink: OutputSink = .standardOutput, words: OutputSink = .standardError) {
        self.sink = sink
        self.words = words
    }

    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {
        waiting.withLock { $0 += entries }
    }

    func tick(now: Instant, lastLines: [StageName: String]) { flush() }

    func say(_ words: String, now: Instant) { self.words.write(SafeText.line(words) + "\n") }

    func finish() { flush() }

    private func flush() {
        let entries = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        sink.write(JournalJSON.lines(entries))
    }
}
