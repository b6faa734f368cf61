import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `What a person asks` {
    static let plan = Plan.of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"]))

    @Test func `a cancel ends running attempts, then undoes`() {
        var rig = Rig(Self.plan)
        rig.end("a")
        rig.ask(.cancel)
        #expect(rig.last.effects == [.end(rig.attempt("b"), because: .cancelled)])
        rig.end("b", .cancelled)
        #expect(rig.running == ["undo b"])
        rig.play()
        #expect(rig.outcome == .cancelled)
        #expect(rig.exitCode == 4)
    }

    @Test func `a stage that succeeds while it is being cancelled is undone all the same`() {
        var rig = Rig(.of(stage("a")))
        rig.ask(.cancel)
        rig.end("a")
        rig.play()
        #expect(rig.starts == ["a", "undo a"])
        #expect(rig.outcome == .cancelled)
    }

    @Test func `a cancel before anything started leaves nothing`() {
        var rig = Rig(.of(check("preflight"), stage("a", needs: ["preflight"])))
        rig.ask(.cancel)
        rig.end("preflight", .cancelled)
        #expect(rig.outcome == .cancelled)
        #expect(rig.exitCode == 4)
    }

    @Test func `a cancel whose undo fails makes exit 5`() {
        var rig = Rig(Self.plan)
        rig.ask(.cancel)
        rig.end("a", .cancelled)
        rig.play(failing: ["undo a"])
        #expect(rig.outcome == .cancelled)
        #expect(rig.exitCode == 5)
    }

    @Test func `a cancel with no way back makes exit 5`() {
        var rig = Rig(.of(stage("a", undo: .none)))
        rig.ask(.cancel)
        rig.end("a", .cancelled)
        #expect(rig.outcome == .cancelled)
        #expect(rig.exitCode == 5)
    }

    @Test func `a cancel of a paused run undoes it`() {
        var rig = Rig(.of(stage("a", onExhausted: .pause)))
        rig.fail("a")
        rig.ask(.cancel)
        #expect(rig.running == ["undo a"])
    }

    @Test func `a rollback after a cancel that left something is a success when it is complete`() {
        var rig = Rig(.of(stage("a")))
        rig.ask(.cancel)
        rig.end("a", .cancelled)
        rig.play(failing: ["undo a"])
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }

    @Test func `a rollback while stages run ends them and is complete when all is undone`() {
        var rig = Rig(Self.plan)
        rig.ask(.rollback)
        #expect(rig.last.effects == [.end(rig.attempt("a"), because: .cancelled)])
        rig.end("a", .cancelled)
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }

    @Test func `an abandoned run ends what runs and is left as it is`() {
        var rig = Rig(Self.plan)
        rig.end("a")
        rig.ask(.abandon, why: "machine is scrapped")
        #expect(rig.last.effects == [.end(rig.attempt("b"), because: .cancelled)])
        rig.end("b", .cancelled)
        #expect(rig.outcome == .failed)
        #expect(rig.state.outcomeReason == "abandoned by ana: machine is scrapped")
        #expect(rig.starts == ["a", "b"])
        #expect(rig.exitCode == 5)
    }

    @Test func `abandoning a run that left something keeps its outcome`() {
        var rig = Rig(.of(stage("a", undo: .none)))
        rig.fail("a")
        rig.resume(.asked(OperatorAct(.abandon, by: "ana", why: "mended by hand")))
        #expect(rig.outcome == .failed)
        #expect(rig.state.abandonedBy == "ana")
        #expect(rig.last.effects == [.stop])
    }

    @Test func `a skipped stage counts as satisfied`() {
        var rig = Rig(Self.plan)
        #expect(rig.ask(.skip("b"), why: "done by hand") == nil)
        rig.end("a")
        #expect(rig.running == ["c"])
        #expect(rig.state["b"]?.perform.reason == "done by hand")
    }

    @Test func `a failed stage that is skipped lets the run go on, and is undone with the others`() {
        var rig = Rig(.of(stage("a", onExhausted: .pause), stage("b", needs: ["a"])))
        rig.fail("a")
        rig.ask(.skip("a"))
        #expect(rig.running == ["b"])
        rig.play(failing: ["b"])
        #expect(rig.starts == ["a", "b", "undo b", "undo a"])
    }

    @Test func `a run that was cancelled before anything had started is not rolled back`() {
        var state = RunState(plan: .of(stage("a")))
        let now = Instant(milliseconds: 0)
        state.apply(.operatorActed(OperatorAct(.cancel, by: "ana")), at: now)
        state.apply(.runFinished(outcome: .cancelled, reason: nil), at: now)
        #expect(
            state.refusal(of: OperatorAct(.rollback, by: "ana"))
                == "nothing of this run is to be undone: it was cancelled before any stage had started")
    }

    @Test func `a retry gives a failed stage a whole new budget`() {
        let retry = RetryPolicy(attempts: 2, delay: .seconds(1))
        var rig = Rig(.of(stage("a", retry: retry, deadline: .minutes(1), onExhausted: .pause)))
        rig.play(failing: ["a"])
        rig.wait(.hours(1))
        rig.resume(.asked(OperatorAct(.retry("a"), by: "ana")))
        #expect(rig.running == ["a"])
        rig.play(failing: ["a"])
        #expect(rig.starts.count == 4)
        #expect(rig.state.phase == .paused)
    }

    @Test(arguments: [
        (OperatorAct.Kind.skip("x"), "the run has no stage x"), (.skip("a"), "stage a is running"),
        (.retry("x"), "the run has no stage x"), (.retry("a"), "stage a has not failed"),
        (.answer("x", .done), "the run has no stage x"), (.answer("a", .done), "nobody asks how stage a ended"),
    ])
    func `what makes no sense is refused with the reason`(kind: OperatorAct.Kind, reason: String) {
        var rig = Rig(Self.plan)
        #expect(rig.ask(kind) == reason)
        #expect(rig.last.events.isEmpty)
    }

    @Test(arguments: [
        (OperatorAct.Kind.cancel, "the run has ended already"), (.skip("a"), "the run no longer goes forward"),
        (.retry("a"), "the run no longer goes forward"), (.answer("a", .done), "nobody asks how stage a ended"),
        (.abandon, "the run has ended, and nothing of it is left open"),
        (.rollback, "everything of this run has been undone already"),
    ])
    func `of a run that was rolled back nothing is granted`(kind: OperatorAct.Kind, reason: String) {
        var rig = Rig(Self.plan)
        rig.play(failing: ["c"])
        #expect(rig.ask(kind) == reason)
        #expect(rig.outcome == .rolledBack)
    }

    @Test(arguments: [
        (OperatorAct.Kind.cancel, "the run is rolling back already"), (.rollback, "the run is rolling back already"),
        (.skip("b"), "the run no longer goes forward"), (.retry("a"), "the run no longer goes forward"),
    ])
    func `of a run that is rolling back only abandoning is granted`(kind: OperatorAct.Kind, reason: String) {
        var rig = Rig(Self.plan)
        rig.fail("a")
        #expect(rig.running == ["undo a"])
        #expect(rig.ask(kind) == reason)
        #expect(rig.ask(.abandon) == nil)
    }

    @Test func `a refused run is not rolled back`() {
        var rig = Rig(.of(check("preflight")))
        rig.fail("preflight")
        #expect(
            rig.ask(.rollback) == "nothing of this run is to be undone: it was refused before any change")
    }

    @Test func `a run that only monitors yields to a newer deployment and ends well`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(3))))
        rig.end("a")
        #expect(rig.state.onlyMonitors)
        #expect(rig.ask(.supersede, why: "v2 is deployed") == nil)
        #expect(rig.outcome == .superseded)
        #expect(rig.state.outcomeReason == "v2 is deployed")
        #expect(rig.exitCode == 0)
        #expect(rig.last.effects == [.stop])
    }

    @Test func `a run whose stages are not through does not yield`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: .watching(from: "a", .fails(3))))
        rig.end("a")
        #expect(rig.ask(.supersede) == "the run does more than monitor")
        #expect(rig.running == ["b"])
    }

    @Test func `a run with a breach in its journal does not yield`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(3))))
        rig.end("a")
        rig.samples(3, .error)
        #expect(rig.ask(.supersede) == "a breach is in its journal: it brings the old release back")
    }

    @Test func `a run whose finally still runs does not yield`() {
        var rig = Rig(.of(stage("a", finally: true), monitor: .watching(.fails(3))))
        rig.end("a")
        #expect(rig.ask(.supersede) == "the run does more than monitor")
        rig.end("finally a")
        #expect(rig.ask(.supersede) == nil)
    }

    @Test func `samples that come after a run has yielded bring nothing back`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(1))))
        rig.end("a")
        rig.turn(
            .asked(OperatorAct(.supersede, by: "ana")),
            .sampled(source: "api", Sample(at: rig.now, kind: .error)))
        #expect(rig.outcome == .superseded)
        #expect(rig.state.breaches.isEmpty)
    }

    @Test func `a superseded run can still be undone`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(3))))
        rig.end("a")
        rig.ask(.supersede)
        #expect(rig.ask(.rollback) == nil)
        #expect(rig.running == ["undo a"])
    }
}
