import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct WhyTests {
    private func text(_ story: Story, lock: LockState? = nil, lines: [String] = [], dead: Bool = false) -> String {
        let view = dead ? story.deadView : story.view
        let report = RunReport(
            view, entries: story.entries, journal: .init(events: 0, head: ""), now: story.now + .seconds(90))
        return WhyText.text(Why(report, lock: lock, lastLines: lines))
    }

    @Test func `a run that went back: the stage, its last words, and where to look`() {
        #expect(
            text(Story.rolledBack(), lines: ["GET /health", "\u{1B}[31m500"]) == """
                rolled back: v1.15.2 to production, run 20260112-0130-7f3k, exit code 4
                  stage smoke failed in attempt 1: exit 1: check "Health": status 500
                  the last lines of smoke, attempt 1:
                    | GET /health
                    | 500
                next: shipit logs 20260112-0130-7f3k smoke  (what it printed)
                or:   shipit report 20260112-0130-7f3k  (the whole record)

                """)
    }

    @Test func `a breach: the values beside the rule, and what is not undone`() {
        #expect(
            text(Story.undoFailed()) == """
                rollback failed: v1.15.2 to production, run 20260112-0130-7f3k, exit code 5
                  breach of api.error-rate > 5% for 5m (21%) at 01:35:26
                  what the monitor found (UTC):
                    01:30:26  api.error-rate > 5% for 5m  21%  over its limit
                    01:35:26  api.error-rate > 5% for 5m  21%  BREACHED
                next: shipit rollback 20260112-0130-7f3k  (tries again what is not undone)
                or:   shipit logs 20260112-0130-7f3k migrate  (what it printed)

                """)
    }

    @Test func `a run under way: what runs and what is tried again`() {
        var story = Story.running()
        #expect(text(story).contains("  migrate runs for 1m30s (attempt 1)\nnext: shipit logs 20260112-0130-7f3k -f"))
        let attempt = AttemptID(stage: "migrate", number: 1)
        story.tell(.attemptFinished(attempt, AttemptResult(.failed, exit: .code(75))))
        story.tell(.retryScheduled(attempt, at: story.now + .minutes(5)), after: .zero)
        #expect(text(story).contains("  migrate is tried again at 01:35:12 UTC: exit 75\n"))
    }

    @Test func `a rule that is over its limit while it is being watched`() {
        var story = Story(Story.plan(monitor: Story.monitor))
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.succeed("smoke")
        #expect(text(story).contains("  all stages are through, and it is being watched\n"))
        story.tell(.ruleFired(rule: "api.p95 > 200ms", observed: 0.213))
        #expect(text(story).contains("  over its limit: api.p95 > 200ms (213ms)\n"))
    }

    @Test func `a run that stands still: the question, and what else may be decided`() {
        let paused = text(Story.paused())
        #expect(paused.hasPrefix("paused: v1.15.2 to production, run 20260112-0130-7f3k\n  \(Story.question)\n"))
        #expect(paused.contains("next: shipit resume 20260112-0130-7f3k --stage migrate=ANSWER"))
        #expect(paused.contains("or:   shipit rollback 20260112-0130-7f3k"))
        let dead = text(Story.running(), dead: true)
        #expect(dead.contains("  the process that drove the run is gone\n  1 of 4 stages is through\n"))
        #expect(dead.contains("next: shipit resume 20260112-0130-7f3k\n"))
    }

    @Test func `a process that is stopped is woken, or its lock taken away`() {
        let lock = LockState(
            environment: "production", run: Story.run, epoch: Epoch(3), holder: Story.holder, holderIsDead: false,
            dirty: false, life: .stopped)
        let words = text(Story.running(), lock: lock)
        #expect(words.contains("  the process that drives it is stopped: ana, pid 4711 on web1\n"))
        #expect(words.contains("next: kill -CONT 4711  (wakes it)\nor:   shipit unlock production --run 2026"))
    }

    @Test func `a run that succeeded has nothing in its way`() {
        #expect(
            text(Story.succeeded()) == """
                succeeded: v1.15.2 to production, run 20260112-0130-7f3k, exit code 0
                  nothing stands in its way: it succeeded

                """)
    }

    @Test func `a run that waits for people: who has not signed, and both answers`() {
        var plan = Story.plan()
        plan.approvals = ApprovalPolicy(roles: [ApprovalRole(name: "devops", people: [Person(name: "ben")])])
        let words = text(Story(waiting: plan))
        #expect(words.contains("  devops has not signed: ben\n"))
        #expect(words.contains("next: shipit approve 20260112-0130-7f3k devops --as ben"))
        #expect(words.contains("or:   shipit reject 20260112-0130-7f3k devops --why TEXT  (ends it unbegun)"))
    }
}
