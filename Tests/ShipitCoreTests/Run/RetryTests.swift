import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Retry` {
    static func rig(_ retry: RetryPolicy, deadline: TimeSpan? = nil) -> Rig {
        Rig(.of(stage("a", retry: retry, deadline: deadline)))
    }

    @Test func `a budget is a total, the first try included`() {
        var rig = Self.rig(RetryPolicy(attempts: 3))
        rig.play(failing: ["a"])
        #expect(rig.starts == ["a", "a", "a", "undo a"])
    }

    @Test func `one attempt is the default`() {
        var rig = Self.rig(RetryPolicy())
        rig.play(failing: ["a"])
        #expect(rig.starts == ["a", "undo a"])
    }

    @Test func `the next attempt is recorded with its time and starts then`() {
        var rig = Self.rig(RetryPolicy(attempts: 2, delay: .seconds(5)))
        let failed = rig.now
        rig.fail("a")
        #expect(rig.last.events.last == .retryScheduled(AttemptID(stage: "a", number: 2), at: failed + .seconds(5)))
        #expect(rig.wake == failed + .seconds(5))
        rig.wait(.milliseconds(4999))
        #expect(rig.running == [])
        rig.wait(.milliseconds(1))
        #expect(rig.running == ["a"])
    }

    @Test func `backoff multiplies each delay`() {
        let retry = RetryPolicy(attempts: 5, delay: .seconds(5), backoff: 2)
        #expect((2...5).map { retry.delay(before: $0, seed: "x").milliseconds } == [5000, 10_000, 20_000, 40_000])
    }

    @Test func `max-delay bounds a delay, its jitter included`() {
        let retry = RetryPolicy(attempts: 9, delay: .seconds(5), backoff: 10, maxDelay: .minutes(1), jitter: 0.5)
        for number in 4...9 { #expect(retry.delay(before: number, seed: "x") <= .minutes(1)) }
    }

    @Test func `a backoff without bounds ends at thirty days`() {
        let retry = RetryPolicy(attempts: 99, delay: .seconds(5), backoff: .infinity)
        #expect(retry.delay(before: 99, seed: "x") == .hours(720))
    }

    @Test func `jitter stays in its share of the delay`() {
        let retry = RetryPolicy(attempts: 99, delay: .seconds(10), jitter: 0.2)
        let delays = (2...99).map { retry.delay(before: $0, seed: "run/stage") }
        #expect(delays.allSatisfy { $0 >= .seconds(8) && $0 <= .seconds(12) })
        #expect(Set(delays).count > 50)
    }

    @Test func `jitter is the same at every replay`() {
        let retry = RetryPolicy(attempts: 9, delay: .seconds(10), jitter: 0.2)
        #expect(retry.delay(before: 3, seed: "run/a") == retry.delay(before: 3, seed: "run/a"))
        #expect(retry.delay(before: 3, seed: "run/a") != retry.delay(before: 3, seed: "run/b"))
    }

    @Test func `a cause outside on: is not tried again`() {
        var rig = Self.rig(RetryPolicy(attempts: 3, on: [.timeout, .exit(75)]))
        rig.end("a", .failed, exit: .code(1))
        #expect(rig.running == ["undo a"])
    }

    @Test(arguments: [(Verdict.timedOut, nil), (.failed, ShipitCore.ExitStatus.code(75))])
    func `a cause among on: is tried again`(verdict: Verdict, exit: ShipitCore.ExitStatus?) {
        var rig = Self.rig(RetryPolicy(attempts: 3, on: [.timeout, .exit(75)]))
        rig.end("a", verdict, exit: exit)
        #expect(rig.last.events.last?.type == "retryScheduled")
    }

    @Test func `a failure that another try cannot help is not tried again`() {
        var rig = Self.rig(RetryPolicy(attempts: 3))
        rig.end("a", AttemptResult(.failed, retryable: false))
        #expect(rig.running == ["undo a"])
    }

    @Test func `no attempt begins past the deadline of all together`() {
        var rig = Self.rig(RetryPolicy(attempts: 10, delay: .seconds(30)), deadline: .seconds(60))
        rig.play(failing: ["a"])
        #expect(rig.starts.filter { $0 == "a" }.count == 2)
    }

    @Test func `an attempt's time ends with its timeout or with the deadline, whichever is first`() {
        var planned = stage("a", retry: RetryPolicy(attempts: 2, delay: .seconds(10)), deadline: .seconds(60))
        planned.timeout = .seconds(55)
        var rig = Rig(.of(planned))
        #expect(rig.state.deadline(of: rig.attempt("a")) == rig.start + .seconds(55))
        rig.fail("a")
        rig.wait(.seconds(10))
        #expect(rig.state.deadline(of: rig.attempt("a")) == rig.start + .seconds(60))
    }

    @Test func `a crash resets neither the budget nor the backoff`() {
        var rig = Self.rig(RetryPolicy(attempts: 2, delay: .seconds(10)))
        let due = rig.now + .seconds(10)
        rig.fail("a")
        rig.wait(.seconds(3))
        rig.resume()
        #expect(rig.wake == due)
        rig.wait(until: due)
        rig.fail("a")
        #expect(rig.starts == ["a", "a", "undo a"])
    }

    @Test func `an undo has its stage's retry`() {
        var rig = Self.rig(RetryPolicy(attempts: 2))
        rig.play(failing: ["a", "undo a"])
        #expect(rig.starts == ["a", "a", "undo a", "undo a"])
        #expect(rig.outcome == .rollbackFailed)
    }

    @Test func `the time in which nobody drove the run is no part of its deadline`() {
        var rig = Self.rig(RetryPolicy(attempts: 3, delay: .seconds(10)), deadline: .minutes(1))
        rig.turn(.interrupted)
        rig.fail("a")
        rig.wait(.hours(24))
        rig.resume()
        #expect(rig.last.events.contains { $0.type == "retryScheduled" })
        rig.turn(.tick)
        #expect(rig.running == ["a"])
        #expect(rig.state.deadline(of: rig.attempt("a")) == rig.now + .minutes(1))
    }

    @Test func `a deadline that was spent is spent for the engine that resumes, too`() {
        var rig = Rig(
            .of(
                stage(
                    "a", retry: RetryPolicy(attempts: 3, delay: .seconds(30)), deadline: .minutes(1),
                    onExhausted: .pause)))
        rig.wait(.seconds(50))
        rig.fail("a")
        #expect(rig.state.phase == .paused)
        rig.wait(.hours(1))
        rig.resume()
        #expect(rig.state.phase == .paused)
        #expect(rig.starts == ["a"])
    }

    @Test func `a crash before the next attempt was scheduled delays it by nothing`() {
        var rig = Self.rig(RetryPolicy(attempts: 2, delay: .seconds(10)))
        let due = rig.now + .seconds(10)
        rig.fail("a")
        rig.takeOver(rig.journal.dropLast(), after: .seconds(3))
        #expect(rig.last.events.last == .retryScheduled(AttemptID(stage: "a", number: 2), at: due))
    }
}
