import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct `The words of a backtest` {
    private func trial(_ rules: String...) throws -> BacktestTrial {
        let probe = ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1/")))
        var monitor = Monitor(sources: [MonitorSource(name: "queue", probe: probe)])
        monitor.rollbackWhen = [try RuleParser.rule("queue.value > 100")]
        let samples = [10.0, 90, 40].enumerated().map { place, number in
            RecordedSample(
                source: "queue",
                sample: Sample(
                    at: Story.start + .seconds(Int64(place + 1) * 5), kind: .good(seconds: nil, number: number)),
                standings: "p")
        }
        return BacktestTrial(
            Story().record, monitor, rules: try rules.map(RuleParser.rule), began: Story.start, samples: samples,
            breach: nil)
    }

    @Test func `tell what each rule would have said and what the run did`() throws {
        #expect(
            BacktestText.text([try trial("queue.value > 50", "queue.value < 5", "queue fails 2 times")]) == """
                run 20260112-0130-7f3k  v1.15.2 to production, running
                  3 samples of queue from 01:30:10 to 01:30:20 UTC
                  queue.value > 50     BREACH at 01:30:15, 10s after monitoring began (90)
                  queue.value < 5      pass when the samples end; worst 10
                  queue fails 2 times  pass when the samples end; worst 0 failures in a row
                  would have: rolled back at 01:30:15, by queue.value > 50; the run had no breach

                """)
    }

    @Test func `take the run's own rules where no others are given`() throws {
        let text = BacktestText.text([try trial(), try trial()])
        #expect(text.contains("queue.value > 100  pass when the samples end; worst 90\n"))
        #expect(text.hasSuffix("of 2 runs, 0 would have been rolled back by these rules; 0 had a breach\n"))
    }

    @Test func `are JSON, too`() throws {
        let text = BacktestJSON.text([try trial("queue.value > 50")])
        #expect(text.contains(#""verdict": "breach""#))
        #expect(text.contains(#""wouldRollBackAt": "2026-01-12T01:30:15.000Z""#))
        #expect(text.contains(#""breachedAt": null"#))
    }
}
