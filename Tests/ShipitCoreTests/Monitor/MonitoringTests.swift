import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Monitoring` {
    static let good = Sample.Kind.good(seconds: 0.05, number: 1)

    @Test func `begins when the stage it is from succeeds`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(3))))
        #expect(rig.machine.monitor == nil)
        rig.end("a")
        #expect(rig.types.contains("monitoringStarted"))
        #expect(rig.machine.monitor != nil)
    }

    @Test func `begins by default when the last stage that changes things succeeds`() {
        var rig = Rig(.of(stage("a"), check("smoke", needs: ["a"]), monitor: .watching(.fails(3))))
        rig.end("a")
        #expect(rig.types.contains("monitoringStarted"))
    }

    @Test(arguments: [["a", "b"], ["b", "a"]])
    func `of several last stages that change things it waits for all, however they are ordered`(order: [StageName]) {
        let stages = [stage("first")] + order.map { stage($0, needs: ["first"]) } + [check("smoke", needs: ["a"])]
        var rig = Rig(.of(stages, monitor: .watching(.fails(3))))
        rig.end("first")
        rig.end("b")
        #expect(!rig.types.contains("monitoringStarted"))
        rig.end("a")
        #expect(rig.types.contains("monitoringStarted"))
    }

    @Test func `begins when all that for-each made of its stage have succeeded`() {
        let members = (1...2).map { stage(StageName("s[\($0)]"), group: "s") }
        var rig = Rig(.of(members, monitor: .watching(from: "s", .fails(3))))
        rig.end("s[2]")
        #expect(!rig.types.contains("monitoringStarted"))
        rig.end("s[1]")
        #expect(rig.types.contains("monitoringStarted"))
    }

    @Test func `guards the stages that still run: a breach ends them and undoes all`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(2))))
        rig.end("a")
        rig.samples(2, .error)
        #expect(rig.last.effects.contains(.end(rig.attempt("b"), because: .cancelled)))
        rig.end("b", .cancelled)
        #expect(rig.running == ["undo b"])
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.state.rollbackReason == "breach of api fails 2 times")
        #expect(rig.exitCode == 4)
        #expect(rig.state.breaches.map(\.breach) == [Breach(rule: "api fails 2 times", observed: 2)])
    }

    @Test func `goes on after the last stage, and for counts from its end`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(3))))
        rig.end("a")
        rig.samples(4, Self.good)
        rig.end("b")
        #expect(rig.state.phase == .monitoring)
        let end = rig.now + .seconds(60)
        #expect(rig.wake == end)
        rig.samples(11, Self.good)
        #expect(rig.outcome == nil)
        rig.samples(1, Self.good)
        #expect(rig.now == end)
        #expect(rig.outcome == .succeeded)
    }

    @Test func `ends green only when every rule is at pass`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: .seconds(10), .fails(3), .fails(3, source: "db"))))
        rig.end("a")
        rig.samples(4, Self.good)
        #expect(rig.outcome == nil)
        rig.sample(Self.good, from: "db")
        #expect(rig.outcome == .succeeded)
    }

    @Test func `doesn't end green while a rule is over its limit`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: .seconds(10), .value(over: 5, for: .minutes(1)))))
        rig.end("a")
        rig.samples(2, .good(seconds: nil, number: 9))
        rig.wait(.seconds(1))
        #expect(rig.outcome == nil)
        rig.samples(1, Self.good)
        #expect(rig.outcome == .succeeded)
    }

    @Test func `past its end wakes nobody before a verdict can change`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: .seconds(10), .value(over: 5))))
        rig.end("a")
        rig.wait(.seconds(11))
        #expect(rig.wake == rig.start + .seconds(120))
    }

    @Test func `without verdict pauses after grace`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.value(over: 5))))
        rig.end("a")
        rig.samples(23, .noData)
        #expect(rig.state.phase == .monitoring)
        rig.samples(1, .noData)
        #expect(rig.last.events.map(\.type) == ["inconclusive", "paused"])
        #expect(rig.last.effects == [.stop])
        #expect(rig.exitCode == 6)
    }

    @Test func `begins its grace anew when it is resumed`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.value(over: 5))))
        rig.end("a")
        rig.wait(.minutes(2))
        rig.wait(.hours(3))
        rig.resume()
        #expect(rig.state.phase == .monitoring)
        rig.samples(12, Self.good)
        #expect(rig.outcome == .succeeded)
    }

    @Test func `without verdict rolls back where the pipeline says so`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(inconclusive: .rollback, .value(over: 5))))
        rig.end("a")
        rig.wait(.minutes(2))
        #expect(rig.running == ["undo a"])
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 4)
    }

    @Test func `whose missing verdict is ignored still goes on to its end`() {
        let monitor = Monitor.watching(
            for: .minutes(10), inconclusive: .ignore, .value(over: 5), .fails(2, source: "db"))
        var rig = Rig(.of(stage("a"), monitor: monitor))
        rig.end("a")
        for _ in 0..<60 {
            rig.samples(1, .noData)
            rig.sample(Self.good, from: "db")
        }
        #expect(rig.types.filter { $0 == "inconclusive" }.count == 1)
        #expect(rig.outcome == nil)
        rig.samples(60, Self.good, from: "db")
        #expect(rig.outcome == .succeeded)
        #expect(rig.state.outcomeReason?.contains("no verdict") == true)
    }

    @Test func `whose missing verdict is ignored still judges the other rules`() {
        let monitor = Monitor.watching(
            for: .minutes(3), inconclusive: .ignore, .value(over: 5), .fails(2, source: "db"))
        var rig = Rig(.of(stage("a"), monitor: monitor))
        rig.end("a")
        rig.samples(30, Self.good, from: "db")
        rig.samples(2, .error, from: "db")
        #expect(rig.running == ["undo a"])
    }

    @Test func `whose missing verdict is ignored doesn't hide a finally that failed`() {
        let monitor = Monitor.watching(for: .seconds(10), inconclusive: .ignore, .value(over: 5))
        var rig = Rig(.of(stage("a", finally: true), monitor: monitor))
        rig.end("a")
        rig.fail("finally a")
        rig.wait(.minutes(5))
        #expect(rig.outcome == .failed)
        #expect(rig.exitCode == 5)
    }

    @Test func `is off while rolling back`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(1))))
        rig.end("a")
        rig.fail("b")
        #expect(rig.running == ["undo b"])
        rig.sample(.error)
        #expect(rig.last.events.isEmpty)
        #expect(rig.machine.monitor == nil)
    }

    @Test func `is armed again by the engine that resumes`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(2))))
        rig.end("a")
        rig.resume()
        #expect(rig.machine.monitor != nil)
        rig.samples(2, .error)
        #expect(rig.running == ["undo a"])
    }

    @Test func `of a run taken up to be rolled back is not armed again`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: .seconds(10), .fails(2))))
        rig.end("a")
        rig.samples(4, Self.good)
        #expect(rig.outcome == .succeeded)
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        #expect(rig.machine.monitor == nil)
        #expect(rig.running == ["undo a"])
    }

    @Test func `a breach that is recorded is acted on by the engine that resumes`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(1))))
        rig.end("a")
        rig.samples(1, .error)
        rig.resume()
        #expect(rig.last.effects.contains(.end(rig.attempt("b"), because: .cancelled)))
    }

    @Test func `one breach is recorded, not one a sample`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(1))))
        rig.end("a")
        rig.samples(5, .error)
        #expect(rig.types.filter { $0 == "breached" }.count == 1)
    }

    @Test func `rules that fire are known until they are clear`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.value(over: 5, for: .minutes(1)))))
        rig.end("a")
        rig.samples(1, .good(seconds: nil, number: 9))
        #expect(rig.state.firing.keys.sorted() == ["api.value > 5.0"])
        rig.samples(1, Self.good)
        #expect(rig.state.firing.isEmpty)
    }

    @Test func `with rules that only warn ends with its time`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(for: .seconds(10), warn: [.value(over: 5)])))
        rig.end("a")
        #expect(rig.outcome == nil)
        rig.wait(.seconds(10))
        #expect(rig.outcome == .succeeded)
    }

    @Test func `of a run whose stages were all skipped has an end`() {
        var rig = Rig(.of(stage("a", skipped: true), monitor: .watching(for: .seconds(20), .fails(3))))
        rig.samples(4, Self.good)
        #expect(rig.outcome == .succeeded)
    }
}
