import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A backtest` {
    private static let start = Instant(milliseconds: 0)

    /// One sample of `api` every five seconds.
    private func samples(_ numbers: [Double?]) -> [RecordedSample] {
        numbers.enumerated().map { place, number in
            let kind = number.map { Sample.Kind.good(seconds: nil, number: $0) } ?? .noData
            let at = Self.start + .seconds(Int64(place + 1) * 5)
            return RecordedSample(source: "api", sample: Sample(at: at, kind: kind), standings: "")
        }
    }

    private func test(_ numbers: [Double?], _ rules: Rule..., warn: [Rule] = []) -> Backtest {
        var monitor = Monitor.watching(.fails(1), warn: warn)
        monitor.rollbackWhen = rules
        return Backtest(monitor, over: samples(numbers), began: Self.start)
    }

    @Test func `says when a rule would have breached first, and at which value`() {
        let backtest = test([1, 9, 1, 8, 9], .value(over: 5))
        #expect(backtest.findings[0].verdict == .breach(at: Self.start + .seconds(10), observed: 9))
        #expect(backtest.rollback?.at == Self.start + .seconds(10))
    }

    @Test func `says how near a rule came that would not have breached`() {
        let finding = test([1, 4, 2], .value(over: 5)).findings[0]
        #expect(finding.verdict == .pass)
        #expect(finding.worst == 4)
    }

    @Test func `counts how often a rule was over without breaching`() {
        let finding = test([9, 1, 9, 9, 1], .value(over: 5, for: .seconds(10))).findings[0]
        #expect(finding.verdict == .pass)
        #expect(finding.firings == 2)
    }

    @Test func `judges each rule to the end, whichever breaches first`() {
        let backtest = test([7, 9, nil, nil], .value(over: 8), .value(over: 5), .fails(2))
        #expect(backtest.rollback?.finding.rule == .value(over: 5))
        #expect(backtest.findings[2].verdict == .breach(at: Self.start + .seconds(20), observed: 2))
    }

    @Test func `takes a rule without data for none that passes`() {
        #expect(test([1, nil], .value(over: 5)).findings[0].verdict == .noVerdict)
        #expect(test([1], .fails(1, source: "db")).findings[0].verdict == .noVerdict)
    }

    @Test func `does not roll back for a rule that only warns`() {
        let backtest = test([9], .fails(1), warn: [.value(over: 5)])
        #expect(backtest.rollback == nil)
        #expect(backtest.findings[1].verdict == .breach(at: Self.start + .seconds(5), observed: 9))
    }
}
