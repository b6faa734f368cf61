import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A rule of the monitor` {
    static let fast = Sample.Kind.good(seconds: 0.05, number: nil)
    static let slow = Sample.Kind.good(seconds: 0.5, number: nil)

    /// An evaluator and its clock; one sample every five seconds.
    struct Bench {
        var evaluator: MonitorEvaluator
        var now = Instant(milliseconds: 0)
        var events: [RunEvent] = []

        init(_ monitor: Monitor) { evaluator = MonitorEvaluator(monitor, began: now) }

        mutating func add(_ count: Int, _ kind: Sample.Kind, from source: String = "api") {
            for _ in 0..<count {
                now = now + .seconds(5)
                events += evaluator.add(Sample(at: now, kind: kind), from: source)
            }
        }

        var types: [String] { events.map(\.type) }
        var verdict: MonitorVerdict { evaluator.verdict(now: now) }
        var standing: MonitorEvaluator.RuleState.Standing { evaluator.rules[0].standing }
    }

    @Test func `without for needs one evaluation over its limit`() {
        var bench = Bench(.watching(.errorRate(over: 0.1)))
        bench.add(3, Self.fast)
        bench.add(1, .error)
        #expect(
            bench.events == [
                .ruleFired(rule: "api.error-rate > 0.1", observed: 0.25),
                .breached(Breach(rule: "api.error-rate > 0.1", observed: 0.25)),
            ])
    }

    @Test func `with for must be over in every evaluation that long`() {
        var bench = Bench(.watching(.p95(over: 0.2, for: .seconds(10))))
        bench.add(4, Self.slow)
        bench.add(1, Self.slow)
        #expect(bench.types == ["ruleFired"])
        bench.add(1, Self.slow)
        #expect(bench.types == ["ruleFired", "breached"])
    }

    @Test func `with for begins anew when one evaluation is under its limit`() {
        var bench = Bench(.watching(.value(over: 5, for: .seconds(10))))
        bench.add(2, .good(seconds: nil, number: 9))
        bench.add(1, .good(seconds: nil, number: 1))
        bench.add(2, .good(seconds: nil, number: 9))
        #expect(bench.types == ["ruleFired", "ruleCleared", "ruleFired"])
        bench.add(1, .good(seconds: nil, number: 9))
        #expect(bench.types.last == "breached")
    }

    @Test func `that counts failures breaches at the last of so many in a row`() {
        var bench = Bench(.watching(.fails(3)))
        bench.add(1, Self.fast)
        bench.add(2, .error)
        #expect(bench.types == [])
        bench.add(1, .error)
        #expect(bench.types == ["ruleFired", "breached"])
    }

    @Test func `that counts failures begins anew after a success`() {
        var bench = Bench(.watching(.fails(3)))
        bench.add(2, .error)
        bench.add(1, Self.fast)
        bench.add(2, .error)
        #expect(bench.types == [])
    }

    @Test func `that counts failures counts no data as well`() {
        var bench = Bench(.watching(.fails(2)))
        bench.add(1, .error)
        bench.add(1, .noData)
        #expect(bench.types.last == "breached")
    }

    @Test func `that counts failures is not at pass while its source fails`() {
        var bench = Bench(.watching(.fails(3)))
        bench.add(5, Self.fast)
        #expect(bench.verdict == .pass)
        bench.add(1, .error)
        #expect(bench.verdict == .open)
        bench.add(1, Self.fast)
        #expect(bench.verdict == .pass)
    }

    @Test func `gives no verdict before min-samples, however bad it looks`() {
        var bench = Bench(.watching(minSamples: 20, .errorRate(over: 0.05)))
        bench.add(19, .error)
        #expect(bench.types == [])
        #expect(bench.verdict == .open)
        bench.add(1, .error)
        #expect(bench.types.last == "breached")
    }

    @Test func `looks back over the window`() {
        var bench = Bench(.watching(minSamples: 4, .errorRate(over: 0.5)))
        bench.add(4, .good(seconds: 0.1, number: nil))
        bench.add(13, .good(seconds: 0.1, number: nil))
        bench.add(6, .error)
        // The last minute holds 13 samples, its first instant included.
        #expect(bench.evaluator.rules[0].observed == 6.0 / 13)
    }

    @Test func `looks further back until it has min-samples`() {
        var bench = Bench(.watching(minSamples: 20, .errorRate(over: 0.5)))
        bench.add(10, Self.fast)
        bench.add(10, .error)
        #expect(bench.evaluator.rules[0].observed == 0.5)
    }

    @Test func `about latency is not kept at pass by old samples when its source dies`() {
        var bench = Bench(.watching(.p95(over: 0.2)))
        bench.add(20, Self.fast)
        #expect(bench.verdict == .pass)
        bench.add(14, .error)
        #expect(bench.verdict == .open)
        bench.add(24, .error)
        guard case .inconclusive = bench.verdict else {
            Issue.record("\(bench.verdict)")
            return
        }
    }

    @Test func `about latency alone stays without verdict when the source is down from the start`() {
        var bench = Bench(.watching(.p95(over: 0.2)))
        bench.add(30, .error)
        #expect(bench.types == [])
        #expect(bench.verdict != .pass)
    }

    @Test func `about errors judges a source that is down from the start`() {
        var bench = Bench(.watching(.errorRate(over: 0.05)))
        bench.add(4, .error)
        #expect(bench.types.last == "breached")
    }

    @Test(arguments: [
        Sample.Kind.noData, .good(seconds: nil, number: .nan), .good(seconds: nil, number: .infinity),
        .good(seconds: nil, number: nil),
    ])
    func `is never at pass without data`(kind: Sample.Kind) {
        var bench = Bench(.watching(.value(over: 5)))
        bench.add(5, .good(seconds: nil, number: 1))
        #expect(bench.verdict == .pass)
        bench.add(1, kind)
        #expect(bench.verdict == .open)
    }

    @Test func `about latency takes NaN for no data`() {
        var bench = Bench(.watching(.p95(over: 0.2)))
        bench.add(30, .good(seconds: .nan, number: nil))
        #expect(bench.types == [])
        #expect(bench.verdict != .pass)
    }

    @Test func `is not at pass when its source has fallen silent`() {
        var bench = Bench(.watching(.value(over: 5)))
        bench.add(5, .good(seconds: nil, number: 1))
        #expect(bench.evaluator.verdict(now: bench.now + .seconds(59)) == .pass)
        #expect(bench.evaluator.verdict(now: bench.now + .seconds(60)) == .open)
        guard case .inconclusive = bench.evaluator.verdict(now: bench.now + .seconds(180)) else {
            Issue.record("\(bench.evaluator.verdict(now: bench.now + .seconds(180)))")
            return
        }
    }

    @Test func `has no verdict for longer than grace: inconclusive, and it names the rule`() {
        let bench = Bench(.watching(.value(over: 5)))
        #expect(bench.evaluator.verdict(now: bench.now + .milliseconds(119_999)) == .open)
        #expect(
            bench.evaluator.verdict(now: bench.now + .seconds(120))
                == .inconclusive("no verdict on \"api.value > 5.0\": too little data from api"))
        #expect(bench.evaluator.nextChange(after: bench.now) == bench.now + .seconds(120))
    }

    @Test func `tells apart what gives nothing and what answers with errors`() {
        var bench = Bench(.watching(.p95(over: 0.2)))
        bench.add(1, .noData)
        #expect(bench.evaluator.rules[0].verdict == .noData)
        bench.add(1, .error)
        #expect(bench.evaluator.rules[0].verdict == .error)
        bench.add(22, .error)
        #expect(bench.verdict == .inconclusive("no verdict on \"api.p95 > 0.2\": api answers with errors"))
        bench.add(4, Self.fast)
        #expect(bench.evaluator.rules[0].verdict == .pass)
        bench.add(4, Self.slow)
        #expect(bench.evaluator.rules[0].verdict == .breach)
    }

    @Test func `of what is counted is over as soon as the sum is`() {
        var bench = Bench(.watching(.count("> 10")))
        bench.add(2, .good(seconds: nil, number: 5))
        #expect(bench.evaluator.rules[0].verdict == .pass)
        bench.add(1, .good(seconds: nil, number: 1))
        #expect(bench.events.last == .breached(Breach(rule: "api.count > 10", observed: 11)))
    }

    @Test func `of what is counted looks back over the window, and not further`() {
        var bench = Bench(.watching(.count("> 10")))
        bench.add(1, .good(seconds: nil, number: 10))
        bench.add(12, .good(seconds: nil, number: 0))
        #expect(bench.evaluator.rules[0].observed == 0)
    }

    @Test func `of what must be counted has no verdict before a whole window`() {
        var bench = Bench(.watching(.count("< 5")))
        bench.add(12, .good(seconds: nil, number: 1))
        #expect(bench.evaluator.rules[0].verdict == .noData)
        bench.add(1, .good(seconds: nil, number: 1))
        #expect(bench.evaluator.rules[0].verdict == .pass)
    }

    @Test func `that only warns is reported and brings nothing back`() {
        var bench = Bench(.watching(.fails(9), warn: [.value(over: 5)]))
        bench.add(1, .good(seconds: nil, number: 9))
        bench.add(1, .good(seconds: nil, number: 1))
        #expect(bench.types == ["ruleFired", "ruleCleared"])
        #expect(bench.verdict == .pass)
    }

    @Test func `of another source is not judged by this one's samples`() {
        var bench = Bench(.watching(.fails(1, source: "db")))
        bench.add(3, .error, from: "api")
        #expect(bench.types == [])
        bench.add(1, .error, from: "db")
        #expect(bench.types.last == "breached")
    }

    @Test func `takes the quantile by nearest rank`() {
        let hundred = (1...100).map(Double.init)
        #expect(quantile(0.95, ofSorted: hundred) == 95)
        #expect(quantile(0.07, ofSorted: hundred) == 7)
        #expect(quantile(0.999, ofSorted: hundred) == 100)
        #expect(quantile(0.5, ofSorted: [3]) == 3)
        #expect(quantile(0, ofSorted: [1, 2]) == 1)
    }
}
