import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Finally` {
    @Test func `runs once, after all stages`() {
        var rig = Rig(.of(stage("a", finally: true), stage("b", needs: ["a"])))
        rig.play()
        #expect(rig.starts == ["a", "b", "finally a"])
        #expect(rig.outcome == .succeeded)
    }

    @Test func `runs the last stage's first`() {
        var rig = Rig(.of(stage("a", finally: true), stage("b", needs: ["a"], finally: true)))
        rig.play()
        #expect(rig.starts == ["a", "b", "finally b", "finally a"])
    }

    @Test func `runs only for stages that started`() {
        var rig = Rig(
            .of(stage("a", finally: true), stage("b", needs: ["a"], finally: true, skipped: true)))
        rig.play()
        #expect(rig.starts == ["a", "finally a"])
    }

    @Test func `runs after the undos`() {
        var rig = Rig(.of(stage("a", finally: true), stage("b", needs: ["a"])))
        rig.play(failing: ["b"])
        #expect(rig.starts == ["a", "b", "undo b", "undo a", "finally a"])
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `runs before the monitor's tail, and again after a later rollback`() {
        var rig = Rig(.of(stage("a", finally: true), monitor: .watching(.fails(2))))
        rig.end("a")
        rig.end("finally a")
        #expect(rig.state.phase == .monitoring)
        rig.samples(2, .error)
        rig.play()
        #expect(rig.starts == ["a", "finally a", "undo a", "finally a"])
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `runs when a check refuses the run, too`() {
        var rig = Rig(.of(check("preflight", finally: true), stage("a", needs: ["preflight"])))
        rig.play(failing: ["preflight"])
        #expect(rig.starts == ["preflight", "finally preflight"])
        #expect(rig.outcome == .refused)
    }

    @Test func `that fails makes exit 5 of a run whose stages succeeded`() {
        var rig = Rig(.of(stage("a", finally: true)))
        rig.play(failing: ["finally a"])
        #expect(rig.outcome == .failed)
        #expect(rig.exitCode == 5)
        #expect(rig.phase("finally a") == .failed)
    }

    @Test func `that fails makes exit 5 of a run that was undone`() {
        var rig = Rig(.of(stage("a", finally: true), stage("b", needs: ["a"])))
        rig.play(failing: ["b", "finally a"])
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
    }

    @Test func `that fails leaves the others to run`() {
        var rig = Rig(.of(stage("a", finally: true), stage("b", finally: true)))
        rig.play(failing: ["finally b"])
        #expect(rig.starts == ["a", "b", "finally b", "finally a"])
    }

    @Test func `has its stage's retry, and the others still have their turn`() {
        var rig = Rig(
            .of(stage("a", finally: true), stage("b", finally: true, retry: RetryPolicy(attempts: 2))))
        rig.play(failing: ["finally b"])
        #expect(rig.starts.filter { $0 == "finally b" }.count == 2)
        #expect(rig.starts.filter { $0 == "finally a" }.count == 1)
    }

    @Test func `has not run while the run is paused`() {
        var rig = Rig(.of(stage("a", finally: true, onExhausted: .pause)))
        rig.play(failing: ["a"])
        #expect(rig.starts == ["a"])
        #expect(rig.state.phase == .paused)
    }

    @Test func `has not run while the run is interrupted`() {
        var rig = Rig(.of(stage("a", finally: true)))
        rig.turn(.interrupted)
        rig.end("a")
        #expect(rig.starts == ["a"])
        #expect(rig.state.phase == .interrupted)
    }

    @Test func `of unknown outcome by a command asks a person`() {
        var rig = Rig(.of(stage("a", finally: true)))
        rig.end("a")
        rig.end("finally a", .unknown)
        #expect(
            rig.last.events.last
                == .paused(
                    reason: "nobody knows how the finally of a ended; say so with --stage a=done, failed or rerun"))
        rig.resume(.asked(OperatorAct(.answer("a", .done), by: "ana")))
        #expect(rig.outcome == .succeeded)
    }

    @Test func `once begun, stages are neither tried again nor skipped`() {
        var rig = Rig(.of(check("preflight", finally: true), stage("a", needs: ["preflight"])))
        rig.fail("preflight")
        #expect(rig.running == ["finally preflight"])
        #expect(rig.ask(.retry("preflight")) == "the run no longer goes forward")
        #expect(rig.ask(.skip("preflight")) == "the run no longer goes forward")
    }
}
