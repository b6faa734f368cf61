import ShipitCore

/// One run from one seed: a plan, a world that breaks at the worst moments, and engines that take one another's place.
package struct Simulation: Sendable {
    package let scenario: Scenario
    var plan: Plan { scenario.plan }
    var random: SplitMix64
    var world: World
    var store = SimulatedStore()
    var metrics = MetricSource()
    var engines: [SimulatedEngine] = []
    var invariants: Invariants
    /// As it was before what is not synced.
    var syncedInvariants: Invariants?
    /// The journal, folded as it grows.
    var folded: RunState
    /// What strikes next, and after how many opportunities.
    var armed: Fault?
    var countdown = 0
    /// Kills the engine at this append or effect, counted from 1.
    var crashAt: Int?
    package private(set) var boundaries = 0
    var interrupts = 0
    /// The last engine left because only people can move the run on.
    var hasLeftForPeople = false
    let temper: Temper
    package internal(set) var coverage = Coverage()
    /// What was done, to be done again.
    private(set) var moves: [Move] = []
    package internal(set) var transcript: [String] = []
    private let keepsTranscript: Bool

    /// Of a hundred moves, how many are not the next thing that comes by itself.
    struct Temper {
        var faults: Int
        var people: Int
        var weather: Int
    }

    package init(_ scenario: Scenario, keepsTranscript: Bool = false, crashAt: Int? = nil) {
        self.scenario = scenario
        self.keepsTranscript = keepsTranscript
        self.crashAt = crashAt
        random = SplitMix64(seed: scenario.seed, for: "moves")
        temper = Temper(
            faults: random.pick([1, 6, 20]), people: random.pick([0, 1, 8]), weather: random.pick([1, 6]))
        if random.once(in: 3) { metrics.weather = random.pick(MetricSource.Weather.allCases) }
        world = World(seed: scenario.seed)
        invariants = Invariants(scenario.plan, jobs: scenario.jobs)
        folded = RunState(plan: scenario.plan)
    }

    /// The whole course, up to an end.
    package mutating func run() throws(Violation) {
        coverage.runs = 1
        try create()
        if let moves = scenario.moves {
            for move in moves { try make(move) }
        } else {
            for _ in 0..<random.pick(1...300) {
                let move = chooseMove()
                moves.append(move)
                try make(move)
                if invariants.outcome != nil, engines.isEmpty, random.once(in: 3) { break }
            }
        }
        try comeToAnEnd()
    }

    private mutating func create() throws(Violation) {
        let created = RunEvent.runCreated(
            RunCreated(
                run: "20260101-0000-test", pipeline: plan.pipeline, environment: plan.environment,
                release: plan.release, planDigest: Self.digest, startedBy: "ana",
                isRehearsal: scenario.isRehearsal))
        let gates = folded.gates.map { RunEvent.gateWaiting(role: $0.role.name) }
        let hourAgo = Instant(milliseconds: world.now.milliseconds - 3_600_000)
        let earlier = Array(repeating: hourAgo, count: scenario.earlierRollbacks)
        let counted = earlier.isEmpty ? [] : [RunEvent.rollbacksCounted(earlier)]
        _ = store.append([created] + gates + counted, epoch: 0, after: 0, at: world.now, failing: nil)
        try see(from: 0)
    }

    // MARK: What was appended

    /// Shows the invariants all entries from there on.
    mutating func see(from start: Int) throws(Violation) {
        for entry in store.journal[start...] {
            note("\(entry.sequence)", entry.event.words)
            coverage.count(entry.event)
            if case .resumed = entry.event, folded.waitsForBudget { coverage.count(.wentOnInSpite) }
            folded.apply(entry.event, at: entry.at)
            if case .rollbackStarted = entry.event, folded.stages.contains(where: \.isLeft) {
                coverage.count(.leftPastReturn)
            }
            count(entry.event)
            if case .paused = entry.event, folded.waitsForBudget { coverage.count(.budgetsSpent) }
            if folded.hasPassedRehearsal, case .runFinished = entry.event { coverage.count(.rehearsalsPassed) }
            if case .runFinished(.refused, let why?) = entry.event,
                why.contains("sign-offs expired") || why.contains("time to sign")
            {
                coverage.count(.signOffsExpired)
            }
            try invariants.take(entry)
        }
    }

    /// What an event alone doesn't tell.
    private mutating func count(_ event: RunEvent) {
        switch event {
        case .holdEnded(let stage, nil):
            switch invariants.planned[stage]!.hold {
            case .approval?: coverage.count(.holdsSigned)
            case .notify?: coverage.count(.holdsTold)
            case .wait?, nil: coverage.count(.holdsOver)
            }
        case .rollbackStarted where folded.stages.contains(where: { $0.perform.phase == .cancelled && !$0.hasStarted }):
            coverage.count(.holdsCutOff)
        default: break
        }
    }

    /// What was not synced is gone: everybody who looks sees the journal of before.
    mutating func forget() {
        guard store.cutPower() > 0 else { return }
        coverage.count(.tailsCut)
        if let syncedInvariants { invariants = syncedInvariants }
        folded = fold()
    }

    /// From the beginning, as a new engine does.
    func fold() -> RunState {
        var state = RunState(plan: plan)
        for entry in store.journal { state.apply(entry.event, at: entry.at) }
        return state
    }

    /// Whether the engine is killed at this very boundary.
    mutating func isCrashPoint() -> Bool {
        boundaries += 1
        return boundaries == crashAt
    }

    /// What came of the run and of its commands, for comparing.
    package var ending: String {
        let commands = world.executions.map { "\($0.key.text) \($0.value)" }.sorted().joined(separator: ", ")
        return "\(folded.outcome?.rawValue ?? "no outcome"), exit \(ExitCode.of(folded)): \(commands)"
    }

    // MARK: For a person

    mutating func note(_ what: @autoclosure () -> String, _ words: @autoclosure () -> String) {
        if keepsTranscript {
            transcript.append("+\(world.now.milliseconds - 1_767_225_600_000)  \(what())  \(words())")
        }
    }
}
