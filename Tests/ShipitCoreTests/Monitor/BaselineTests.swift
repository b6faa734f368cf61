import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `The baseline` {
    static let fast = Sample.Kind.good(seconds: 0.1, number: 10)
    static let slow = Sample.Kind.good(seconds: 0.5, number: 30)

    private func plan(_ rules: Rule..., optional: Bool = false, control: [String]? = nil) -> Plan {
        var monitor = Monitor.watching(.written("api.p95 > baseline * 2"))
        if !rules.isEmpty { monitor.rollbackWhen = rules }
        monitor.baseline = BaselinePolicy(.minutes(1), isOptional: optional)
        monitor.control = control
        return .of(check("smoke"), stage("a", needs: ["smoke"]), stage("b", needs: ["a"]), monitor: monitor)
    }

    @Test func `is sampled before the first stage that changes something, and not before the others`() {
        var rig = Rig(plan())
        #expect(rig.running == ["smoke"])
        #expect(!rig.machine.isSampling)
        rig.end("smoke")
        #expect(rig.running == [])
        #expect(rig.types.last == "baselineStarted")
        #expect(rig.machine.isSampling)
        #expect(rig.wake == rig.start + .minutes(1))
        rig.samples(12, Self.fast)
        #expect(rig.types.suffix(2) == ["baselineTaken", "attemptStarted"])
        #expect(rig.running == ["a"])
        #expect(!rig.machine.isSampling)
        #expect(rig.state.baseline?.sources["api"]?.seconds == Array(repeating: 0.1, count: 12))
        #expect(rig.samples.isEmpty)
    }

    @Test func `with too little in it refuses the run, with nothing changed`() {
        var rig = Rig(plan())
        rig.end("smoke")
        rig.samples(3, Self.fast)
        rig.samples(9, .error)
        #expect(rig.outcome == .refused)
        #expect(rig.exitCode == 3)
        #expect(rig.starts == ["smoke"])
        #expect(
            rig.state.outcomeReason
                == "there is too little to compare with: api gave 3 of the 4 samples in 1m that it takes")
    }

    @Test func `with too little in it lets a run go on whose author wants that, and what compares has no verdict`() {
        var rig = Rig(plan(optional: true))
        rig.end("smoke")
        rig.wait(.minutes(1))
        #expect(rig.running == ["a"])
        rig.end("a")
        rig.end("b")
        rig.samples(6, Self.fast)
        #expect(rig.machine.monitor?.rules[0].lack == .noBaseline)
        rig.samples(18, Self.fast)
        #expect(rig.state.pausedReason == "no verdict on \"api.p95 > baseline * 2\": there is no baseline of api")
    }

    @Test func `is begun anew by an engine that comes while it is sampled`() {
        var rig = Rig(plan())
        rig.end("smoke")
        rig.samples(8, Self.fast)
        rig.resume()
        #expect(rig.last.events.map(\.type) == ["resumed", "baselineStarted"])
        rig.samples(8, Self.fast)
        #expect(rig.running == [])
        rig.samples(4, Self.fast)
        #expect(rig.running == ["a"])
        #expect(rig.state.baseline?.sources["api"]?.answers == 12)
    }

    @Test func `is kept with the run: what comes later is compared with it after any kill`() {
        var rig = Rig(plan())
        rig.end("smoke")
        rig.samples(12, Self.fast)
        let taken = rig.state.baseline
        rig.resume()
        #expect(rig.state.baseline == taken)
        #expect(rig.last.events.map(\.type) == ["resumed"])
        rig.end("a")
        rig.end("b")
        rig.resume()
        rig.samples(4, Self.slow)
        #expect(rig.state.breaches.map(\.breach) == [Breach(rule: "api.p95 > baseline * 2", observed: 0.5)])
    }

    @Test func `that refused the run refuses it after a kill, too`() {
        var rig = Rig(plan())
        rig.end("smoke")
        rig.samples(12, .error)
        rig.takeOver(rig.journal.prefix { $0.event.type != "runFinished" })
        #expect(rig.outcome == .refused)
    }

    @Test func `keeps no more values than comparing needs, spread as all of them`() {
        let samples = (0..<10_000).map { number in
            Sample(at: Instant(milliseconds: Int64(number)), kind: .good(seconds: Double(number), number: nil))
        }
        let source = SourceBaseline(samples.reversed())
        #expect(source.seconds.count == 200)
        #expect(source.answers == 10_000)
        #expect(source.seconds.first == 0 && source.seconds.last == 9999)
        #expect(abs(quantile(0.95, ofSorted: source.seconds) - 9500) < 60)
    }

    @Test func `is not sampled where nothing asks for it`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(3))))
        #expect(rig.running == ["a"])
        rig.end("a")
        #expect(!rig.types.contains("baselineStarted"))
    }
}

