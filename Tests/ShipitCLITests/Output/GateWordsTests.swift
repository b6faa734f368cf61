import ShipitCore
import Testing

@testable import ShipitCLI

/// What a person sees of a run that must be signed.
@Suite(.timeLimit(.minutes(3)))
struct GateWordsTests {
    static let ben = Person(name: "ben", sshKey: "ssh-ed25519 AAAA")
    static let cat = Person(name: "cat")
    static let policy = ApprovalPolicy(
        roles: [
            ApprovalRole(name: "technical", people: [Person(name: "ana", osUser: "ana"), cat, ben], quorum: 2),
            ApprovalRole(name: "devops", people: [ben]),
        ], expires: .hours(4))

    private func waiting(_ events: RunEvent...) -> RunView {
        var plan = Story.plan()
        plan.approvals = Self.policy
        var state = RunState(plan: plan)
        let created = RunCreated(
            run: Story.run, pipeline: plan.pipeline, environment: plan.environment, release: plan.release,
            planDigest: "sha256:0", startedBy: "ana")
        state.apply(.runCreated(created), at: Story.start)
        for event in events { state.apply(event, at: Story.start) }
        return RunView(created: created, startedAt: Story.start, state: state)
    }

    private func signed(_ person: Person, _ role: String, _ proof: SignOff.Proof) -> RunEvent {
        .approvalGiven(SignOff(role: role, person: person.name, by: "zoe", proof: proof, planDigest: "sha256:0"))
    }

    @Test func `the plan says each gate, whether it would be passed, and what mends it`() {
        var plan = Story.plan()
        plan.approvals = Self.policy
        let policy = PromotionPolicy(from: "staging", within: .hours(24 * 7))
        func finding(_ verdict: PromotionVerdict) -> GateFinding {
            .promotion(policy, of: plan.release, to: "production", verdict, now: Story.start + .hours(200))
        }
        let facts = PlanFacts(
            plan: plan, digest: "sha256:0",
            gates: [
                finding(.neverDeployed), finding(.tooLongAgo("r1", finishedAt: Story.start)),
                finding(.notASuccess("r2", .rolledBack)), finding(.passed("r3", finishedAt: Story.start)),
            ])
        #expect(
            GateWords.plan(facts) == """
                gates:
                  promote:staging     would be refused: v1.15.2 (1a2b3c4d5e6f) has not been deployed to staging
                                        deploy it there first: shipit deploy v1.15.2 --env staging
                  promote:staging     would be refused: v1.15.2 (1a2b3c4d5e6f) succeeded in staging 8d08h ago (run r1), \
                and production takes it within 7d
                                        deploy it there once more: shipit deploy v1.15.2 --env staging --again
                  promote:staging     would be refused: the last run of v1.15.2 (1a2b3c4d5e6f) in staging, r2, ended as rolled back
                                        deploy it there once more: shipit deploy v1.15.2 --env staging
                  promote:staging     passes: it succeeded in staging 8d08h ago (run r3)
                  approval:technical  to be signed by 2 of ana, cat, ben, within 4h, not by who starts the run
                  approval:devops     to be signed by ben, within 4h, not by who starts the run

                """)
        #expect(GateWords.plan(PlanFacts(plan: Story.plan(), digest: "")) == "gates: none\n")
    }

    @Test func `a run that waits says who must sign with which command`() {
        #expect(
            EndReport.text(waiting(), now: Story.start) == """
                waiting for people: v1.15.2 to production, run 20260112-0130-7f3k
                  technical  2 of ana, cat, ben  shipit approve 20260112-0130-7f3k technical
                  devops     ben                 shipit approve 20260112-0130-7f3k devops --as ben --sign KEY
                  (to be signed, and begun, before 2026-01-12 05:30:05 UTC)
                then: shipit resume 20260112-0130-7f3k

                """)
    }

    @Test func `status shows who has signed, how that is known, and who is missing`() {
        let view = waiting(
            signed(Self.cat, "technical", .claimed), signed(Self.ben, "devops", .sshKey),
            .gatePassed(role: "devops", stage: nil))
        #expect(
            GateWords.status(view, now: Story.start) == """
                APPROVAL   STATE
                technical  waiting  signed by cat (claimed by zoe); needs one of ana, ben
                devops     passed   signed by ben (by key)
                to be signed, and begun, before 2026-01-12 05:30:05 UTC


                """)
        #expect(NextStep(view)?.command == "shipit approve 20260112-0130-7f3k technical")
        #expect(
            GateWords.status(view, now: Story.start + .hours(5)).contains(
                "the time to sign ended at 2026-01-12 05:30:05 UTC: deploy anew"))
    }

    @Test func `a run that everybody has signed is begun by resume`() {
        let view = waiting(.gatePassed(role: "technical", stage: nil), .gatePassed(role: "devops", stage: nil))
        #expect(NextStep(view)?.command == "shipit resume 20260112-0130-7f3k")
        #expect(
            EndReport.text(view, now: Story.start).hasPrefix(
                "waiting for its start: v1.15.2 to production, run 20260112-0130-7f3k\n"))
    }

    @Test func `the gates of status as JSON are waiting, passed or refused`() {
        let no = SignOff(role: "devops", person: "ben", by: "zoe", proof: .sshKey, planDigest: "sha256:0")
        let text = StatusJSON.text(
            waiting(signed(Self.cat, "technical", .claimed), .approvalRejected(no, why: "no backup")))
        #expect(text.contains(#""name": "approval:technical""#))
        #expect(text.contains(#""state": "refused""#))
        #expect(text.contains(#""reason": "rejected by ben for devops: no backup""#))
    }
}
