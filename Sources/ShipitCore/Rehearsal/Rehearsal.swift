/// A run on the real core with a virtual clock and a scripted world: nothing is executed, and the same script gives the
/// same run. Where the script lets an engine or the machine die, the next engine folds the journal and goes on at once.
public struct Rehearsal: Sendable {
    private let script: Script
    private let pace: Pace
    private let jobs: Int
    private var now = Self.beginning
    private var run: RehearsedRun
    private var machine: RunMachine
    private var inbox: [Happening] = []
    private var coming: [(at: Instant, happening: Happening)] = []
    private var activities: [AttemptID: Activity] = [:]
    private var death: (at: Instant, ofMachine: Bool)?
    private var wake: Instant?
    private var sources: ScriptedSources?
    private var samples: [RecordedSample] = []
    private var epoch: Int64 = 1
    private var boot = 1

    /// An attempt under way.
    private struct Activity {
        var endsAt: Instant
        var result: AttemptResult
    }

    public static let beginning = Instant(milliseconds: 1_767_225_600_000)

    /// More turns than any run in its right mind takes; the last resort against one without end.
    private static let turnLimit = 2_000_000

    /// - Parameter plan: who must sign is left out: a rehearsal takes it that people do.
    public init(_ plan: Plan, _ script: Script, pace: Pace, jobs: Int) {
        var plan = plan
        plan.approvals = nil
        self.script = script
        self.pace = pace
        self.jobs = jobs
        run = RehearsedRun(plan)
        machine = RunMachine(state: run.state, jobs: jobs)
        sources = plan.monitor.map { ScriptedSources($0, script) }
    }

    /// Plays the run until it ends or waits for a person.
    public static func play(_ plan: Plan, _ script: Script, pace: Pace, jobs: Int) -> RehearsedRun {
        var rehearsal = Rehearsal(plan, script, pace: pace, jobs: jobs)
        rehearsal.play()
        return rehearsal.run
    }

    private mutating func play() {
        let plan = run.state.plan
        let created = RunCreated(
            run: "rehearsal", pipeline: plan.pipeline, environment: plan.environment, release: plan.release,
            planDigest: "", startedBy: "rehearsal")
        run.record(.runCreated(created), at: now)
        machine = RunMachine(state: run.state, jobs: jobs)
        inbox = [.recorded(.lockTaken(epoch: Epoch(epoch), holder: holder))]
        for _ in 0..<Self.turnLimit {
            if takeTurn() { return }
            guard let next = nextInstant() else { break }
            now = max(now, next)
            collect()
        }
        run.isCut = true
    }

    private var holder: Holder {
        Holder(host: "rehearsal", pid: Int(epoch), startTime: epoch, bootID: "boot-\(boot)", user: "rehearsal")
    }

    // MARK: One turn

    /// - Returns: whether the engine has nothing left to do.
    private mutating func takeTurn() -> Bool {
        let turn = machine.turn(inbox, now: now)
        inbox = []
        wake = nil
        samples += turn.samples
        for event in turn.events { take(event) }
        for effect in turn.effects {
            switch effect {
            case .start(let attempt): begin(attempt)
            case .reenter(let attempt): reenter(attempt)
            case .verify(let attempt): verify(attempt)
            case .end(let attempt, let verdict): end(attempt, because: verdict)
            case .wake(let instant): wake = min(wake ?? instant, instant)
            case .stop: return true
            }
        }
        if machine.isSampling { sources?.begin(at: now) } else { sources?.stop() }
        return false
    }

    private mutating func take(_ event: RunEvent) {
        run.record(event, at: now)
        if case .holdStarted(let name, _, let until) = event { begin(holdAt: name, until: until) }
        if case .holdEnded(let name, nil) = event, name == script.breachAfter { foreseeBreach() }
        guard case .attemptFinished(let attempt, let result) = event, result.verdict == .succeeded,
            attempt.part == .perform, attempt.stage == script.breachAfter
        else { return }
        foreseeBreach()
    }

    /// In the next turn: monitoring may begin with this very success.
    private mutating func foreseeBreach() {
        coming.append((now, .tick))
        run.awaitsBreach = true
    }