@Suite(.timeLimit(.minutes(3)))
struct `A rule relative to the baseline` {
    /// Twenty answers before the change: 100 ms and 10, with as much scatter as there is.
    private static let before: [Sample.Kind] = (0..<20).map { number in
        .good(seconds: 0.1 + Double(number % 5) / 1000, number: Double(10 + number % 3))
    }

    private func bench(
        _ rule: String, significance: Double? = nil, floor: Floor? = nil, control: [String]? = nil, errors: Int = 0
    ) -> `A rule of the monitor`.Bench {
        var monitor = Monitor.watching(.written(rule))
        (monitor.significance, monitor.floor, monitor.control) = (significance, floor, control)
        monitor.baseline = BaselinePolicy(.minutes(2))
        let start = Instant(milliseconds: 0)
        let kinds = Self.before + Array(repeating: Sample.Kind.error, count: errors)
        let samples = kinds.map { Sample(at: start, kind: $0) }
        let source = SourceBaseline(samples)
        var bench = `A rule of the monitor`.Bench(monitor)
        bench.evaluator = MonitorEvaluator(monitor, baseline: Baseline(["api": source, "db": source]), began: start)
        return bench
    }

    private func good(_ seconds: Double, _ number: Double = 10) -> Sample.Kind {
        .good(seconds: seconds, number: number)
    }

    @Test func `compares with what was measured before the change`() {
        var bench = bench("api.p95 > baseline * 1.5")
        bench.add(8, good(0.15))
        #expect(bench.evaluator.rules[0].verdict == .pass)
        #expect(bench.evaluator.rules[0].comparison?.baseline == 0.1 + 4.0 / 1000)
        bench.add(8, good(0.16))
        #expect(bench.events.last == .breached(Breach(rule: "api.p95 > baseline * 1.5", observed: 0.16)))
    }

    @Test func `is not broken by less than the floor`() {
        var bench = bench("api.p95 > baseline * 1.05")
        bench.add(8, good(0.113))
        #expect(bench.types == [])
        bench.add(8, good(0.115))
        #expect(bench.types.last == "breached")
    }

    @Test func `of a baseline of nothing compares with the floor`() {
        var bench = bench("api.error-rate > baseline * 2", floor: Floor(ratio: 0.2))
        bench.add(9, good(0.1))
        bench.add(2, .error)
        #expect(bench.types == [])
        bench.add(1, .error)
        #expect(bench.types.last == "breached")
        #expect(bench.evaluator.rules[0].comparison?.ratio(0.25) == nil)
    }

    @Test func `adds to a share of errors in points`() {
        var bench = bench("api.error-rate > baseline + 10%", errors: 5)
        bench.add(9, good(0.1))
        bench.add(3, .error)
        // A quarter; a fifth it was before.
        #expect(bench.types == [])
        bench.add(1, .error)
        #expect(bench.types.last == "breached")
    }

    @Test func `may ask for no less than before`() {
        var bench = bench("api.value < baseline * 0.5")
        bench.add(2, good(0.1, 6))
        #expect(bench.types == [])
        bench.add(1, good(0.1, 5))
        #expect(bench.types.last == "breached")
    }

    @Test func `shows how likely the difference is by chance, and vetoes nothing unless asked to`() throws {
        var bench = bench("api.value > baseline * 1.5")
        bench.add(1, good(0.1, 17))
        #expect(bench.types.last == "breached")
        let test = try #require(bench.evaluator.rules[0].comparison?.test)
        #expect(test.count == 1 && test.baselineCount == 20)
        #expect(test.effect == 1 && test.p > 0.02)
    }

