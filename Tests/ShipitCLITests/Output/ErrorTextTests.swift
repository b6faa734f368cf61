import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct ErrorTextTests {
    private func lock(dead: Bool = false, dirty: Bool = false) -> LockState {
        LockState(
            environment: "production", run: Story.run, epoch: Epoch(3), holder: Story.holder, holderIsDead: dead,
            dirty: dirty)
    }

    @Test func `a state folder that cannot be used is named with its cause`() {
        let failure = ErrorText.failure(StoreError.unusable(path: "/srv/app/.shipit", reason: "read-only file system"))
        #expect(failure.exitCode == 1)
        #expect(
            failure.text == """
                error: the state folder /srv/app/.shipit cannot be used: read-only file system
                  mend that, or name another folder with --state

                """)
    }

    @Test func `an unknown environment is the caller's mistake, and the nearest one is suggested`() {
        let failure = ErrorText.failure(PlanError.unknownEnvironment("prodution", known: ["staging", "production"]))
        #expect(failure.exitCode == 2)
        #expect(
            failure.text == """
                error: the pipeline has no environment "prodution"
                  did you mean "production"? known: staging, production

                """)
    }

    @Test func `whoever has been overtaken says by whom and that it changes nothing`() {
        #expect(
            ErrorText.failure(StoreError.fenced(by: lock())).text == """
                error: another shipit has taken production over (ana, pid 4711 on web1); \
                this one has stopped and changes nothing
                  see what goes on with: shipit status 20260112-0130-7f3k

                """)
    }

    @Test func `a damaged journal is never repaired`() {
        #expect(
            ErrorText.failure(StoreError.damaged(run: Story.run, lastGood: 12, reason: "not JSON")).text == """
                error: the journal of 20260112-0130-7f3k is damaged after event 12: not JSON
                  nothing was repaired or deleted; look at what is whole with: shipit journal 20260112-0130-7f3k

                """)
    }

    @Test func `a held lock is a refusal that says who has it`() {
        let failure = ErrorText.refusal(lock())
        #expect(failure.exitCode == 3)
        #expect(
            failure.text == """
                refused: production belongs to run 20260112-0130-7f3k (ana, pid 4711 on web1)
                  look with: shipit status 20260112-0130-7f3k

                """)
    }

    @Test func `the lock of an interrupted run names the three ways on`() {
        #expect(
            ErrorText.refusal(lock(dead: true)).text == """
                refused: production belongs to run 20260112-0130-7f3k, which was interrupted \
                (ana, pid 4711 on web1, gone)
                  go on with: shipit resume 20260112-0130-7f3k
                  or undo it: shipit rollback 20260112-0130-7f3k
                  or leave it as it is: shipit abandon 20260112-0130-7f3k --why TEXT

                """)
    }

    @Test func `an environment with something not undone is closed`() {
        #expect(
            ErrorText.refusal(lock(dead: true, dirty: true)).text == """
                refused: production is closed: run 20260112-0130-7f3k ended with something not undone
                  see what with: shipit status 20260112-0130-7f3k
                  then: shipit rollback 20260112-0130-7f3k
                  or: shipit abandon 20260112-0130-7f3k --why TEXT

                """)
    }

    @Test func `what came from outside cannot steer the terminal`() {
        let failure = CommandFailure(exitCode: 2, "no tag \"v\u{1B}[2J\"\nsecond line", hint: "did you mean \"v1\"?")
        #expect(
            failure.text == """
                error: no tag "v\\x1b[2J"
                  second line
                  did you mean "v1"?

                """)
        #expect(ErrorText.failure(failure) == failure)
    }

    @Test func `every error of the ports and the planner has a message`() {
        let errors: [any Error] = [
            StoreError.unsafe(path: "/s", reason: "mode 0777"), StoreError.fenced(by: nil),
            StoreError.conflict(run: Story.run, expected: 4, found: 6),
            StoreError.failed("appending to the journal", cause: "disk full"), StoreError.version(found: 3, known: 2),
            ProcessesError.unavailable("no shipit-supervisor"), ProcessesError.fenced(by: Epoch(4)),
        ]
        for error in errors { #expect(ErrorText.failure(error).exitCode == 1) }
        let mistakes: [PlanError] = [
            .unknownVariable("replica", known: ["replicas"]), .unknownVariable("x", known: []),
            .missingVariable("vars.port", environment: "production"), .repeatedItem(stage: "services", item: "web"),
        ]
        for mistake in mistakes { #expect(ErrorText.failure(mistake).exitCode == 2) }
        #expect(
            ErrorText.failure(StoreError.failed("appending to the journal", cause: "disk full")).message
                == "appending to the journal failed: disk full")
    }

    @Test func `diagnostics are counted`() {
        let span = Span(file: "pipelines/web.yaml", line: 1, column: 1)
        let error = Diagnostic(.error, "unknown-key", "unknown key \"stges\"", at: span)
        let warning = Diagnostic(.warning, "no-way-back", "no way back", at: span)
        #expect(DiagnosticsText.summary([]) == "no errors")
        #expect(DiagnosticsText.summary([error, error, warning]) == "2 errors and 1 warning in pipelines/web.yaml")
        #expect(
            DiagnosticsText.text([error], sources: ["pipelines/web.yaml": Array("stges:\n".utf8)]) == """
                error[unknown-key]: unknown key "stges"
                  --> pipelines/web.yaml:1:1
                   |
                 1 | stges:
                   | ^

                1 error in pipelines/web.yaml

                """)
        #expect(
            DiagnosticsText.json([error]).contains(
                "\"file\": \"pipelines/web.yaml\",\n    \"line\": 1,\n    \"column\": 1,"))
    }
}
