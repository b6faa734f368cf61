import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A rehearsed rollback` {
    private static let stages = [stage("a", finally: true), stage("b", needs: ["a"]), check("smoke", needs: ["b"])]

    private func rig(_ plan: Plan = .of(Self.stages)) -> Rig { Rig(plan, isRehearsal: true) }

    @Test func `begins with a breach once all stages are through, and ends well when all is undone`() {
        var rig = rig()
        rig.play()
        #expect(rig.starts == ["a", "b", "smoke", "finally a", "undo b", "undo a", "finally a"])
        #expect(rig.state.breaches.map(\.breach.isForced) == [true])
        #expect(rig.state.rollbackReason == "breach forced by a rehearsal (ana)")
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
        #expect(rig.state.hasPassedRehearsal)
    }

    @Test func `waits for no monitor`() {
        var rig = rig(.of([stage("a")], monitor: .watching(for: .hours(24), .fails(3))))
        rig.end("a")
        #expect(rig.running == ["undo a"])
    }

    @Test func `takes as long as from the breach to the end`() {
        var rig = rig(.of(stage("a")))
        rig.wait(.seconds(100))
        rig.end("a")
        rig.wait(.seconds(7))
        #expect(rig.state.recoveryTime == nil)
        rig.end("undo a")
        #expect(rig.state.recoveryTime == .seconds(7))
    }

    @Test func `that is not whole ends as any other, and stays so when a person asks again`() {
        var rig = rig()
        rig.play(failing: ["undo a"])
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
        #expect(rig.ask(.rollback) == nil)
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
        #expect(!rig.state.hasPassedRehearsal)
    }

    @Test func `is none where a stage fails before`() {
        var rig = rig()
        rig.play(failing: ["b"])
        #expect(rig.state.breaches.isEmpty)
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 4)
        #expect(rig.state.recoveryTime == nil)
    }

    @Test func `is none where a rule breaches before`() {
        var rig = rig(.of([stage("a"), stage("b", needs: ["a"])], monitor: .watching(from: "a", .fails(2))))
        rig.end("a")
        rig.samples(2, .error)
        rig.end("b", .cancelled)
        rig.play()
        #expect(rig.state.breaches.map(\.breach.isForced) == [false])
        #expect(rig.exitCode == 4)
        #expect(!rig.state.hasPassedRehearsal)
    }

    @Test func `is never superseded, not even in the turn of its last stage`() {
        let monitor = Monitor.watching(from: "a", for: .hours(1), .fails(9))
        var rig = rig(.of([stage("a"), stage("b", needs: ["a"])], monitor: monitor))
        rig.end("a")
        let end = Happening.attemptEnded(rig.attempt("b"), AttemptResult(.succeeded))
        let turn = rig.turn(end, .asked(OperatorAct(.supersede, by: "ben")))
        #expect(turn.refusals.count == 1)
        rig.play()
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `with nothing to be undone proves nothing`() {
        var rig = rig(.of(check("smoke")))
        rig.play()
        #expect(rig.outcome == .refused)
        #expect(!rig.state.hasPassedRehearsal)
    }

    @Test func `goes on from every event of its journal as if nothing had happened`() {
        var whole = rig()
        whole.play()
        for length in 1...whole.journal.count {
            var rig = rig()
            rig.takeOver(whole.journal.prefix(length), after: .seconds(3))
            rig.play()
            #expect(rig.outcome == .rolledBack, "after \(length)")
            #expect(rig.state.hasPassedRehearsal, "after \(length)")
            #expect(rig.state.breaches.count == 1, "after \(length)")
        }
    }

    @Test func `is told from any other run by its journal alone`() throws {
        let rehearsal = rig().state.created
        #expect(rehearsal?.isRehearsal == true)
        #expect(Rig(.of(Self.stages)).state.created?.isRehearsal == false)
    }
}
