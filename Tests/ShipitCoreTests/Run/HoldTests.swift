import ShipitCore
import Testing

/// Stages that only wait: `approval:` and `wait:`.
@Suite(.timeLimit(.minutes(3)))
struct HoldTests {
    static let cat = Person(name: "cat", osUser: "cat")
    static let policy = ApprovalPolicy(roles: [ApprovalRole(name: "devops", people: [cat])], expires: .hours(2))

    /// `a`, then `hold`, then `b`; `a` and `b` change things and can be undone.
    private func rig(_ hold: StageHold, staysForPeople: Bool = true, monitor: Monitor? = nil) -> Rig {
        var waiting = stage("hold", needs: ["a"], undo: .none, changes: false)
        waiting.hold = hold
        return Rig(
            .of([stage("a"), waiting, stage("b", needs: ["hold"])], monitor: monitor), staysForPeople: staysForPeople)
    }

    private func signOff(_ stage: StageName? = "hold", by: String = "cat", digest: String = Rig.digest) -> SignOff {
        SignOff(role: "devops", person: "cat", by: by, proof: .osUser, planDigest: digest, stage: stage)
    }

    // MARK: wait

    @Test func `time passes between two stages, and nothing runs meanwhile`() {
        var rig = rig(.wait(.minutes(10)))
        rig.end("a")
        #expect(rig.running == [])
        #expect(rig.phase("hold") == .held(until: rig.now + .minutes(10)))
        #expect(rig.wake == rig.now + .minutes(10))
        rig.wait(.minutes(9))
        #expect(rig.running == [])
        rig.wait(.minutes(1))
        #expect(rig.running == ["b"])
    }

    @Test func `the end of a wait is durable: a crash does not begin it anew`() {
        var rig = rig(.wait(.minutes(10)))
        rig.end("a")
        let end = rig.now + .minutes(10)
        rig.takeOver(rig.journal, after: .minutes(4))
        #expect(rig.wake == end)
        rig.takeOver(rig.journal, after: .minutes(60))
        #expect(rig.running == ["b"])
        #expect(rig.types.count { $0 == "holdStarted" } == 1)
    }

    @Test func `an operator ends a wait, and its stage cannot be tried again`() {
        var rig = rig(.wait(.hours(10)))
        rig.end("a")
        #expect(rig.ask(.retry("hold")) == "stage hold only waits: there is nothing to try again")
        #expect(rig.ask(.skip("hold"), why: "enough") == nil)
        #expect(rig.running == ["b"])
    }

    @Test func `a wait takes no place among the jobs`() {
        var waiting = stage("hold", undo: .none, changes: false)
        waiting.hold = .wait(.minutes(10))
        var rig = Rig(.of(stage("a"), waiting, stage("c")), jobs: 1)
        #expect(rig.running == ["a"])
        #expect(rig.phase("hold") == .held(until: rig.now + .minutes(10)))
        rig.end("a")
        #expect(rig.running == ["c"])
    }

    // MARK: approval

    @Test func `a stage waits for its signature, and goes on with it`() {
        var rig = rig(.approval(Self.policy))
        rig.end("a")
        #expect(rig.state.phase == .waiting)
        #expect(rig.state.gates.map(\.role.gate) == ["approval:devops"])
        #expect(rig.state.gates.map(\.stage) == ["hold"])
        #expect(rig.running == [])
        rig.turn(.approved(signOff()))
        #expect(rig.types.suffix(4) == ["approvalGiven", "gatePassed", "holdEnded", "attemptStarted"])
        #expect(rig.running == ["b"])
        #expect(rig.state.phase == .running)
    }

    @Test func `an engine that does not stay for people leaves once nothing else can go on`() {
        var waiting = stage("hold", undo: .none, changes: false)
        waiting.hold = .approval(Self.policy)
        var rig = Rig(.of(waiting, stage("a"), stage("b", needs: ["hold"])), staysForPeople: false)
        #expect(!rig.last.effects.contains(.stop))
        #expect(rig.state.phase == .running)
        rig.end("a")
        #expect(rig.last.effects.contains(.stop))
        #expect(rig.state.phase == .waiting)
        #expect(ExitCode.of(rig.state) == 6)
        rig.resume()
        #expect(rig.last.effects.contains(.stop))
    }

    @Test func `what is rejected is a failure: what was done is undone`() {
        var rig = rig(.approval(Self.policy))
        rig.end("a")
        rig.turn(.rejected(signOff(), why: "not now"))
        #expect(rig.state.rollbackReason == "stage hold failed: rejected by cat for devops: not now")
        #expect(rig.running == ["undo a"])
        rig.end("undo a")
        #expect(rig.state.outcome == .rolledBack)
        #expect(ExitCode.of(rig.state) == 4)
    }

    @Test func `what is rejected before anything was changed is refused`() {
        var waiting = stage("hold", undo: .none, changes: false)
        waiting.hold = .approval(Self.policy)
        var rig = Rig(.of(waiting, stage("b", needs: ["hold"])))
        rig.turn(.rejected(signOff(), why: "not now"))
        #expect(rig.state.outcome == .refused)
        #expect(ExitCode.of(rig.state) == 3)
        #expect(rig.starts.isEmpty)
    }

