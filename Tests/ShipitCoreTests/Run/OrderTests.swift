import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `The order of stages` {
    @Test func `a stage starts when all that it needs has succeeded`() {
        var rig = Rig(.of(stage("a"), stage("b"), stage("c", needs: ["a", "b"])))
        rig.end("a")
        #expect(rig.running == ["b"])
        rig.end("b")
        #expect(rig.running == ["c"])
    }

    @Test func `the end of one stage and the start of the next are one turn`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.end("a")
        #expect(
            rig.last.events == [
                .attemptFinished(AttemptID(stage: "a", number: 1), AttemptResult(.succeeded)),
                .attemptStarted(AttemptID(stage: "b", number: 1)),
            ])
        #expect(rig.last.effects == [.start(AttemptID(stage: "b", number: 1))])
    }

    @Test func `independent stages run at once`() {
        let rig = Rig(.of(stage("a"), stage("b"), stage("c")), jobs: 8)
        #expect(rig.running == ["a", "b", "c"])
    }

    @Test func `no more stages run at once than there are jobs`() {
        var rig = Rig(.of(stage("a"), stage("b"), stage("c")), jobs: 2)
        #expect(rig.running == ["a", "b"])
        rig.end("a")
        #expect(rig.running == ["b", "c"])
    }

    @Test func `of a for-each group no more run at once than its limit`() {
        let members = (1...4).map { stage(StageName("s[\($0)]"), group: "s", groupLimit: 2) }
        var rig = Rig(.of(members + [stage("other")]), jobs: 8)
        #expect(Set(rig.running) == ["s[1]", "s[2]", "other"])
        rig.end("s[2]")
        #expect(Set(rig.running) == ["s[1]", "other", "s[3]"])
    }

    @Test func `a member of a group that waits for another try keeps its place`() {
        let members = (1...2).map {
            stage(
                StageName("s[\($0)]"), retry: RetryPolicy(attempts: 2, delay: .seconds(10)), group: "s", groupLimit: 1)
        }
        var rig = Rig(.of(members), jobs: 8)
        rig.fail("s[1]")
        #expect(rig.running == [])
        rig.wait(.seconds(10))
        #expect(rig.running == ["s[1]"])
        rig.end("s[1]")
        #expect(rig.running == ["s[2]"])
    }

    @Test func `a member of a group whose condition is false gives its place to the next`() {
        let rig = Rig(
            .of(
                stage("s[1]", skipped: true, group: "s", groupLimit: 1), stage("s[2]", group: "s", groupLimit: 1),
                stage("s[3]", group: "s", groupLimit: 1)), jobs: 8)
        #expect(rig.running == ["s[2]"])
    }

    @Test func `a member of a group that a person skips before its turn is passed over`() {
        let members = (1...3).map { stage(StageName("s[\($0)]"), group: "s", groupLimit: 1) }
        var rig = Rig(.of(members), jobs: 8)
        rig.ask(.skip("s[2]"))
        rig.end("s[1]")
        #expect(rig.running == ["s[3]"])
    }

    @Test func `a stage skipped by its condition counts as satisfied`() {
        let rig = Rig(.of(stage("a", skipped: true), stage("b", needs: ["a"])))
        #expect(rig.running == ["b"])
        #expect(rig.phase("a") == PartState.Phase.none)
    }

    @Test func `a run whose stages all succeeded has succeeded`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.play()
        #expect(rig.outcome == .succeeded)
        #expect(rig.exitCode == 0)
        #expect(rig.last.effects.contains(.stop))
    }

    @Test func `a plan without stages succeeds at once`() {
        let rig = Rig(.of())
        #expect(rig.outcome == .succeeded)
    }

    @Test func `outputs are kept for the stages that come later`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.end("a", AttemptResult(.succeeded, outputs: ["path": "x.db"]))
        #expect(rig.state["a"]?.outputs == ["path": "x.db"])
    }

    @Test func `a result of an attempt that is not in flight is passed over`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        rig.turn(.attemptEnded(AttemptID(stage: "a", number: 2), AttemptResult(.succeeded)))
        rig.turn(.attemptEnded(AttemptID(stage: "b", number: 1), AttemptResult(.succeeded)))
        #expect(rig.last.events.isEmpty)
        #expect(rig.running == ["a"])
    }

    @Test func `a second result of the same attempt is passed over`() {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        let attempt = rig.attempt("a")
        rig.end("a")
        rig.turn(.attemptEnded(attempt, AttemptResult(.failed)))
        #expect(rig.last.events.isEmpty)
        #expect(rig.phase("a") == .succeeded)
    }
}