    // MARK: Attempts

    private mutating func begin(_ attempt: AttemptID) {
        guard let stage = run.state.planned(attempt.stage) else { return }
        let course = script.course(stage, attempt.part)
        let ending = course?.ending(ofAttempt: attempt.number) ?? .succeeds
        let limit = run.state.deadline(of: attempt).map { $0 - now } ?? stage.timeout
        var span = limit + hesitation(stage)
        var result = Self.result(.timesOut)
        if ending != .timesOut {
            let length = course?.takes ?? length(stage, attempt.part, limit: limit)
            if length <= limit { (span, result) = (length, Self.result(ending)) }
        }
        activities[attempt] = Activity(endsAt: now + span, result: result)
        if ending == .engineDies || ending == .machineDies {
            death = (now + TimeSpan(milliseconds: span.milliseconds / 2), ending == .machineDies)
        }
    }

    private mutating func length(_ stage: PlannedStage, _ part: Part, limit: TimeSpan) -> TimeSpan {
        switch pace {
        case .each(let span): return span
        case .longest: return limit
        case .usual(let spans):
            if let span = spans[Script.StagePart(stage.name, part)] { return min(span, limit) }
            run.isMeasured = false
            return .zero
        }
    }

    /// What is told to end may take until it is killed.
    private func hesitation(_ stage: PlannedStage) -> TimeSpan {
        if case .longest = pace { return stage.killAfter }
        return .zero
    }

    private static func result(_ ending: Script.Ending) -> AttemptResult {
        switch ending {
        case .succeeds, .engineDies, .machineDies: AttemptResult(.succeeded, exit: .code(0))
        case .fails(let exit): AttemptResult(.failed, exit: .code(exit))
        case .timesOut: AttemptResult(.timedOut)
        }
    }

    private mutating func reenter(_ attempt: AttemptID) {
        inbox.append(.reattached(attempt))
        if activities[attempt] == nil { inbox.append(.attemptEnded(attempt, AttemptResult(.unknown))) }
    }

    private mutating func verify(_ attempt: AttemptID) {
        guard let stage = run.state.planned(attempt.stage) else { return }
        let outcome: VerifiedOutcome =
            switch script.verification(stage) {
            case .done: .done(outputs: [:])
            case .notDone: .notDone
            case .cannotTell: .unknown("its verify could not tell")
            }
        coming.append((now, .verified(attempt, outcome)))
    }

    private mutating func end(_ attempt: AttemptID, because verdict: Verdict) {
        guard let activity = activities[attempt], let stage = run.state.planned(attempt.stage) else { return }
        let end = now + hesitation(stage)
        guard end < activity.endsAt else { return }
        activities[attempt] = Activity(endsAt: end, result: AttemptResult(verdict))
    }

    // MARK: People

    /// A stage that only waits has been reached.
    private mutating func begin(holdAt name: StageName, until: Instant) {
        guard let stage = run.state.planned(name), let hold = stage.hold else { return }
        let course = script.course(stage, .perform)
        // The last moment to sign is before the end.
        let limit = TimeSpan(milliseconds: max(0, (until - now).milliseconds - 1))
        var span = limit
        if !hold.roles.isEmpty { span = course?.takes ?? signingTime(limit: limit) }
        switch course?.ending(ofAttempt: 1) ?? .succeeds {
        case .timesOut: break
        case .fails: coming += hold.roles.prefix(1).map { (now + span, rejection($0, name)) }
        case .succeeds: coming += signOffs(hold, name).map { (now + span, $0) }
        case .engineDies: death = (now + TimeSpan(milliseconds: span.milliseconds / 2), false)
        case .machineDies: death = (now + TimeSpan(milliseconds: span.milliseconds / 2), true)
        }
    }

    private func signingTime(limit: TimeSpan) -> TimeSpan {
        switch pace {
        case .each(let span): min(span, limit)
        case .longest: limit
        // Earlier runs tell how long stages take, not people.
        case .usual: .zero
        }
    }

