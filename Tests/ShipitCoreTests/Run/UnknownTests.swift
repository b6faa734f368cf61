import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `An attempt of unknown outcome` {
    static let ask = Plan.of(stage("a"), stage("b"), stage("c", needs: ["a"]))
    static let verify = Plan.of(stage("a", onInterrupt: .verify), stage("b", needs: ["a"]))

    @Test func `lets what runs finish, then a person is asked`() {
        var rig = Rig(Self.ask)
        rig.end("a", .unknown)
        #expect(rig.running == ["b"])
        rig.end("b")
        #expect(
            rig.last.events.last
                == .paused(reason: "nobody knows how a ended; say so with --stage a=done, failed or rerun")
        )
        #expect(rig.exitCode == 6)
    }

    @Test func `is asked about again by a resume without an answer`() {
        var rig = Rig(Self.ask)
        rig.end("b")
        rig.end("a", .unknown)
        rig.resume()
        #expect(rig.last.events.last?.type == "paused")
        #expect(rig.last.effects == [.stop])
    }

    @Test func `answered done has succeeded`() {
        var rig = Rig(Self.ask)
        rig.end("b")
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .done), by: "ana")))
        #expect(rig.running == ["c"])
    }

    @Test func `answered failed has failed`() {
        var rig = Rig(Self.ask)
        rig.end("b")
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .failed), by: "ana")))
        #expect(Set(rig.running) == ["undo a", "undo b"])
    }

    @Test func `answered failed is tried again where its budget allows`() {
        var rig = Rig(.of(stage("a", retry: RetryPolicy(attempts: 2))))
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .failed), by: "ana")))
        #expect(rig.last.events.last?.type == "retryScheduled")
    }

    @Test func `answered rerun starts a new attempt that doesn't count against the budget`() {
        var rig = Rig(.of(stage("a", retry: RetryPolicy(attempts: 2))))
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .rerun), by: "ana")))
        #expect(rig.running == ["a"])
        #expect(rig.attempt("a").number == 2)
        #expect(rig.state["a"]?.perform.failures == 0)
    }

    @Test func `cannot be answered twice`() {
        var rig = Rig(Self.ask)
        rig.end("b")
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .done), by: "ana")))
        #expect(rig.ask(.answer("a", .failed)) == "nobody asks how stage a ended")
    }

    @Test func `with on-interrupt: rerun is tried again at once`() {
        var rig = Rig(.of(stage("a", onInterrupt: .rerun)))
        rig.end("a", .unknown)
        #expect(rig.running == ["a"])
        #expect(rig.attempt("a").number == 2)
    }

    @Test func `with on-interrupt: verify is verified, once`() {
        var rig = Rig(Self.verify)
        rig.end("a", .unknown)
        #expect(rig.last.effects == [.verify(AttemptID(stage: "a", number: 1))])
        rig.turn(.tick)
        #expect(rig.last.effects == [])
        #expect(rig.running == [])
    }

    @Test func `verified as done has succeeded, with its outputs`() {
        var rig = Rig(Self.verify)
        rig.end("a", .unknown)
        rig.turn(.verified(rig.attempt("a"), .done(outputs: ["path": "x"])))
        #expect(rig.running == ["b"])
        #expect(rig.state["a"]?.outputs == ["path": "x"])
    }

    @Test func `verified as not done is tried again without counting`() {
        var rig = Rig(Self.verify)
        rig.end("a", .unknown)
        rig.turn(.verified(rig.attempt("a"), .notDone))
        #expect(rig.running == ["a"])
        #expect(rig.state["a"]?.perform.failures == 0)
    }

    @Test func `that verify cannot tell is asked about`() {
        var rig = Rig(Self.verify)
        rig.end("a", .unknown)
        rig.turn(.verified(rig.attempt("a"), .unknown("the database is down")))
        #expect(rig.last.events.last?.type == "paused")
        #expect(rig.last.effects == [.stop])
    }

    @Test func `is verified anew by the engine that resumes`() {
        var rig = Rig(Self.verify)
        rig.end("a", .unknown)
        rig.resume()
        #expect(rig.last.effects.contains(.verify(AttemptID(stage: "a", number: 1))))
    }

    @Test func `holds back the rollback of a failure until it is answered`() {
        var rig = Rig(Self.ask)
        rig.end("a", .unknown)
        rig.fail("b")
        #expect(rig.last.events.last?.type == "paused")
        #expect(!rig.types.contains("rollbackStarted"))
    }

    @Test(arguments: [OperatorAct.Kind.rollback, .cancel])
    func `is undone unasked when a person says that all is to be undone`(kind: OperatorAct.Kind) {
        var rig = Rig(Self.ask)
        rig.end("b")
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(kind, by: "ana")))
        #expect(Set(rig.running) == ["undo a", "undo b"])
    }

    @Test func `of an undo by a command is asked about when all the others are undone`() {
        var rig = Rig(.of(stage("a"), stage("b"), stage("c", needs: ["b"])))
        for name in ["a", "b"] { rig.end(name) }
        rig.fail("c")
        rig.end("undo c", .unknown)
        rig.end("undo a")
        #expect(
            rig.last.events.last
                == .paused(reason: "nobody knows how the undo of c ended; say so with --stage c=done, failed or rerun"))
        rig.resume(.asked(OperatorAct(.answer("c", .done), by: "ana")))
        #expect(rig.running == ["undo b"])
        rig.play()
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `of an undo by an action is undone again`() {
        var rig = Rig(.of(stage("a", undo: .action, action: "rolling-restart")))
        rig.fail("a")
        rig.end("undo a", .unknown)
        #expect(rig.running == ["undo a"])
    }

    @Test func `of the work and then of the undo: the answer is about the undo`() {
        var rig = Rig(.of(stage("a")))
        rig.end("a", .unknown)
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.end("undo a", .unknown)
        rig.resume(.asked(OperatorAct(.answer("a", .done), by: "ana")))
        #expect(rig.outcome == .rolledBack)
    }
}
