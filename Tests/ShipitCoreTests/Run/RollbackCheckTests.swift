import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `What is asked after a rollback` {
    private static func plan(retry: RetryPolicy = RetryPolicy(), _ more: PlannedStage...) -> Plan {
        var smoke = check("smoke", needs: ["b"])
        smoke.rollbackCheck = .checks("smoke")
        smoke.retry = retry
        return .of([stage("a", finally: true), stage("b", needs: ["a"])] + more + [smoke])
    }

    @Test func `comes last, once all is undone and put right`() {
        var rig = Rig(Self.plan())
        rig.play(failing: ["smoke"])
        #expect(rig.starts == ["a", "b", "smoke", "undo b", "undo a", "finally a", "rollbackCheck smoke"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 4)
    }

    @Test func `is asked of a stage that never started, too, and never on the way forward`() {
        var rig = Rig(Self.plan())
        rig.play(failing: ["b"])
        #expect(rig.starts.last == "rollbackCheck smoke")
        var well = Rig(Self.plan())
        well.play()
        #expect(well.starts == ["a", "b", "smoke", "finally a"])
        #expect(well.outcome == .succeeded)
    }

    @Test func `failed makes the rollback a failed one, which can be asked for again`() {
        var rig = Rig(Self.plan())
        rig.play(failing: ["smoke", "rollbackCheck smoke"])
        #expect(rig.outcome == .rollbackFailed)
        #expect(rig.exitCode == 5)
        #expect(rig.ask(.rollback) == nil)
        rig.play()
        #expect(rig.starts.suffix(3) == ["rollbackCheck smoke", "finally a", "rollbackCheck smoke"])
        #expect(rig.starts.count { $0 == "undo a" } == 1)
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }

    @Test func `is tried as often as its stage`() {
        var rig = Rig(Self.plan(retry: RetryPolicy(attempts: 2, delay: .seconds(5))))
        rig.play(failing: ["b"])
        #expect(rig.outcome == .rolledBack)
        var unlucky = Rig(Self.plan(retry: RetryPolicy(attempts: 2, delay: .seconds(5))))
        unlucky.play(failing: ["b", "rollbackCheck smoke"])
        #expect(unlucky.starts.count { $0 == "rollbackCheck smoke" } == 2)
        #expect(unlucky.outcome == .rollbackFailed)
    }

    @Test func `is not asked where something is not undone, or nothing was to be`() {
        var rig = Rig(Self.plan())
        rig.play(failing: ["b", "undo a"])
        #expect(!rig.starts.contains("rollbackCheck smoke"))
        #expect(rig.outcome == .rollbackFailed)
        var only = check("smoke")
        only.rollbackCheck = .checks("smoke")
        var refused = Rig(.of([only, stage("a", needs: ["smoke"])]))
        refused.play(failing: ["smoke"])
        #expect(refused.starts == ["smoke"])
        #expect(refused.outcome == .refused)
    }

    @Test func `decides how a cancelled run ends as well`() {
        for (failing, code) in [(Set<String>(), Int32(4)), (["rollbackCheck smoke"], 5)] {
            var rig = Rig(Self.plan())
            rig.end("a")
            rig.ask(.cancel)
            rig.end("b", .cancelled)
            rig.play(failing: failing)
            #expect(rig.outcome == .cancelled)
            #expect(rig.exitCode == code)
        }
    }

    @Test func `of unknown end is asked once more`() {
        var rig = Rig(Self.plan())
        rig.fail("a")
        rig.end("undo a")
        rig.end("finally a")
        rig.end("rollbackCheck smoke", .unknown)
        #expect(rig.running == ["rollbackCheck smoke"])
        rig.play()
        #expect(rig.outcome == .rolledBack)
    }

    @Test func `goes on from every event of the journal as if nothing had happened`() {
        var whole = Rig(Self.plan())
        whole.play(failing: ["smoke"])
        for length in 1...whole.journal.count {
            var rig = Rig(Self.plan())
            rig.takeOver(whole.journal.prefix(length), after: .seconds(3))
            rig.play(failing: ["smoke"])
            #expect(rig.outcome == .rolledBack, "after \(length)")
            #expect(rig.starts.count { $0 == "rollbackCheck smoke" } == 1, "after \(length)")
        }
    }
}
