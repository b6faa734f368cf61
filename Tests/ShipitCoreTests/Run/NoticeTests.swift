import ShipitCore
import Testing

/// Who is told of which event, and that telling changes nothing.
@Suite(.timeLimit(.minutes(1)))
struct NoticeTests {
    static let post = ActionCall(action: "chat/post")

    private func plan(_ entries: [[Moment]], stages: [PlannedStage] = [stage("a")]) -> Plan {
        var plan = Plan.of(stages)
        plan.notify = entries.map { NotifyEntry(on: $0, Self.post) }
        return plan
    }

    private static let lock = RunEvent.lockTaken(
        epoch: Epoch(1), holder: Holder(host: "h", pid: 1, startTime: 1, bootID: "b", user: "ana"))

    @Test(arguments: [
        (lock, Moment.started), (.gateWaiting(role: "devops"), .waiting),
        (.holdStarted("a", roles: ["devops"], until: Instant(milliseconds: 0)), .waiting),
        (.paused(reason: "p"), .paused), (.interrupted(reason: "i"), .interrupted),
        (.rollbackStarted(reason: "r"), .rollingBack), (.runFinished(outcome: .succeeded, reason: nil), .succeeded),
        (.runFinished(outcome: .rolledBack, reason: nil), .rolledBack),
        (.runFinished(outcome: .rollbackFailed, reason: nil), .rollbackFailed),
        (.runFinished(outcome: .failed, reason: nil), .failed),
        (.runFinished(outcome: .refused, reason: nil), .refused),
        (.runFinished(outcome: .cancelled, reason: nil), .cancelled),
        (.runFinished(outcome: .superseded, reason: nil), .superseded),
    ])
    func `each moment is told by the event that brings it, to those who name it`(_ event: RunEvent, _ moment: Moment) {
        let others = Moment.allCases.filter { $0 != moment }
        let plan = plan([others, [moment], [.started, moment]])
        #expect(
            plan.notices(of: [.monitoringStarted, event], after: 6) == [
                Notice(.entry(2), moment, sequence: 8), Notice(.entry(3), moment, sequence: 8),
            ])
    }

    @Test func `a stage that waits for time, and what is nobody's business, is told to nobody`() {
        let events: [RunEvent] = [
            .holdStarted("a", roles: [], until: Instant(milliseconds: 0)), .holdEnded("a", refusal: nil),
            .monitoringStarted, .breached(Breach(rule: "x", observed: nil)), .gatePassed(role: "devops", stage: nil),
        ]
        #expect(plan([Moment.allCases]).notices(of: events, after: 0).isEmpty)
        #expect(Plan.of([stage("a")]).notices(of: [Self.lock], after: 0).isEmpty)
    }

    @Test func `several roles that must sign are one wait`() {
        let events: [RunEvent] = [.gateWaiting(role: "devops"), .gateWaiting(role: "business")]
        #expect(plan([[.waiting]]).notices(of: events, after: 1) == [Notice(.entry(1), .waiting, sequence: 2)])
    }

    @Test func `of a dry-run only what went wrong is told by itself`() {
        let plan = plan([Moment.allCases])
        let well: [RunEvent] = [Self.lock, .runFinished(outcome: .succeeded, reason: nil)]
        #expect(plan.notices(of: well, after: 0, dryRun: true).isEmpty)
        let badly: [RunEvent] = [.runFinished(outcome: .refused, reason: nil)]
        #expect(plan.notices(of: badly, after: 4, dryRun: true).map(\.moment) == [.refused])
        #expect(plan.notices(of: .changed, at: 5) == [Notice(.entry(1), .changed, sequence: 5)])
    }

    @Test func `a stage that notifies tells once, when it is reached, and the run goes on in the same turn`() throws {
        var telling = stage("tell", needs: ["a"], undo: .none, changes: false)
        telling.hold = .notify(Self.post)
        let plan = plan([], stages: [stage("a"), telling, stage("b", needs: ["tell"])])
        var rig = Rig(plan)
        #expect(rig.journal.flatMap { plan.notices(of: [$0.event], after: $0.sequence - 1) }.isEmpty)
        rig.end("a")
        #expect(rig.running == ["b"])
        let notices = rig.journal.flatMap { plan.notices(of: [$0.event], after: $0.sequence - 1) }
        let notice = try #require(notices.first)
        #expect(notices.count == 1)
        #expect((notice.source, notice.moment) == (.stage("tell"), .reached))
        #expect(plan.call(of: notice) == Self.post)
        rig.end("b")
        #expect(rig.outcome == .succeeded)
    }

    @Test func `who is told changes nothing of what is decided`() {
        func journal(_ plan: Plan) -> [RunEvent] {
            var rig = Rig(plan)
            rig.end("a")
            rig.end("b", .failed)
            rig.end("undo b")
            rig.end("undo a")
            return rig.journal.map(\.event)
        }
        let stages = [stage("a"), stage("b", needs: ["a"])]
        let quiet = journal(Plan.of(stages))
        #expect(quiet.contains { if case .runFinished = $0 { true } else { false } })
        #expect(journal(plan([Moment.allCases], stages: stages)) == quiet)
    }

    @Test func `the moments of an entry are kept once each, whatever their order`() {
        let entry = NotifyEntry(on: [.failed, .started, .failed], Self.post)
        #expect(entry.moments == [.started, .failed])
    }
}
