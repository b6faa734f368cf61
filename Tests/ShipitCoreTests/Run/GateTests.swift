import ShipitCore
import Testing

/// A run that people must sign.
@Suite(.timeLimit(.minutes(3)))
struct `A run that people sign` {
    static let ana = Person(name: "ana", osUser: "ana")
    static let ben = Person(name: "ben", sshKey: "ssh-ed25519 AAAA")
    static let cat = Person(name: "cat")
    static let dan = Person(name: "dan")

    /// Announced: started by `ana`, whose plan is `sha256:0`.
    static func rig(
        _ roles: ApprovalRole..., allowSelf: Bool = false, stages: [PlannedStage] = [stage("a")]
    ) -> Rig {
        var plan = Plan.of(stages)
        plan.approvals = ApprovalPolicy(roles: roles, allowSelf: allowSelf, expires: .hours(4))
        return Rig(plan)
    }

    static let technical = ApprovalRole(name: "technical", people: [ben, cat, dan])
    static let devops = ApprovalRole(name: "devops", people: [ben])

    static func word(
        _ person: Person, for role: String = "technical", by user: String? = nil, digest: String = "sha256:0"
    ) -> SignOff {
        let proof: SignOff.Proof = person.sshKey != nil ? .sshKey : person.osUser != nil ? .osUser : .claimed
        return SignOff(
            role: role, person: person.name, by: user ?? person.osUser ?? person.name, proof: proof, planDigest: digest)
    }

    static func lock() -> Happening {
        let holder = Holder(host: "host", pid: 2, startTime: 2, bootID: "boot", user: "ana")
        return .recorded(.lockTaken(epoch: Epoch(1), holder: holder))
    }

    @Test func `starts nothing before everybody has signed and the lock is taken`() {
        var rig = Self.rig(Self.technical, Self.devops)
        #expect(rig.state.phase == .waiting)
        rig.turn(.approved(Self.word(Self.cat)))
        #expect(rig.types == ["approvalGiven", "gatePassed"])
        #expect(!rig.state.isSigned)
        rig.turn(.approved(Self.word(Self.ben, for: "devops")))
        #expect(rig.state.isSigned)
        #expect(rig.starts.isEmpty)
        rig.turn(Self.lock())
        #expect(rig.starts == ["a"])
        #expect(rig.state.phase == .running)
    }

    @Test func `starts nothing unsigned, even with the lock`() {
        var rig = Self.rig(Self.technical)
        rig.turn(Self.lock())
        #expect(rig.starts.isEmpty)
        #expect(rig.last.effects.contains(.stop))
    }

