import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `The monitor's budget of rollbacks` {
    private static func monitor(_ budget: Int? = nil, inconclusive: Monitor.Inconclusive = .pause) -> Monitor {
        var monitor = Monitor.watching(from: "a", inconclusive: inconclusive, .fails(2))
        monitor.rollbackBudget = budget
        return monitor
    }

    /// A run that began after so many rollbacks, each so many hours ago.
    private func rig(_ hoursAgo: Int64..., monitor: Monitor = Self.monitor(), isRehearsal: Bool = false) -> Rig {
        var rig = Rig(.of(stage("a"), stage("b", needs: ["a"]), monitor: monitor), isRehearsal: isRehearsal)
        let times = hoursAgo.map { Instant(milliseconds: rig.start.milliseconds - $0 * 3_600_000) }
        rig.turn(.recorded(.rollbacksCounted(times)))
        return rig
    }

    @Test func `is three a day unless said otherwise`() {
        for (times, outcome) in [([1, 2], Outcome.rolledBack), ([1, 2, 3], nil), ([1, 2, 24], .rolledBack)] {
            var rig = Rig(.of(stage("a"), monitor: Self.monitor()))
            let instants = times.map { Instant(milliseconds: rig.start.milliseconds - Int64($0) * 3_600_000) }
            rig.turn(.recorded(.rollbacksCounted(instants)))
            rig.end("a")
            rig.samples(2, .error)
            rig.play()
            #expect(rig.outcome == outcome, "\(times)")
        }
    }

    @Test func `spent, lets what runs finish, starts nothing new, and pauses with both reasons`() {
        var rig = rig(1, monitor: Self.monitor(1))
        rig.end("a")
        rig.samples(2, .error)
        #expect(rig.running == ["b"])
        #expect(!rig.last.effects.contains(.end(rig.attempt("b"), because: .cancelled)))
        rig.end("b")
        #expect(rig.state.phase == .paused)
        let reason = rig.state.pausedReason ?? ""
        #expect(
            reason.hasPrefix("breach of api fails 2 times; the monitor has brought back 1 release here within a day"))
        #expect(rig.state.waitsForBudget)
        #expect(rig.exitCode == 6)
    }

    @Test func `spent, leaves the rollback to a person`() {
        var rig = rig(1, monitor: Self.monitor(1))
        rig.end("a")
        rig.samples(2, .error)
        rig.end("b")
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.play()
        #expect(rig.outcome == .rolledBack)
        #expect(rig.exitCode == 0)
    }

    @Test func `spent, and resumed, goes on in spite of the breach and minds the next one`() {
        var rig = rig(1, monitor: Self.monitor(1))
        rig.end("a")
        rig.samples(2, .error)
        rig.end("b")
        rig.resume()
        #expect(rig.state.phase == .monitoring)
        rig.samples(1, Monitoring.good)
        rig.samples(2, .error)
        #expect(rig.state.breaches.count == 2)
        #expect(rig.state.phase == .paused)
        rig.resume()
        rig.samples(20, Monitoring.good)
        #expect(rig.outcome == .succeeded)
    }

    @Test func `spent, and gone on, stands still once more where the rule never clears`() {
        var rig = rig(1, monitor: Self.monitor(1))
        rig.end("a")
        rig.samples(2, .error)
        rig.end("b")
        rig.resume()
        rig.samples(11, .error)
        #expect(rig.state.phase == .monitoring)
        rig.samples(2, .error)
        #expect(rig.state.pausedReason == "the monitor's time is over, and api fails 2 times is still over its limit")
    }

    @Test func `is asked about once, also where the engine dies after the answer`() {
        var rig = rig(1, monitor: Self.monitor(1))
        rig.end("a")
        rig.samples(2, .error)
        #expect(rig.running == ["b"])
        rig.resume()
        rig.end("b")
        #expect(rig.state.phase == .paused)
        rig.resume()
        #expect(rig.state.phase == .monitoring)
        rig.resume()
        #expect(rig.state.phase == .monitoring)
        rig.samples(20, Monitoring.good)
        #expect(rig.outcome == .succeeded)
    }

    @Test func `spent, and gone on after the monitor's time, is decided by what is measured then`() {
        for (kind, isWell) in [(Monitoring.good, true), (.error, false)] {
            var rig = rig(1, monitor: Self.monitor(1))
            rig.end("a")
            rig.samples(2, .error)
            rig.end("b")
            rig.wait(.hours(1))
            for _ in 1...2 {
                rig.resume()
                #expect(rig.state.phase == .monitoring, "\(rig.state.pausedReason ?? "")")
                #expect(rig.state.breaches.count == 1)
            }
            rig.samples(2, kind)
            #expect(rig.outcome == (isWell ? .succeeded : nil))
            #expect(rig.state.phase == (isWell ? .finished : .paused))
            #expect(rig.state.breaches.count == 1)
        }
    }

    @Test func `holds for want of a verdict, too`() {
        var monitor = Self.monitor(1, inconclusive: .rollback)
        monitor.rollbackWhen = [.p95(over: 1)]
        var rig = Rig(.of(stage("a"), monitor: monitor))
        rig.turn(.recorded(.rollbacksCounted([rig.start])))
        rig.end("a")
        rig.samples(60, .error)
        #expect(rig.state.phase == .paused)
        #expect(rig.state.rollbackReason == nil)
    }

    @Test func `is no matter of a failed stage, or of a rehearsal`() {
        var failed = rig(1, monitor: Self.monitor(0))
        failed.play(failing: ["b"])
        #expect(failed.outcome == .rolledBack)
        var rehearsal = rig(1, monitor: Self.monitor(0), isRehearsal: true)
        rehearsal.play()
        #expect(rehearsal.state.hasPassedRehearsal)
    }

    // MARK: What counts

    @Test func `counts what the monitor brought back, and nothing else`() {
        var breach = Rig(.of(stage("a"), monitor: Self.monitor()))
        breach.end("a")
        breach.samples(2, .error)
        let at = breach.now
        breach.play()
        #expect(breach.journal.automaticRollbacks == [at])
        #expect(breach.ask(.rollback) != nil)

        var failed = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        failed.play(failing: ["b"])
        #expect(failed.journal.automaticRollbacks == [])
        var rehearsal = Rig(.of(stage("a")), isRehearsal: true)
        rehearsal.play()
        #expect(rehearsal.journal.automaticRollbacks == [])
        var asked = Rig(.of(stage("a"), stage("b", needs: ["a"])))
        asked.end("a")
        asked.ask(.rollback)
        asked.end("b", .cancelled)
        asked.play()
        #expect(asked.journal.automaticRollbacks == [])
    }
}
