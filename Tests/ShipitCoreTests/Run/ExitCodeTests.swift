import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Exit codes` {
    /// A state whose run ended so.
    static func state(_ outcome: Outcome?, after events: [RunEvent] = []) -> RunState {
        var state = RunState(plan: .of(stage("a")))
        for event in events { state.apply(event, at: Instant(milliseconds: 0)) }
        if let outcome { state.apply(.runFinished(outcome: outcome, reason: nil), at: Instant(milliseconds: 1)) }
        return state
    }

    static let started = RunEvent.attemptStarted(AttemptID(stage: "a", number: 1))
    static let asked = RunEvent.operatorActed(OperatorAct(.rollback, by: "ana"))

    @Test(arguments: [
        (Outcome.succeeded, 0 as Int32), (.superseded, 0), (.refused, 3), (.rolledBack, 4), (.rollbackFailed, 5),
        (.failed, 5),
    ])
    func `go with the outcome`(outcome: Outcome, code: Int32) {
        #expect(ExitCode.of(Self.state(outcome)) == code)
    }

    @Test func `of a complete rollback that was asked for is 0`() {
        #expect(ExitCode.of(Self.state(.rolledBack, after: [Self.asked])) == 0)
    }

    @Test func `of a rollback that was asked for and failed is 5`() {
        #expect(ExitCode.of(Self.state(.rollbackFailed, after: [Self.asked])) == 5)
    }

    @Test func `of a cancelled run with something not undone is 5`() {
        #expect(ExitCode.of(Self.state(.cancelled, after: [Self.started])) == 5)
    }

    @Test func `of a cancelled run of which nothing started is 4`() {
        #expect(ExitCode.of(Self.state(.cancelled)) == 4)
    }

    @Test func `of a run without outcome is 6`() {
        #expect(ExitCode.of(Self.state(nil, after: [Self.started])) == 6)
    }
}
