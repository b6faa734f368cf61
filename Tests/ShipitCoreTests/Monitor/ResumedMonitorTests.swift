import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A monitor taken up by another engine` {
    static let good = Sample.Kind.good(seconds: 0.05, number: 1)
    static let bad = Sample.Kind.good(seconds: 0.05, number: 9)

    private func rig(_ rule: Rule, minSamples: Int = 4, for duration: TimeSpan = .minutes(10)) -> Rig {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: duration, minSamples: minSamples, rule)))
        rig.end("a")
        return rig
    }

    @Test func `goes on counting failures in a row`() {
        var rig = rig(.fails(3))
        rig.samples(2, .error)
        rig.resume()
        #expect(rig.running == [])
        rig.samples(1, .error)
        #expect(rig.running == ["undo a"])
    }

    @Test func `has the windows of the one before`() {
        var rig = rig(.errorRate(over: 0.3), minSamples: 20)
        rig.samples(15, Self.good)
        rig.samples(4, .error)
        rig.resume()
        rig.samples(1, .error)
        #expect(rig.machine.monitor?.rules[0].observed == 0.25)
    }

    @Test func `goes on with what a rule has been over for, and says so`() {
        var rig = rig(.value(over: 5, for: .minutes(1)))
        rig.samples(10, Self.bad)
        rig.resume()
        #expect(rig.last.events.map(\.type) == ["resumed", "ruleFired"])
        #expect(rig.state.firing.keys.sorted() == ["api.value > 5.0"])
        rig.samples(2, Self.bad)
        #expect(rig.running == [])
        rig.samples(1, Self.bad)
        #expect(rig.running == ["undo a"])
    }

    @Test func `counts for anew after a time in which nobody measured`() {
        var rig = rig(.value(over: 5, for: .minutes(1)))
        rig.samples(10, Self.bad)
        rig.wait(.minutes(5))
        rig.resume()
        #expect(rig.last.events.map(\.type) == ["resumed"])
        rig.samples(12, Self.bad)
        #expect(rig.running == [])
        rig.samples(1, Self.bad)
        #expect(rig.running == ["undo a"])
    }

    @Test func `draws from a sample what the one before could not record any more`() {
        var rig = rig(.fails(1))
        rig.samples(1, .error)
        let before = rig.journal.filter { $0.event.type != "ruleFired" }.prefix { $0.event.type != "breached" }
        rig.takeOver(before)
        #expect(rig.last.events.prefix(3).map(\.type) == ["resumed", "ruleFired", "breached"])
        #expect(rig.running == ["undo a"])
    }

    @Test func `draws it before anybody's wish: a newer deployment does not end what must come back`() {
        var rig = rig(.fails(1))
        rig.samples(1, .error)
        rig.cut { $0.event.type != "ruleFired" && $0.event.type != "breached" && $0.event.type != "rollbackStarted" }
        rig.resume(.asked(OperatorAct(.supersede, by: "ben")))
        #expect(rig.last.refusals.count == 1)
        #expect(rig.running == ["undo a"])
    }

    @Test func `is not at pass because of what was measured before a pause`() {
        var rig = rig(.value(over: 5), for: .seconds(10))
        rig.samples(1, Self.good)
        rig.wait(.seconds(1))
        rig.takeOver(rig.journal, after: .hours(1))
        #expect(rig.outcome == nil)
        rig.samples(1, Self.good)
        #expect(rig.outcome == .succeeded)
    }
}

@Suite(.timeLimit(.minutes(3)))
struct `A sample that is kept` {
    @Test func `tells where the rules of its source stood with it`() {
        let monitor = Monitor.watching(
            for: .minutes(10), .value(over: 5, for: .seconds(5)), .fails(1, source: "db"), warn: [.value(over: 0.5)])
        var rig = Rig(.of(stage("a"), monitor: monitor))
        rig.end("a")
        rig.sample(.noData)
        rig.samples(1, .good(seconds: nil, number: 1))
        rig.samples(2, .good(seconds: nil, number: 9))
        #expect(rig.samples.map(\.standings) == ["nn", "pb", "ob", "bb"])
        #expect(rig.samples.map(\.source) == ["api", "api", "api", "api"])
        #expect(rig.samples.last?.sample == Sample(at: rig.now, kind: .good(seconds: nil, number: 9)))
    }

    @Test func `is every one that is taken, and none once the run is undone`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(2))))
        rig.end("a")
        rig.samples(4, .error)
        #expect(rig.samples.count == 2)
    }
}
