import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A stage that fails` {
    @Test func `lets what runs finish and starts nothing new`() {
        var rig = Rig(.of(stage("a"), stage("b"), stage("c"), stage("d", needs: ["b"])), jobs: 2)
        rig.fail("a")
        #expect(rig.running == ["b"])
        #expect(rig.last.effects == [])
        rig.end("b")
        #expect(!rig.starts.contains("c") && !rig.starts.contains("d"))
        #expect(rig.state.rollbackReason == "stage a failed")
    }

    @Test func `is undone too, after those that need it`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])))
        rig.play(failing: ["c"])
        #expect(rig.starts == ["a", "b", "c", "undo c", "undo b", "undo a"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 4)
    }

    @Test func `keeps another that waits for its next try from being tried again`() {
        var rig = Rig(.of(stage("a", retry: RetryPolicy(attempts: 2, delay: .minutes(5))), stage("b")))
        rig.fail("a")
        rig.fail("b")
        #expect(Set(rig.running) == ["undo a", "undo b"])
        rig.play()
        #expect(rig.phase("a") == .failed)
    }

    @Test func `before anything changed makes the run refused`() {
        var rig = Rig(.of(check("preflight"), stage("a", needs: ["preflight"])))
        rig.fail("preflight")
        #expect(rig.outcome == .refused)
        #expect(rig.exitCode == 3)
        #expect(!rig.types.contains("rollbackStarted"))
    }

    @Test func `leaves those that never started skipped`() {
        var rig = Rig(.of(check("preflight"), stage("a", needs: ["preflight"])))
        rig.fail("preflight")
        #expect(rig.phase("a") == PartState.Phase.none)
        #expect(rig.state["a"]?.hasStarted == false)
    }

    @Test func `with no way back declared by any started one makes the run failed`() {
        var rig = Rig(.of(stage("a", undo: .none), stage("b", needs: ["a"]), stage("c", needs: ["b"])))
        rig.fail("a")
        #expect(rig.outcome == .failed)
        #expect(rig.exitCode == 5)
    }

    @Test func `is passed over where another declares the way back`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"], undo: .none)))
        rig.play(failing: ["b"])
        #expect(rig.starts == ["a", "b", "undo a"])
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 4)
    }

    @Test func `that only looks brings back what others changed`() {
        var rig = Rig(.of(stage("a"), check("smoke", needs: ["a"])))
        rig.play(failing: ["smoke"])
        #expect(rig.starts == ["a", "smoke", "undo a"])
        #expect(rig.exitCode == 4)
    }

    @Test func `with on-exhausted: pause keeps the place and asks a person`() {
        var rig = Rig(.of(stage("a", onExhausted: .pause), stage("b"), stage("c", needs: ["a"])))
        rig.end("a", AttemptResult(.failed, reason: "exit 1"))
        rig.end("b")
        #expect(rig.last.events.last == .paused(reason: "stage a failed: exit 1"))
        #expect(rig.last.effects == [.stop])
        #expect(rig.exitCode == 6)
        #expect(rig.state.phase == .paused)
    }

    @Test func `with on-exhausted: pause pauses again when it is only resumed`() {
        var rig = Rig(.of(stage("a", onExhausted: .pause)))
        rig.fail("a")
        rig.resume()
        #expect(rig.last.events.last?.type == "paused")
        #expect(rig.last.effects == [.stop])
    }

    @Test func `and ended from outside with nobody left who asked for it counts as failed`() {
        var rig = Rig(.of(stage("a")))
        rig.end("a", .cancelled)
        #expect(rig.running == ["undo a"])
    }

    @Test func `with on-exhausted: pause is not waited with when another failed for good`() {
        var rig = Rig(.of(stage("a", onExhausted: .pause), stage("b")))
        rig.fail("a")
        rig.fail("b")
        #expect(rig.state.rollbackReason == "stage b failed")
        #expect(Set(rig.running) == ["undo a", "undo b"])
    }
}
