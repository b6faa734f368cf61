import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DryRunComparisonTests {
    private func findings(
        commands: [String]? = ["make"], standing: AskedSuite.Standing = .passed, words: String = "5ms"
    ) -> DryRunFindings {
        var state = RunState(plan: Plan.of(stage("a")))
        state.apply(
            .stagePreviewed(StagePreview(stage: "a", parts: [.init(part: "perform", commands: commands)])),
            at: Instant(milliseconds: 0))
        state.apply(
            .suiteAsked(
                AskedSuite(
                    stage: "look", suite: "preflight", decides: true,
                    answers: [.init(check: "Root disk", standing: standing, words: words)])),
            at: Instant(milliseconds: 0))
        return state.dryRun
    }

    private func changes(_ before: DryRunFindings, _ after: DryRunFindings) -> [DryRunComparison.Change] {
        let plan = Plan.of(stage("a"))
        return DryRunComparison(previous: "d1", before: (plan, before), after: (plan, after)).changes
    }

    @Test func `what a check found is others each night, and no difference`() {
        #expect(changes(findings(words: "5ms"), findings(words: "7ms")) == [])
    }

    @Test func `a check that stands otherwise and a command that is another one are told by their places`() {
        #expect(
            changes(findings(), findings(commands: ["make all"], standing: .failed)) == [
                .init(path: "previews.a.perform", before: "make", after: "make all"),
                .init(path: #"checks.look["Root disk"]"#, before: "passed", after: "failed"),
            ])
    }

    @Test func `what is there no more is told, too`() {
        #expect(
            changes(findings(), DryRunFindings()) == [
                .init(path: "previews.a.perform", before: "make", after: nil),
                .init(path: #"checks.look["Root disk"]"#, before: "passed", after: nil),
            ])
    }

    @Test func `fields of the plan come first`() {
        var later = Plan.of(stage("a"))
        later.release.tag = "v9"
        let comparison = DryRunComparison(
            previous: "d1", before: (Plan.of(stage("a")), findings()), after: (later, findings(standing: .warning)))
        #expect(comparison.changes.map(\.path) == ["release.tag", #"checks.look["Root disk"]"#])
    }

    @Test(arguments: [(true, AskedSuite.Standing.failed, true), (true, .warning, false), (false, .failed, false)])
    func `only a check that fails before anything is changed refuses`(
        _ decides: Bool, _ standing: AskedSuite.Standing, _ refuses: Bool
    ) {
        let suite = AskedSuite(
            stage: "look", suite: "preflight", decides: decides,
            answers: [.init(check: "Disk", standing: standing, words: "")])
        #expect(suite.refuses == refuses)
    }
}