    @Test func `counts different people towards a quorum`() {
        var rig = Self.rig(ApprovalRole(name: "technical", people: [Self.ben, Self.cat, Self.dan], quorum: 2))
        rig.turn(.approved(Self.word(Self.cat)))
        #expect(rig.turn(.approved(Self.word(Self.cat))).refusals == ["cat has signed for role technical already"])
        #expect(
            rig.turn(.approved(Self.word(Self.dan, by: "cat"))).refusals
                == ["the user cat has signed for role technical already, as cat"])
        #expect(!rig.state.isSigned)
        rig.turn(.approved(Self.word(Self.ben, by: "cat")))
        #expect(rig.state.isSigned, "a key is somebody of its own")
    }

    @Test func `is not signed by who started it`() {
        let role = ApprovalRole(name: "technical", people: [Self.ana, Self.cat])
        var rig = Self.rig(role)
        let own = "who starts a run does not approve it, and ana started this one"
        #expect(rig.turn(.approved(Self.word(Self.ana))).refusals == [own])
        #expect(rig.turn(.approved(Self.word(Self.cat, by: "ana"))).refusals == [own])
        #expect(rig.journal.count == 1)
        var lenient = Self.rig(role, allowSelf: true)
        lenient.turn(.approved(Self.word(Self.ana)))
        #expect(lenient.state.isSigned)
    }

    @Test func `is signed only for the plan that it has`() {
        var rig = Self.rig(Self.technical)
        let refusals = rig.turn(.approved(Self.word(Self.cat, digest: "sha256:1"))).refusals
        #expect(refusals == ["what was signed is another plan than the run's (sha256:0)"])
        #expect(rig.state.gates[0].signOffs.isEmpty)
    }

    @Test func `is signed only by the people of the role, as they are known`() {
        let eve = Person(name: "eve", osUser: "eve")
        var rig = Self.rig(ApprovalRole(name: "technical", people: [Self.ben, eve]))
        #expect(rig.turn(.approved(Self.word(Self.cat))).refusals == ["cat is not in role technical"])
        #expect(
            rig.turn(.approved(Self.word(eve, by: "root"))).refusals
                == ["only the user eve of this machine signs as eve, and this is root"])
        var claimed = Self.word(Self.ben)
        claimed.proof = .claimed
        #expect(rig.turn(.approved(claimed)).refusals == ["ben signs with a key"])
        #expect(
            rig.turn(.approved(Self.word(eve, for: "owner"))).refusals == ["the run needs no sign-off of role owner"])
        #expect(rig.journal.count == 1)
    }

    @Test func `is refused by one rejection, signed or not`() {
        var rig = Self.rig(Self.technical, Self.devops)
        rig.turn(.approved(Self.word(Self.cat)))
        rig.turn(.rejected(Self.word(Self.ben, for: "devops"), why: "no backup"))
        #expect(rig.outcome == .refused)
        #expect(rig.exitCode == 3)
        #expect(rig.state.outcomeReason == "rejected by ben for devops: no backup")
        #expect(rig.state.gates.map(\.standing) == [.passed, .refused])
        #expect(rig.turn(.approved(Self.word(Self.dan))).refusals == ["the run has ended already"])
    }

    @Test func `is refused once the time to sign is over`() {
        var rig = Self.rig(Self.technical)
        rig.wait(.hours(4) - .milliseconds(1))
        #expect(rig.outcome == nil)
        rig.wait(.milliseconds(1))
        #expect(rig.outcome == .refused)
        #expect(rig.state.outcomeReason == "the time to sign it ended at 2026-01-01T04:00:00.000Z, without technical")
    }

    @Test func `takes no late word`() {
        var rig = Self.rig(Self.technical)
        rig.wait(.hours(3))
        var late = rig
        late.wait(.hours(1))
        #expect(late.turn(.approved(Self.word(Self.cat))).refusals == ["the run has ended already"])
        #expect(rig.turn(.approved(Self.word(Self.cat))).refusals.isEmpty)
    }

    @Test func `that begins too late is refused before its first change`() {
        var rig = Self.rig(Self.technical, stages: [check("look", finally: true), stage("a", needs: ["look"])])
        rig.turn(.approved(Self.word(Self.cat)))
        rig.turn(Self.lock())
        #expect(rig.running == ["look"])
        rig.wait(.hours(5))
        rig.play()
        #expect(rig.starts == ["look", "finally look"])
        #expect(rig.outcome == .refused)
        #expect(
            rig.state.outcomeReason
                == "its sign-offs expired at 2026-01-01T04:00:00.000Z, before anything was changed")
    }

    @Test func `that has changed something goes on, however late`() {
        var rig = Self.rig(Self.technical, stages: [stage("a"), stage("b", needs: ["a"])])
        rig.turn(.approved(Self.word(Self.cat)))
        rig.turn(Self.lock())
        rig.wait(.hours(5))
        rig.play()
        #expect(rig.outcome == .succeeded)
    }

    @Test func `is cancelled while it waits, and nothing else is done to it`() {
        var rig = Self.rig(Self.technical)
        for kind: OperatorAct.Kind in [.rollback, .abandon, .skip("a"), .retry("a"), .answer("a", .done)] {
            #expect(rig.ask(kind) == "the run waits for people and has not begun: only cancel ends it")
        }
        #expect(rig.ask(.cancel) == nil)
        #expect(rig.outcome == .cancelled)
        #expect(rig.exitCode == 4)
    }

    @Test func `is the same after its journal was folded anew`() {
        var rig = Self.rig(Self.technical, Self.devops)
        rig.turn(.approved(Self.word(Self.cat)))
        let folded = rig.folded(rig.journal)
        #expect(folded.gates == rig.state.gates)
        #expect(folded.phase == .waiting)
        #expect(folded.signOffsEnd == rig.start + .hours(4))
    }

    @Test func `hears nobody once it has begun`() {
        var rig = Self.rig(Self.technical)
        rig.turn(.approved(Self.word(Self.cat)))
        rig.turn(Self.lock())
        #expect(rig.turn(.rejected(Self.word(Self.dan), why: "late")).refusals == ["the run has begun already"])
        #expect(rig.outcome == nil)
    }

    @Test func `has a statement to sign that names run, role, person and plan`() {
        let statement = SignOff.statement(
            .approve, run: "20260101-0000-7f3k", role: "devops", person: "ben", planDigest: "sha256:0")
        #expect(
            statement == """
                shipit sign-off, version 1
                word: approve
                run: 20260101-0000-7f3k
                role: devops
                person: ben
                plan: sha256:0

                """)
    }
}