    @Test func `what nobody signs in time is a failure, and what was signed in time counts whenever it is seen`() {
        var late = rig(.approval(Self.policy))
        late.end("a")
        late.wait(.hours(2))
        #expect(late.state.rollbackReason?.contains("the time to sign it ended") == true)
        #expect(late.running == ["undo a"])

        var signed = rig(.approval(Self.policy))
        signed.end("a")
        let events = signed.state.recording(.approve(signOff()), now: signed.now + .minutes(5)).events
        #expect(events.map(\.type) == ["approvalGiven", "gatePassed"])
        let again = SignOff(
            role: "devops", person: "cat", by: "cat", proof: .osUser, planDigest: Rig.digest, stage: "hold")
        var passed = signed.state
        for event in events { passed.apply(event, at: signed.now) }
        #expect(passed.recording(.approve(again), now: signed.now).events.isEmpty)
        signed.takeOver(signed.journal + signed.entries(events), after: .hours(5))
        #expect(signed.running == ["b"])
    }

    @Test func `a word is for one stage, for one plan, by who may, and in time`() {
        var rig = rig(.approval(Self.policy))
        func refusal(_ signOff: SignOff, after span: TimeSpan = .zero) -> String? {
            rig.state.refusal(of: signOff, .approve, now: rig.now + span)
        }
        #expect(refusal(signOff()) == "stage hold needs no sign-off of role devops")
        rig.end("a")
        #expect(refusal(signOff()) == nil)
        #expect(refusal(signOff(nil)) == "the run needs no sign-off of role devops")
        #expect(refusal(signOff("b")) == "stage b needs no sign-off of role devops")
        #expect(refusal(signOff(by: "dan"))?.hasPrefix("only the user cat") == true)
        #expect(refusal(signOff(digest: "sha256:other"))?.hasPrefix("what was signed is another plan") == true)
        #expect(refusal(signOff(), after: .hours(2)) == "the time to sign it is over")
        rig.turn(.approved(signOff()))
        #expect(refusal(signOff()) == "stage hold waits for nobody any more")
    }

    @Test func `who started the run does not sign on its way either`() {
        var policy = Self.policy
        policy.roles[0].people = [Person(name: "ana", osUser: "ana")]
        var rig = rig(.approval(policy))
        rig.end("a")
        let own = SignOff(
            role: "devops", person: "ana", by: "ana", proof: .osUser, planDigest: Rig.digest, stage: "hold")
        #expect(rig.state.refusal(of: own, .approve, now: rig.now)?.contains("does not approve it") == true)
    }

    @Test func `one signature does not count for two stages of one role`() {
        var first = stage("one", undo: .none, changes: false)
        first.hold = .approval(Self.policy)
        var second = stage("two", undo: .none, changes: false)
        second.hold = .approval(Self.policy)
        var rig = Rig(.of(first, second))
        rig.turn(.approved(signOff("one")))
        #expect(rig.phase("one") == .succeeded)
        #expect(rig.state.phase == .waiting)
        rig.turn(.approved(signOff("two")))
        #expect(rig.state.outcome == .succeeded)
    }

    @Test func `an approval is not skipped by whoever operates the run`() {
        var rig = rig(.approval(Self.policy))
        #expect(rig.ask(.skip("hold"), why: "late") == "stage hold is an approval: it is signed or rejected")
        rig.end("a")
        #expect(rig.ask(.skip("hold"), why: "late") == "stage hold is an approval: it is signed or rejected")
        #expect(rig.state.phase == .waiting)
    }

    @Test func `a cancel, a rollback and an interrupt act on a run that waits`() {
        var cancelled = rig(.approval(Self.policy))
        cancelled.end("a")
        #expect(cancelled.ask(.cancel) == nil)
        #expect(cancelled.running == ["undo a"])
        #expect(cancelled.phase("hold") == .cancelled)
        #expect(cancelled.state.gates.map(\.standing) == [.refused])

        var interrupted = rig(.approval(Self.policy))
        interrupted.end("a")
        interrupted.turn(.interrupted)
        #expect(interrupted.state.phase == .interrupted)
        interrupted.resume()
        #expect(interrupted.state.phase == .waiting)
        interrupted.turn(.approved(signOff()))
        #expect(interrupted.running == ["b"])
    }

    @Test func `rules stay armed while a stage waits`() {
        let rule = Rule(text: "api fails 3 times", source: "api", kind: .fails(times: 3))
        var rig = rig(.approval(Self.policy), monitor: .watching(from: "a", rule))
        rig.end("a")
        #expect(rig.state.phase == .waiting)
        rig.samples(3, .error)
        #expect(rig.state.breaches.count == 1)
        #expect(rig.running == ["undo a"])
        #expect(rig.phase("hold") == .cancelled)
    }

    @Test func `a run whose stages were waited for is undone as a whole long afterwards`() {
        var rig = rig(.wait(.minutes(1)))
        rig.end("a")
        rig.wait(.minutes(1))
        rig.end("b")
        #expect(rig.state.outcome == .succeeded)
        rig.resume(.asked(OperatorAct(.rollback, by: "ana")))
        rig.play()
        #expect(rig.state.outcome == .rolledBack)
        #expect(rig.starts.suffix(2) == ["undo b", "undo a"])
    }
}
