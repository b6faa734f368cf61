import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Interrupts and resuming` {
    static let plan = Plan.of(stage("a"), stage("b"), stage("c", needs: ["a"]))

    @Test func `the first interrupt lets what runs finish and starts nothing new`() {
        var rig = Rig(Self.plan, jobs: 1)
        rig.turn(.interrupted)
        #expect(rig.last.effects == [])
        rig.end("a")
        #expect(rig.starts == ["a"])
        #expect(rig.last.events.last?.type == "interrupted")
        #expect(rig.last.effects == [.stop])
        #expect(rig.exitCode == 6)
    }

    @Test func `the second ends what runs`() {
        var rig = Rig(Self.plan, jobs: 1)
        rig.turn(.interrupted)
        rig.turn(.interrupted)
        #expect(rig.last.effects == [.end(rig.attempt("a"), because: .interrupted)])
        rig.end("a", .interrupted)
        #expect(rig.last.effects == [.stop])
        #expect(rig.state.phase == .interrupted)
        #expect(rig.starts == ["a"])
    }

    @Test func `a run that only monitors is interrupted at once`() {
        var rig = Rig(.of(stage("a"), monitor: .watching(.fails(3))))
        rig.end("a")
        rig.turn(.interrupted)
        #expect(rig.last.effects == [.stop])
        #expect(rig.exitCode == 6)
    }

    @Test func `a run that waits for another try is interrupted at once`() {
        var rig = Rig(.of(stage("a", retry: RetryPolicy(attempts: 2, delay: .minutes(5)))))
        rig.fail("a")
        rig.turn(.interrupted)
        #expect(rig.state.phase == .interrupted)
    }

    @Test func `an attempt ended by the second interrupt doesn't count against the budget`() {
        var rig = Rig(.of(stage("a")))
        rig.turn(.interrupted)
        rig.turn(.interrupted)
        rig.end("a", .interrupted)
        rig.resume()
        #expect(rig.running == ["a"])
        #expect(rig.attempt("a").number == 2)
        rig.end("a")
        #expect(rig.outcome == .succeeded)
    }

    @Test func `an undo ended by the second interrupt is done again by the engine that resumes`() {
        var rig = Rig(.of(stage("a")))
        rig.fail("a")
        rig.turn(.interrupted)
        rig.turn(.interrupted)
        rig.end("undo a", .interrupted)
        #expect(rig.exitCode == 6)
        rig.resume()
        #expect(rig.running == ["undo a"])
    }

    @Test func `what an engine ended and died before it could say so is done again`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.turn(.interrupted)
        rig.turn(.interrupted)
        rig.resume()
        rig.end("a", .cancelled)
        #expect(rig.running == ["a"])
        #expect(rig.attempt("a").number == 2)
        rig.end("a")
        rig.fail("b")
        rig.end("undo b")
        rig.turn(.interrupted)
        rig.turn(.interrupted)
        rig.resume()
        rig.end("undo a", .cancelled)
        #expect(rig.running == ["undo a"])
        rig.end("undo a")
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `what was ended because of a cancel stays so for the engine that resumes`() {
        var rig = Rig(.of(stage("a")))
        rig.ask(.cancel)
        rig.resume()
        rig.end("a", .cancelled)
        #expect(rig.running == ["undo a"])
        #expect(rig.phase("a") == .cancelled)
    }

    @Test func `a resumed run re-enters what was in flight under the same attempts`() {
        var rig = Rig(Self.plan)
        rig.resume()
        #expect(rig.last.events.map(\.type) == ["resumed"])
        #expect(
            rig.last.effects == [
                .reenter(AttemptID(stage: "a", number: 1)), .reenter(AttemptID(stage: "b", number: 1)),
            ])
    }

    @Test func `what was re-entered is re-entered once`() {
        var rig = Rig(Self.plan)
        rig.resume()
        rig.turn(.tick)
        #expect(rig.last.effects == [])
    }

    @Test func `what is re-entered in a cancelled run is ended`() {
        var rig = Rig(.of(stage("a")))
        rig.ask(.cancel)
        rig.resume()
        let attempt = rig.attempt("a")
        #expect(rig.last.effects == [.reenter(attempt), .end(attempt, because: .cancelled)])
    }

    @Test func `a stage whose success is recorded never runs again`() {
        var rig = Rig(Self.plan)
        rig.end("a")
        rig.end("b")
        rig.resume()
        rig.play()
        #expect(rig.starts == ["a", "b", "c"])
    }

    @Test func `a resume when all is done but the end still ends the run`() {
        var rig = Rig(.of(stage("a")))
        rig.turn(.interrupted)
        rig.end("a")
        rig.resume()
        #expect(rig.outcome == .succeeded)
    }

    @Test func `an undo in flight is re-entered`() {
        var rig = Rig(.of(stage("a")))
        rig.fail("a")
        rig.resume()
        #expect(rig.last.effects == [.reenter(AttemptID(stage: "a", part: .undo, number: 1))])
    }

    @Test func `finished steps of an attempt in flight are known to the engine that resumes`() {
        var rig = Rig(.of(stage("a")))
        let attempt = rig.attempt("a")
        rig.turn(.stepStarted(attempt, step: "one"), .stepFinished(attempt, step: "one", result: "1"))
        rig.turn(.stepStarted(attempt, step: "two"))
        rig.resume()
        rig.turn(.stepStarted(attempt, step: "two"))
        let steps = rig.state["a"]?.steps[attempt] ?? []
        #expect(steps.map(\.name) == ["one", "two"])
        #expect(steps.map(\.result) == ["1", nil])
    }

    @Test func `steps of an attempt that is over are not recorded`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        let attempt = rig.attempt("a")
        rig.end("a")
        rig.turn(.stepStarted(attempt, step: "late"))
        #expect(rig.last.events.isEmpty)
    }

    @Test func `a cancel ends what a first interrupt lets finish`() {
        var rig = Rig(.of(stage("a")))
        rig.turn(.interrupted)
        rig.ask(.cancel)
        #expect(rig.last.effects == [.end(rig.attempt("a"), because: .cancelled)])
        rig.end("a", .cancelled)
        #expect(rig.state.phase == .interrupted)
        rig.resume()
        #expect(rig.running == ["undo a"])
    }

    @Test func `what is known to have ended when a run is resumed is not re-entered`() {
        var rig = Rig(Self.plan)
        rig.resume(.attemptEnded(AttemptID(stage: "a", number: 1), AttemptResult(.succeeded)))
        #expect(
            rig.last.effects == [
                .reenter(AttemptID(stage: "b", number: 1)), .start(AttemptID(stage: "c", number: 1)),
            ])
    }
}
