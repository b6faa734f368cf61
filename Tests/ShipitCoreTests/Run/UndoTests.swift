import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Undoing` {
    @Test func `goes in reverse order, independent ones side by side`() {
        var rig = Rig(
            .of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["a"]), stage("d", needs: ["b", "c"])))
        rig.end("a")
        rig.end("b")
        rig.end("c")
        rig.fail("d")
        #expect(rig.running == ["undo d"])
        rig.end("undo d")
        #expect(Set(rig.running) == ["undo b", "undo c"])
        rig.end("undo c")
        #expect(rig.running == ["undo b"])
        rig.end("undo b")
        #expect(rig.running == ["undo a"])
    }

    @Test func `keeps to the number of jobs`() {
        var rig = Rig(.of(stage("a"), stage("b"), stage("c")), jobs: 1)
        rig.play(failing: ["c"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.starts.filter { $0.hasPrefix("undo") }.count == 3)
    }

    @Test func `keeps to the limit of a group`() {
        let members = (1...3).map { stage(StageName("s[\($0)]"), group: "s", groupLimit: 1) }
        var rig = Rig(.of(members + [stage("z", needs: ["s[1]", "s[2]", "s[3]"])]), jobs: 8)
        for name in ["s[1]", "s[2]", "s[3]"] { rig.end(name) }
        rig.fail("z")
        rig.end("undo z")
        #expect(rig.running.count == 1)
        rig.play()
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `keeps the order through a skipped stage`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"], skipped: true), stage("c", needs: ["b"])))
        rig.play(failing: ["c"])
        #expect(rig.starts == ["a", "c", "undo c", "undo a"])
    }

    @Test func `keeps the order through a stage without a way back`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"], undo: .none), stage("c", needs: ["b"])))
        rig.play(failing: ["c"])
        #expect(rig.starts == ["a", "b", "c", "undo c", "undo a"])
    }

    @Test func `never touches what never started`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.play(failing: ["a"])
        #expect(rig.starts == ["a", "undo a"])
        #expect(rig.phase("undo b") == PartState.Phase.none)
    }

    @Test func `of a stage with nothing to be undone is done without a start`() {
        var rig = Rig(.of(stage("backup", undo: .nothing), stage("b", needs: ["backup"])))
        rig.play(failing: ["b"])
        #expect(rig.starts == ["backup", "b", "undo b"])
        #expect(rig.phase("undo backup") == .succeeded)
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `that fails leaves the others to be undone, and the exit is 5`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])))
        rig.play(failing: ["c", "undo b"])
        #expect(rig.starts == ["a", "b", "c", "undo c", "undo b", "undo a"])
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
    }

    @Test func `that was ended from outside passes its turn on as well`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.end("a")
        rig.fail("b")
        rig.end("undo b", .cancelled)
        #expect(rig.running == ["undo a"])
        rig.play()
        #expect(rig.outcome == .rollbackFailed)
    }

    @Test func `leaves a stage that is reversible: no, undoes the rest, and the exit is 5`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"], reversible: .no), stage("c", needs: ["b"])))
        rig.play(failing: ["c"])
        #expect(rig.starts == ["a", "b", "c", "undo c", "undo a"])
        #expect(rig.state["b"]?.isLeft == true)
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
    }

    @Test func `takes a stage back that is reversible until a contract stage which has not started`() {
        var rig = Rig(
            .of(
                stage("a", reversible: .untilContract("drop")), check("smoke", needs: ["a"]),
                stage("drop", needs: ["smoke"])))
        rig.play(failing: ["smoke"])
        #expect(rig.starts == ["a", "smoke", "undo a"])
        #expect(rig.exitCode == 4)
    }

    @Test func `leaves a stage whose contract stage has started`() {
        var rig = Rig(.of(stage("a", reversible: .untilContract("drop")), stage("drop", needs: ["a"])))
        rig.play(failing: ["drop"])
        #expect(rig.starts == ["a", "drop", "undo drop"])
        #expect(rig.outcome == .rollbackFailed)
    }

    @Test func `leaves a stage once one of those that for-each made of its contract has started`() {
        var rig = Rig(
            .of(
                stage("a", reversible: .untilContract("drop")), stage("drop[x]", needs: ["a"], group: "drop"),
                stage("drop[y]", needs: ["drop[x]"], group: "drop")))
        rig.play(failing: ["drop[x]"])
        #expect(rig.state["a"]?.isLeft == true)
        #expect(rig.outcome == .rollbackFailed)
    }

    @Test func `that failed is tried again by a later rollback, what was undone is not`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])))
        rig.play(failing: ["c", "undo b"])
        let before = rig.starts.count
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.play()
        #expect(rig.starts[before...] == ["undo b"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }

    @Test func `again has a budget and a deadline of its own`() {
        var rig = Rig(.of(stage("a", retry: RetryPolicy(attempts: 2), deadline: .minutes(1))))
        rig.play(failing: ["a", "undo a"])
        rig.wait(.hours(5))
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.fail("undo a")
        #expect(rig.last.events.last?.type == "retryScheduled")
    }

    @Test func `of a run that succeeded long ago, asked for, is a success`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.play()
        rig.wait(.hours(100))
        rig.resume(.asked(OperatorAct(.rollback, by: "ana", why: "customers complain")))
        rig.play()
        #expect(rig.starts == ["a", "b", "undo b", "undo a"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.state.rollbackReason == "asked for by ana: customers complain")
        #expect(rig.exitCode == 0)
    }

    @Test func `asked for but not complete is no success`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"], reversible: .no)))
        rig.play()
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.play()
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
    }

    @Test func `asked for before anything changed is complete`() {
        var rig = Rig(.of(check("preflight"), stage("a", needs: ["preflight"])))
        rig.ask(.rollback)
        #expect(rig.last.effects == [.end(rig.attempt("preflight"), because: .cancelled)])
        rig.end("preflight", .cancelled)
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }
}
