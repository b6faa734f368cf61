import ShipitCore

/// A run on the bench: a machine, a clock that only the test moves, and all that the machine recorded.
struct Rig {
    private(set) var machine: RunMachine
    private(set) var now = Instant(milliseconds: 1_767_225_600_000)
    private(set) var journal: [JournalEntry] = []
    private(set) var samples: [RecordedSample] = []
    private(set) var last = Turn()
    let start: Instant
    private let jobs: Int
    private let staysForPeople: Bool

    init(_ plan: Plan, jobs: Int = 4, staysForPeople: Bool = true, isRehearsal: Bool = false) {
        self.jobs = jobs
        self.staysForPeople = staysForPeople
        start = now
        machine = RunMachine(state: RunState(plan: plan), jobs: jobs, staysForPeople: staysForPeople)
        turn(
            .recorded(
                .runCreated(
                    RunCreated(
                        run: "20260101-0000-test", pipeline: plan.pipeline, environment: plan.environment,
                        release: plan.release, planDigest: "sha256:0", startedBy: "ana",
                        isRehearsal: isRehearsal))))
    }

    /// The run's plan.
    static let digest = "sha256:0"

    /// Events as the journal would hold them next.
    func entries(_ events: [RunEvent]) -> [JournalEntry] {
        events.enumerated().map { JournalEntry(sequence: Int64(journal.count + $0 + 1), at: now, event: $1) }
    }

    var state: RunState { machine.state }
    var outcome: Outcome? { state.outcome }
    var exitCode: Int32 { ExitCode.of(state) }

    // MARK: Turns

    @discardableResult mutating func turn(_ inbox: Happening...) -> Turn { turn(inbox) }

    @discardableResult mutating func turn(_ inbox: [Happening]) -> Turn {
        last = machine.turn(inbox, now: now)
        samples += last.samples
        for event in last.events {
            journal.append(JournalEntry(sequence: Int64(journal.count) + 1, at: now, event: event))
        }
        return last
    }

    /// Moves the clock on and lets the machine look at it.
    mutating func wait(_ span: TimeSpan) {
        now = now + span
        turn(.tick)
    }

    mutating func wait(until instant: Instant) { wait(instant - now) }

    /// Ends what `words` names: `a`, `undo a`, `finally a`.
    mutating func end(_ words: String, _ verdict: Verdict = .succeeded, exit: ShipitCore.ExitStatus? = nil) {
        turn(.attemptEnded(attempt(words), AttemptResult(verdict, exit: exit)))
    }

    mutating func end(_ words: String, _ result: AttemptResult) { turn(.attemptEnded(attempt(words), result)) }

    mutating func fail(_ words: String) { end(words, .failed, exit: .code(1)) }

    /// - Returns: why it was refused, if it was.
    @discardableResult mutating func ask(_ kind: OperatorAct.Kind, why: String? = nil) -> String? {
        turn(.asked(OperatorAct(kind, by: "ana", why: why))).refusals.first
    }

    mutating func sample(_ kind: Sample.Kind, from source: String = "api") {
        turn(.sampled(source: source, Sample(at: now, kind: kind)))
    }

    /// One sample every five seconds, the first of them in five seconds.
    mutating func samples(_ count: Int, _ kind: Sample.Kind, from source: String = "api") {
        for _ in 0..<count {
            now = now + .seconds(5)
            sample(kind, from: source)
        }
    }

    /// Ends whatever runs, attempts at `failing` parts badly, until the machine has nothing more to do; waits are waited.
    mutating func play(failing: Set<String> = []) {
        for _ in 0..<100_000 {
            if last.effects.contains(.stop) { return }
            let running = state.attemptsInFlight
            if !running.isEmpty {
                turn(
                    running.map { attempt in
                        .attemptEnded(attempt, AttemptResult(failing.contains(attempt.words) ? .failed : .succeeded))
                    })
            } else if let wake {
                wait(until: wake)
            } else {
                return
            }
        }
    }

    // MARK: Another engine

    /// The engine is gone; another one folds the journal and goes on. What it is told besides comes in the same turn.
    mutating func resume(_ more: Happening...) {
        machine = RunMachine(
            state: folded(journal), jobs: jobs, staysForPeople: staysForPeople, samples: samples)
        let holder = Holder(host: "host", pid: 2, startTime: 2, bootID: "boot", user: "ana")
        turn([.recorded(.resumed(epoch: Epoch(2), holder: holder))] + more)
    }

    /// The journal ends before the first event that is not to be kept.
    mutating func cut(where isKept: (JournalEntry) -> Bool) { journal = Array(journal.prefix(while: isKept)) }

    /// An engine died after these events: another one goes on from them, at the same moment or some time later.
    mutating func takeOver(_ entries: some Sequence<JournalEntry>, after pause: TimeSpan = .zero) {
        journal = Array(entries)
        if let last = journal.last { now = last.at + pause }
        resume()
    }

    func folded(_ entries: some Sequence<JournalEntry>) -> RunState {
        var state = RunState(plan: machine.state.plan)
        for entry in entries { state.apply(entry.event, at: entry.at) }
        return state
    }

    // MARK: What is to be seen

    /// What runs now, by start.
    var running: [String] { state.attemptsInFlight.map(\.words) }

    /// Every attempt so far, by start.
    var starts: [String] {
        journal.compactMap { if case .attemptStarted(let attempt) = $0.event { attempt.words } else { nil } }
    }

    /// Names of all events so far but for the opening ones.
    var types: [String] { journal.map(\.event.type).filter { $0 != "runCreated" } }

    /// When the machine wants to be asked again.
    var wake: Instant? {
        for case .wake(let instant) in last.effects { return instant }
        return nil
    }

    func attempt(_ words: String) -> AttemptID {
        let pieces = words.split(separator: " ", maxSplits: 1)
        let part = pieces.count == 2 ? Part(rawValue: String(pieces[0]))! : .perform
        let name = StageName(String(pieces.last!))
        return AttemptID(stage: name, part: part, number: state[name]?[part].attempts ?? 0)
    }

    func phase(_ words: String) -> PartState.Phase? {
        let attempt = attempt(words)
        return state[attempt.stage]?[attempt.part].phase
    }
}

extension AttemptID {
    /// `a`, `undo a`, `finally a`.
    var words: String { part == .perform ? stage.text : "\(part.rawValue) \(stage)" }
}
