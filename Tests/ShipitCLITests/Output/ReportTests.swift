import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct ReportTests {
    private func text(_ story: Story, _ lastLines: [String] = []) -> String {
        EndReport.text(story.view, now: story.now, lastLines: lastLines)
    }

    @Test func `a success is two lines with how long it took`() {
        #expect(
            text(.succeeded()) == """
                succeeded: v1.15.2 is live on production, after 10m20s (4 stages, monitored for 10m05s)
                run 20260112-0130-7f3k

                """)
    }

    @Test func `a dry run says that nothing was changed`() {
        var story = Story(dryRun: true)
        story.tell(.runFinished(outcome: .succeeded, reason: nil))
        #expect(
            text(story) == """
                dry run of v1.15.2 to production: nothing was changed
                run 20260112-0130-7f3k

                """)
    }

    @Test func `a failure that was rolled back names stage, attempt and reason, and shows the last words`() {
        #expect(
            text(.rolledBack(), ["\u{1B}[31mGET /health 500\u{1B}[0m", "", "gave up\u{7}"]) == """
                FAILED and rolled back: v1.15.2 to production, after 32s
                  stage smoke failed in attempt 1: exit 1: check "Health": status 500
                  the last lines of smoke:
                    | GET /health 500
                    | gave up\\x07
                  undone:
                    restart
                    migrate
                    backup   nothing to undo
                next: shipit logs 20260112-0130-7f3k smoke

                """)
    }

    @Test func `a reason of several lines stays readable`() {
        var story = Story(Story.plan { $0.retry.attempts = 2 })
        story.succeed("backup")
        story.fail("migrate", attempt: 3, reason: "the script exited with 1\nno such table\u{1B}[2J")
        story.tell(.rollbackStarted(reason: "stage migrate failed"))
        story.succeed("migrate", .undo)
        story.tell(.runFinished(outcome: .rolledBack, reason: "stage migrate failed"))
        #expect(
            text(story).hasPrefix(
                """
                FAILED and rolled back: v1.15.2 to production, after 17s
                  stage migrate failed in attempt 3: the script exited with 1
                    no such table\\x1b[2J
                  undone:

                """))
        #expect(StatusText.text(story.view, now: story.now).contains("the script exited with 1; no such table"))
    }

    @Test func `an undo that failed is listed apart from what is undone`() {
        #expect(
            text(.undoFailed(), ["cp: backups/app.db: no such file"]) == """
                FAILED and NOT all undone: v1.15.2 to production, after 5m31s
                  breach of api.error-rate > 5% for 5m (21%) at 01:35:26
                  the last lines of the undo of migrate:
                    | cp: backups/app.db: no such file
                  undone:
                    restart
                    backup   nothing to undo
                  NOT undone:
                    migrate  its undo failed in attempt 1: exit 1: backup is missing
                next: shipit rollback 20260112-0130-7f3k
                  (tries again what is not undone)

                """)
        #expect(
            FailureReport.culprit(Story.undoFailed().view) == AttemptID(stage: "migrate", part: .undo, number: 1))
    }

    @Test func `what is past its point of no return is not undone, what declares no way back is left as it is`() {
        var plan = Story.plan { $0.reversible = .no }
        plan.stages[2].undo = .none
        var story = Story(plan)
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.fail("smoke", reason: "status 500")
        story.tell(.rollbackStarted(reason: "stage smoke failed: status 500"))
        story.tell(.runFinished(outcome: .rollbackFailed, reason: "stage smoke failed: status 500"))
        #expect(
            text(story) == """
                FAILED and NOT all undone: v1.15.2 to production, after 22s
                  stage smoke failed in attempt 1: exit 1: status 500
                  undone:
                    backup  nothing to undo
                  NOT undone:
                    migrate  past its point of no return
                  left as it is:
                    restart  declares no way back
                next: shipit abandon 20260112-0130-7f3k --why "settled by hand"
                  (once what is left is settled by hand)

                """)
    }

    @Test func `a failure without any way back says that nothing is undone`() {
        var plan = Story.plan { $0.undo = .none }
        plan.stages[0].undo = .none
        plan.stages[2].undo = .none
        var story = Story(plan)
        story.succeed("backup")
        story.begin("migrate", attempt: 3)
        story.end("migrate", .perform, attempt: 3, AttemptResult(.timedOut, reason: "no end after 10m"))
        story.tell(.rollbackStarted(reason: "stage migrate failed"))
        story.tell(.runFinished(outcome: .failed, reason: "stage migrate failed"))
        #expect(
            text(story) == """
                FAILED and NOT undone: v1.15.2 to production, after 12s
                  stage migrate timed out in attempt 3 of 3: no end after 10m
                  NOT undone:
                    migrate  declares no way back
                    backup   declares no way back
                next: shipit abandon 20260112-0130-7f3k --why "settled by hand"
                  (once what is left is settled by hand)

                """)
    }

    @Test func `a finally that failed is listed though all stages succeeded`() {
        var plan = Story.plan()
        plan.stages[0].finally = .script("./ops/maintenance off")
        var story = Story(plan)
        for stage: StageName in ["backup", "migrate", "restart", "smoke"] { story.succeed(stage) }
        story.fail("backup", .finally, reason: "still on")
        story.tell(.runFinished(outcome: .failed, reason: "all stages succeeded, but a finally failed"))
        #expect(
            text(story) == """
                FAILED: v1.15.2 to production, after 26s
                  all stages succeeded, but a finally failed
                  NOT done:
                    backup  its finally failed: exit 1: still on
                next: shipit abandon 20260112-0130-7f3k --why "settled by hand"
                  (once what is left is settled by hand)

                """)
    }

    @Test func `a paused run repeats its question and shows how it is answered`() {
        #expect(
            text(.paused(), ["ALTER TABLE notices"]) == """
                paused: v1.15.2 to production, after 11s
                  nobody knows how migrate ended; say so with --stage migrate=done, failed or rerun
                  the last lines of migrate:
                    | ALTER TABLE notices
                next: shipit resume 20260112-0130-7f3k --stage migrate=ANSWER
                  (ANSWER is done, failed or rerun: only a person can say how it ended)

                """)
    }

    @Test func `an interrupted run says how far it came`() {
        #expect(
            text(.interrupted()) == """
                interrupted: v1.15.2 to production, after 11s
                  interrupted by the operator
                  1 of 4 stages is through
                next: shipit resume 20260112-0130-7f3k

                """)
    }

    @Test func `a refused run says that nothing was changed`() {
        #expect(
            text(.refused()) == """
                refused, and nothing was changed: v1.15.2 to production, after 1.0s
                  stage preflight failed: disk / has 8GB free

                """)
    }

    @Test func `a refusal by a check leads to what the check saw`() {
        var plan = Story.plan()
        plan.stages[0].changes = false
        var story = Story(plan)
        story.begin("backup")
        story.end("backup", .perform, AttemptResult(.failed, reason: "1 of 2 checks failed: Disk: 8GB free"))
        story.tell(.runFinished(outcome: .refused, reason: "stage backup failed: 1 of 2 checks failed: Disk"))
        #expect(
            text(story) == """
                refused, and nothing was changed: v1.15.2 to production, after 6.0s
                  stage backup failed in attempt 1: 1 of 2 checks failed: Disk: 8GB free
                next: shipit logs 20260112-0130-7f3k backup

                """)
    }

    @Test func `a rollback that was asked for is a success`() {
        var story = Story.succeeded()
        story.tell(.operatorActed(OperatorAct(.rollback, by: "ben", why: "wrong prices")))
        story.tell(.rollbackStarted(reason: "asked for by ben: wrong prices"))
        story.succeed("restart", .undo)
        story.succeed("migrate", .undo)
        story.tell(.runFinished(outcome: .rolledBack, reason: "asked for by ben: wrong prices"))
        #expect(
            text(story) == """
                rolled back: v1.15.2 on production; the release before it was v1.15.1
                run 20260112-0130-7f3k

                """)
    }

    @Test func `a cancelled run says who did it and what is undone`() {
        var story = Story()
        story.succeed("backup")
        story.tell(.operatorActed(OperatorAct(.cancel, by: "ben")))
        story.tell(.rollbackStarted(reason: "cancelled by ben"))
        story.tell(.runFinished(outcome: .cancelled, reason: "cancelled by ben"))
        #expect(
            text(story) == """
                cancelled by ben, and undone: v1.15.2 to production, after 8.0s
                  cancelled by ben
                  undone:
                    backup  nothing to undo
                next: shipit journal 20260112-0130-7f3k

                """)
    }
}
