import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct StatusTextTests {
    private func text(_ story: Story) -> String { StatusText.text(story.view, now: story.now) }

    @Test func `a running run shows its stages and no command, since none is needed`() {
        #expect(
            text(.running()) == """
                run      20260112-0130-7f3k
                release  v1.15.2, commit 1a2b3c4d5e6f
                to       production, pipeline deploy
                state    running, 6s since its start
                started  2026-01-12 01:30:05 UTC by ana

                STAGE    STATE      ATTEMPTS  TOOK
                backup   succeeded  1         4.0s
                migrate  running    1         0s
                restart  pending    -         -
                smoke    pending    -         -

                """)
    }

    @Test func `a run that was rolled back says why, what was undone and its exit code`() {
        #expect(
            text(.rolledBack()) == """
                run        20260112-0130-7f3k
                release    v1.15.2, commit 1a2b3c4d5e6f
                to         production, pipeline deploy
                state      rolled back after 32s
                why        stage smoke failed: check "Health": status 500
                started    2026-01-12 01:30:05 UTC by ana
                exit code  4

                STAGE    STATE      ATTEMPTS  TOOK
                backup   succeeded  1         4.0s
                migrate  succeeded  1         4.0s
                restart  succeeded  1         4.0s
                smoke    failed     1         4.0s  exit 1: check "Health": status 500

                UNDO OF  STATE      ATTEMPTS
                smoke    none       -         changes nothing
                restart  succeeded  1
                migrate  succeeded  1
                backup   succeeded  -         nothing to undo

                """)
    }

    @Test func `a run with an undo that failed shows the breach and the command that tries again`() {
        #expect(
            text(.undoFailed()).hasSuffix(
                """
                UNDO OF  STATE      ATTEMPTS
                smoke    none       -         changes nothing
                restart  succeeded  1
                migrate  failed     1         exit 1: backup is missing
                backup   succeeded  -         nothing to undo

                breach at 01:35:26: api.error-rate > 5% for 5m (21%)

                next: shipit rollback 20260112-0130-7f3k
                  (tries again what is not undone)

                """))
    }

    @Test func `a paused run asks its question and shows how it is answered`() {
        #expect(
            text(.paused()) == """
                run      20260112-0130-7f3k
                release  v1.15.2, commit 1a2b3c4d5e6f
                to       production, pipeline deploy
                state    paused
                why      nobody knows how migrate ended; say so with --stage migrate=done, failed or rerun
                started  2026-01-12 01:30:05 UTC by ana

                STAGE    STATE      ATTEMPTS  TOOK
                backup   succeeded  1         4.0s
                migrate  unknown    1         4.0s  its supervisor is gone
                restart  pending    -         -
                smoke    pending    -         -

                next: shipit resume 20260112-0130-7f3k --stage migrate=ANSWER
                  (ANSWER is done, failed or rerun: only a person can say how it ended)

                """)
    }

    @Test func `a run whose holder is dead is shown as interrupted, and what ran as unknown`() {
        let story = Story.running()
        #expect(
            StatusText.text(story.deadView, now: story.now) == """
                run      20260112-0130-7f3k
                release  v1.15.2, commit 1a2b3c4d5e6f
                to       production, pipeline deploy
                state    interrupted
                why      the process that drove the run is gone
                started  2026-01-12 01:30:05 UTC by ana

                STAGE    STATE      ATTEMPTS  TOOK
                backup   succeeded  1         4.0s
                migrate  unknown    1         -     was running; resume finds out how it ended
                restart  pending    -         -
                smoke    pending    -         -

                next: shipit resume 20260112-0130-7f3k

                """)
    }

    @Test func `a refused run started nothing`() {
        #expect(
            text(.refused()).hasSuffix(
                """
                exit code  3

                STAGE    STATE    ATTEMPTS  TOOK
                backup   skipped  -         -
                migrate  skipped  -         -
                restart  skipped  -         -
                smoke    skipped  -         -

                """))
    }

    @Test func `a stage that waits for another try says when`() {
        var story = Story.running()
        story.end("migrate", .perform, AttemptResult(.timedOut))
        story.tell(
            .retryScheduled(AttemptID(stage: "migrate", number: 2), at: story.now + .seconds(5)), after: .zero)
        #expect(text(story).contains("migrate  waiting    1         4.0s  tried again at 01:30:20\n"))
    }

    @Test func `runs are listed with how they stand`() {
        let interrupted = Story.running().record
        let records = [Story.rolledBack().record, Story.paused().record, interrupted]
        #expect(
            RunsText.text(Array(records.dropLast()), now: Story.start) == """
                RUN                 RELEASE  ENVIRONMENT  STATE        STARTED (UTC)        TOOK  BY
                20260112-0130-7f3k  v1.15.2  production   rolled back  2026-01-12 01:30:05  32s   ana
                20260112-0130-7f3k  v1.15.2  production   paused       2026-01-12 01:30:05  -     ana

                """)
        #expect(
            RunsText.text([interrupted], dead: [Story.run], now: Story.start) == """
                RUN                 RELEASE  ENVIRONMENT  STATE        STARTED (UTC)        TOOK  BY
                20260112-0130-7f3k  v1.15.2  production   interrupted  2026-01-12 01:30:05  -     ana

                """)
        #expect(
            RunsText.text([interrupted], now: Story.start + .seconds(65)) == """
                RUN                 RELEASE  ENVIRONMENT  STATE    STARTED (UTC)        TOOK   BY
                20260112-0130-7f3k  v1.15.2  production   running  2026-01-12 01:30:05  1m05s  ana

                """)
    }

    @Test func `where there are no runs, the list says how to begin one`() {
        #expect(RunsText.text([], now: Story.start) == "no runs yet; begin one with: shipit deploy TAG\n")
    }
}