    private func signOffs(_ hold: StageHold, _ stage: StageName) -> [Happening] {
        hold.roles.flatMap { role in role.people.prefix(role.quorum).map { .approved(signOff($0, role, stage)) } }
    }

    private func rejection(_ role: ApprovalRole, _ stage: StageName) -> Happening {
        let person = role.people.first ?? Person(name: role.name)
        return .rejected(signOff(person, role, stage), why: "as the test gives it")
    }

    /// As this person signs when they are asked.
    private func signOff(_ person: Person, _ role: ApprovalRole, _ stage: StageName) -> SignOff {
        let proof: SignOff.Proof = person.sshKey != nil ? .sshKey : person.osUser != nil ? .osUser : .claimed
        return SignOff(
            role: role.name, person: person.name, by: person.osUser ?? "the user of \(person.name)", proof: proof,
            planDigest: "", stage: stage)
    }

    /// What people were about to sign when the engine died, they sign once it is back.
    private mutating func signAgain() {
        for (stage, state) in zip(run.state.plan.stages, run.state.stages) {
            guard case .held = state.perform.phase, let hold = stage.hold else { continue }
            coming += signOffs(hold, stage.name).map { (now, $0) }
        }
    }

    // MARK: Time

    private mutating func nextInstant() -> Instant? {
        if !inbox.isEmpty { return now }
        var next: Instant?
        func consider(_ instant: Instant?) {
            if let instant { next = min(next ?? instant, instant) }
        }
        for (at, _) in coming { consider(at) }
        for activity in activities.values { consider(activity.endsAt) }
        consider(death?.at)
        if passesOverSamples(before: next) { return sources?.nextBeat }
        consider(wake)
        consider(sources?.nextBeat)
        return next
    }

    /// While every rule is at pass and every source is well, samples tell nothing new until something else happens: a
    /// day of monitoring needs no 17,000 turns.
    private mutating func passesOverSamples(before event: Instant?) -> Bool {
        let state = run.state
        guard coming.isEmpty, let monitor = machine.monitor, monitor.rules.allSatisfy({ $0.standing == .pass }),
            sources?.areWell(state, now: now) == true
        else { return false }
        var until = event
        func consider(_ instant: Instant?) {
            if let instant, instant > now { until = min(until ?? instant, instant) }
        }
        consider(sources?.nextChange(state, after: now))
        for stage in state.stages {
            for part in Part.allParts {
                switch stage[part].phase {
                case .waiting(let instant), .held(let instant): consider(instant)
                default: break
                }
            }
        }
        if let duration = state.plan.monitor?.duration { consider(state.lastStageEndedAt.map { $0 + duration }) }
        guard let until else { return false }
        return sources?.passOver(until: until) == true
    }

    /// Puts what is due into the inbox; a death comes before everything else that is due then.
    private mutating func collect() {
        if let death, death.at <= now {
            self.death = nil
            return die(ofMachine: death.ofMachine)
        }
        if run.awaitsBreach {
            run.awaitsBreach = false
            if run.state.monitoringStartedAt != nil, run.state.outcome == nil, run.state.rollbackReason == nil,
                let rule = run.state.plan.monitor?.rollbackWhen.first
            {
                inbox.append(.recorded(.breached(Breach(rule: rule.text, observed: nil))))
            }
        }
        for (at, happening) in coming where at <= now { inbox.append(happening) }
        coming.removeAll { $0.at <= now }
        for (attempt, activity) in activities.sorted(by: { $0.key.stage < $1.key.stage }) where activity.endsAt <= now {
            activities[attempt] = nil
            inbox.append(.attemptEnded(attempt, activity.result))
        }
        inbox += sources?.beat(run.state, now: now) ?? []
    }

    private mutating func die(ofMachine: Bool) {
        epoch += 1
        if ofMachine {
            activities = [:]
            boot += 1
        }
        coming = []
        sources?.stop()
        machine = RunMachine(state: run.folded(), jobs: jobs, samples: samples)
        signAgain()
        inbox = [.recorded(.resumed(epoch: Epoch(epoch), holder: holder))]
    }
}
