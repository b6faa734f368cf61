import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct JournalTests {
    @Test func `the journal is a line an event`() {
        #expect(
            JournalText.text(Story.paused().entries) == """
                2026-01-12T01:30:05.000Z    1  run      20260112-0130-7f3k: deploy of v1.15.2 to production by ana
                2026-01-12T01:30:05.000Z    2  lock     taken by ana, pid 4711 on web1, epoch 3
                2026-01-12T01:30:06.000Z    3  backup   started (attempt 1)
                2026-01-12T01:30:10.000Z    4  backup   succeeded
                2026-01-12T01:30:11.000Z    5  migrate  started (attempt 1)
                2026-01-12T01:30:15.000Z    6  migrate  unknown (attempt 1): its supervisor is gone
                2026-01-12T01:30:16.000Z    7  run      paused: \(Story.question)

                """)
        #expect(JournalText.text([]) == "no events\n")
    }

    @Test func `an event as a JSON line is flat and begins with sequence, at and type`() {
        let entries = Array(Story.undoFailed().entries.suffix(3))
        #expect(
            JournalJSON.lines(entries) == """
                {"sequence":17,"at":"2026-01-12T01:35:32.000Z","type":"undoStarted","attempt":1,"stage":"migrate"}
                {"sequence":18,"at":"2026-01-12T01:35:36.000Z","type":"undoFinished","attempt":1,"exitCode":1,\
                "reason":"backup is missing","stage":"migrate","verdict":"failed"}
                {"sequence":19,"at":"2026-01-12T01:35:36.000Z","type":"runFinished","outcome":"rollback-failed",\
                "reason":"breach of api.error-rate > 5% for 5m"}

                """)
    }

    @Test func `an event in JSON is read back as the event`() throws {
        for entry in Story.undoFailed().entries + Story.paused().entries {
            let line = Data(JournalJSON.value(entry).compact.utf8)
            #expect(try JSONDecoder().decode(RunEvent.self, from: line) == entry.event)
        }
        let array = try JSONDecoder().decode(
            JSONValue.self, from: Data(JournalJSON.array(Story.paused().entries).utf8))
        guard case .array(let values) = array else { Issue.record("no array"); return }
        #expect(values.count == 7)
    }

    private func cause(_ exit: ShipitCore.ExitStatus?, _ reason: String?) -> String? {
        EventWords.cause(AttemptResult(.failed, exit: exit, reason: reason))
    }

    @Test func `the exit status and the reason are each said once`() {
        #expect(cause(.code(1), nil) == "exit 1")
        #expect(cause(nil, nil) == nil)
        #expect(cause(.code(1), "no such table") == "exit 1: no such table")
        #expect(cause(.code(1), "the script exited with 1") == "the script exited with 1")
        #expect(cause(.signal(9), "the script was ended by signal 9") == "the script was ended by signal 9")
        #expect(cause(.code(0), "verified: done") == "verified: done")
    }

    @Test(arguments: [
        (RunEvent.stageSkipped("smoke", reason: "its condition is false"), "smoke", "skipped: its condition is false"),
        (
            .retryScheduled(AttemptID(stage: "migrate", number: 2), at: Story.start), "migrate",
            "tried again at 01:30:05 (attempt 2)"
        ),
        (
            .stepFinished(AttemptID(stage: "restart", number: 1), step: "replica-3", result: "{}"), "restart",
            "step replica-3 done"
        ),
        (
            .ruleCleared(rule: "api.p95 > 200ms", observed: 0.1), "monitor",
            "no longer over: api.p95 > 200ms (now 100ms)"
        ),
        (
            .operatorActed(OperatorAct(.answer("migrate", .done), by: "ben", why: "seen it")), "operator",
            "ben answers for migrate: done: seen it"
        ),
        (
            .attemptFinished(
                AttemptID(stage: "x", part: .finally, number: 2),
                AttemptResult(.failed, exit: .signal(9), reason: "killed\u{1B}[2J")), "x",
            "finally failed (attempt 2): signal 9: killed\\x1b[2J"
        ),
        (.resumed(epoch: Epoch(4), holder: Story.holder), "run", "taken up again by ana, pid 4711 on web1, epoch 4"),
        (.runFinished(outcome: .rolledBack, reason: nil), "run", "rolled back"),
    ])
    func `events are told in words`(event: RunEvent, subject: String, words: String) {
        let told = EventWords(event)
        #expect(told.subject == subject)
        #expect(told.words == words)
    }
}
