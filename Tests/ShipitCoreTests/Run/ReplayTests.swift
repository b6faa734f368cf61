import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `From every prefix of a journal` {
    static let plans: [(name: String, plan: Plan, failing: Set<String>)] = [
        ("linear", .of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])), []),
        (
            "diamond",
            .of(
                stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["a"]),
                stage("d", needs: ["b", "c"], finally: true)
            ), []
        ),
        (
            "retry", .of(stage("a", retry: RetryPolicy(attempts: 3, delay: .seconds(5), jitter: 0.2)), stage("b")),
            ["a"]
        ),
        (
            "rollback",
            .of(
                stage("a", finally: true), stage("b", needs: ["a"], undo: .nothing), stage("c", needs: ["b"]),
                stage("d", needs: ["c"])), ["d"]
        ),
        ("rollback that fails", .of(stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])), ["c", "undo b"]),
        ("refused", .of(check("preflight", finally: true), stage("a", needs: ["preflight"])), ["preflight"]),
        (
            "point of no return", .of(stage("a"), stage("b", needs: ["a"], reversible: .no), check("c", needs: ["b"])),
            ["c"]
        ),
        ("condition", .of(stage("a", skipped: true), stage("b", needs: ["a"]), stage("c", skipped: true)), []),
    ]

    @Test(arguments: plans.indices)
    func `the run ends as the whole one did`(number: Int) {
        let (name, plan, failing) = Self.plans[number]
        var whole = Rig(plan)
        whole.play(failing: failing)
        #expect(whole.outcome != nil)
        for length in 1..<whole.journal.count {
            var rig = Rig(plan)
            rig.takeOver(whole.journal.prefix(length))
            rig.play(failing: failing)
            #expect(rig.outcome == whole.outcome, "\(name), after \(length) events")
            #expect(rig.exitCode == whole.exitCode, "\(name), after \(length) events")
            #expect(rig.starts.sorted() == whole.starts.sorted(), "\(name), after \(length) events")
            #expect(
                rig.state.stages.map(\.phases) == whole.state.stages.map(\.phases), "\(name), after \(length) events")
        }
    }

    @Test(arguments: plans.indices)
    func `folding gives the state that the machine has`(number: Int) {
        let (_, plan, failing) = Self.plans[number]
        var rig = Rig(plan)
        rig.play(failing: failing)
        let folded = rig.folded(rig.journal)
        #expect(folded.stages == rig.state.stages)
        #expect(folded.outcome == rig.outcome)
        #expect(folded.phase == rig.state.phase)
    }
}

extension StageState {
    fileprivate var phases: [PartState.Phase] { [perform.phase, undo.phase, finally.phase] }
}