    @Test func `with significance is not broken by what may be chance, and by what goes on is`() {
        var bench = bench("api.value > baseline * 1.5", significance: 0.98)
        bench.add(4, good(0.1, 10))
        bench.add(1, good(0.1, 17))
        #expect(bench.types == [])
        #expect(bench.evaluator.rules[0].comparison?.mayBeChance == true)
        bench.add(10, good(0.1, 17))
        #expect(bench.types.last == "breached")
    }

    @Test func `with significance is broken by a longer tail with the same middle`() {
        var bench = bench("api.p95 > baseline * 2", significance: 0.98)
        for round in 0..<12 { bench.add(1, good(round % 3 == 0 ? 0.9 : 0.1 + Double(round % 5) / 1000)) }
        #expect(bench.types.last == "breached")
        #expect(bench.evaluator.rules[0].comparison.map { $0.test!.p > 0.02 } == true)
    }

    @Test func `does not bring the release back when a control has moved, and says so`() {
        var bench = bench("api.p95 > baseline * 2", control: ["db"])
        bench.add(4, good(0.4, 10), from: "db")
        bench.add(4, good(0.5), from: "api")
        #expect(
            bench.events == [
                .ruleFired(rule: "api.p95 > baseline * 2", observed: 0.5),
                .controlMoved(
                    ControlMove(
                        rule: "api.p95 > baseline * 2", control: "db", metric: "p95", observed: 0.4,
                        baseline: 0.1 + 4.0 / 1000)),
            ])
        #expect(bench.verdict == .open)
    }

    @Test func `breaches once the control is as it was`() {
        var bench = bench("api.value > baseline * 2", control: ["db"])
        bench.add(1, good(0.1, 30), from: "db")
        bench.add(1, good(0.1, 30), from: "api")
        #expect(bench.types.last == "controlMoved")
        bench.add(1, good(0.1, 10), from: "db")
        bench.add(1, good(0.1, 30), from: "api")
        #expect(bench.types.last == "breached")
    }

    @Test(arguments: [Sample.Kind.noData, .good(seconds: 0.1, number: 10)])
    func `breaches where the control gives nothing or has not moved`(kind: Sample.Kind) {
        var bench = bench("api.value > baseline * 2", control: ["db"])
        bench.add(4, kind, from: "db")
        bench.add(1, good(0.1, 30), from: "api")
        #expect(bench.types.last == "breached")
    }

    @Test func `excuses absolute rules as well where a control has moved by half`() {
        var bench = bench("api fails 1 times", control: ["db"])
        bench.add(1, good(0.1, 5), from: "db")
        bench.add(1, .error, from: "api")
        #expect(bench.types == ["ruleFired", "controlMoved"])
    }
}

@Suite(.timeLimit(.minutes(3)))
struct `A control that has moved` {
    private var plan: Plan {
        var monitor = Monitor.watching(from: "a", .written("api.value > baseline * 2"))
        monitor.baseline = BaselinePolicy(.seconds(30))
        monitor.control = ["db"]
        return .of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"]), monitor: monitor)
    }

    /// `a` is through, `b` runs, and both sources have moved.
    private func moved() -> Rig {
        var rig = Rig(plan)
        for _ in 0..<6 {
            rig.sample(.good(seconds: 0.1, number: 10), from: "db")
            rig.samples(1, .good(seconds: 0.1, number: 10))
        }
        rig.end("a")
        rig.sample(.good(seconds: 0.1, number: 40), from: "db")
        rig.samples(1, .good(seconds: 0.1, number: 40))
        return rig
    }

    @Test func `lets what runs finish, and then pauses instead of rolling back`() {
        var rig = moved()
        #expect(rig.types.last == "controlMoved")
        #expect(rig.running == ["b"])
        rig.end("b")
        #expect(rig.running == [])
        #expect(rig.state.phase == .paused)
        #expect(rig.state.pausedReason?.contains("db is a control and has moved, too") == true)
        #expect(rig.exitCode == 6)
    }

    @Test func `is judged anew once somebody takes the run up`() {
        var rig = moved()
        rig.end("b")
        rig.resume()
        #expect(rig.running == ["c"])
        rig.sample(.good(seconds: 0.1, number: 10), from: "db")
        rig.samples(1, .good(seconds: 0.1, number: 40))
        #expect(rig.types.contains("breached"))
    }
}
