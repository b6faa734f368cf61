import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct NextStepTests {
    private func line(_ story: Story) -> String? { NextStep(story.view)?.line }

    @Test func `a run that goes on by itself, or ended well, asks for nothing`() {
        #expect(line(.running()) == nil)
        #expect(line(.succeeded()) == nil)
        #expect(line(.rolledBack()) == nil)
        #expect(line(.refused()) == nil)
    }

    @Test func `a paused run is resumed with the answer to its question`() {
        #expect(line(.paused()) == "shipit resume 20260112-0130-7f3k --stage migrate=ANSWER")
    }

    @Test func `an interrupted run is resumed`() {
        #expect(line(.interrupted()) == "shipit resume 20260112-0130-7f3k")
    }

    @Test func `while a run stands still, a finally that has not run is named`() {
        var plan = Story.plan()
        plan.stages[0].finally = .script("./ops/maintenance off")
        var story = Story(plan)
        story.begin("backup")
        story.end("backup", .perform, AttemptResult(.interrupted))
        story.tell(.interrupted(reason: "interrupted by the operator"))
        #expect(line(story) == "shipit resume 20260112-0130-7f3k # the finally of backup has not run yet")
    }

    @Test func `a stage that keeps its place after its last attempt is tried again by hand`() {
        var story = Story(Story.plan { $0.onExhausted = .pause })
        story.succeed("backup")
        story.fail("migrate", reason: "no such table")
        story.tell(.paused(reason: "stage migrate failed: no such table"))
        #expect(line(story) == "shipit retry 20260112-0130-7f3k migrate")
    }

    @Test func `an inconclusive monitor is resumed`() {
        var story = Story.running()
        story.tell(.paused(reason: "no verdict on \"api fails 3 times\""))
        #expect(line(story) == "shipit resume 20260112-0130-7f3k")
    }

    @Test func `an undo that failed is tried again`() {
        #expect(line(.undoFailed()) == "shipit rollback 20260112-0130-7f3k")
    }

    @Test func `what no undo can bring back is settled by hand and the run abandoned`() {
        var story = Story(Story.plan { $0.reversible = .no })
        story.succeed("backup")
        story.fail("migrate", reason: "no such table")
        story.tell(.rollbackStarted(reason: "stage migrate failed"))
        story.tell(.runFinished(outcome: .rollbackFailed, reason: "stage migrate failed"))
        #expect(line(story) == "shipit abandon 20260112-0130-7f3k --why \"settled by hand\"")
        story.tell(.operatorActed(OperatorAct(.abandon, by: "ana", why: "settled by hand")))
        #expect(line(story) == nil)
    }

    @Test func `a stage's name that a shell would read otherwise is quoted`() {
        var plan = Story.plan()
        plan.stages[0].name = "services[a b]"
        plan.stages[1].needs = ["services[a b]"]
        var story = Story(plan)
        story.begin("services[a b]")
        story.end("services[a b]", .perform, AttemptResult(.unknown))
        story.tell(.paused(reason: "nobody knows"))
        #expect(line(story) == "shipit resume 20260112-0130-7f3k --stage 'services[a b]'=ANSWER")
    }
}
