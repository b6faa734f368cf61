/// Everything that a run's journal says, folded: `state = events.reduce(apply)`. Deciding reads nothing else.
///
/// Beside the stages it keeps counts and queues, so that a run costs O(stages + needs) altogether and no decision searches.
public struct RunState: Sendable {
    public let plan: Plan
    public internal(set) var stages: [StageState]
    public internal(set) var created: RunCreated?
    public internal(set) var createdAt: Instant?
    public internal(set) var finishedAt: Instant?
    public internal(set) var outcome: Outcome?
    public internal(set) var outcomeReason: String?
    public internal(set) var pausedReason: String?
    public internal(set) var interruptedReason: String?
    public internal(set) var rollbackReason: String?
    /// Whether a person asked for the rollback; then a complete one is a success.
    public internal(set) var rollbackWasAskedFor = false
    public internal(set) var cancelledBy: String?
    public internal(set) var abandonedBy: String?
    /// The newer deployment's word; from then on no sample counts any more.
    public internal(set) var supersession: OperatorAct?
    public internal(set) var breaches: [(breach: Breach, at: Instant)] = []
    /// So many of the breaches a person has seen and gone on in spite of.
    var settledBreaches = 0
    /// The rules of those breaches, and what else was over its limit then, until they clear.
    var settledRules: Set<String> = []
    /// Whether the last engine was told to go on in spite of one.
    var hasJustSettled = false
    /// When the monitor brought releases back here before, within the day before the run began.
    public internal(set) var earlierRollbacks: [Instant] = []
    public internal(set) var inconclusiveReason: String?
    /// A control that moved when a rule was broken; what an engine before saw of it holds no longer.
    public internal(set) var controlMove: ControlMove?
    /// When this engine began to sample what is compared with later.
    public internal(set) var baselineStartedAt: Instant?
    public internal(set) var baseline: Baseline?
    /// What is too little of the baseline.
    public internal(set) var baselineLack: String?
    public internal(set) var monitoringStartedAt: Instant?
    /// When the last perform so far ended.
    public internal(set) var lastStageEndedAt: Instant?
    /// When an engine last took up the run.
    public internal(set) var lastResumedAt: Instant?
    public internal(set) var holder: Holder?
    public internal(set) var acts: [OperatorAct] = []
    /// One for each role that must sign for the run to begin, and for each that a stage which was reached waits for.
    public internal(set) var gates: [GateState]
    /// Whether an engine has held the environment's lock for it.
    public internal(set) var hasBegun = false
    /// What was found, where it is a dry-run.
    public internal(set) var dryRun = DryRunFindings()
    /// Rules over their limit now.
    public internal(set) var firing: [String: Double?] = [:]

    var lastEventAt: Instant?
    let index: [StageName: Int]
    let needs: [[Int]]
    let dependents: [[Int]]
    /// Needs of each stage that are neither succeeded nor skipped.
    var unmet: [Int]
    /// Stages whose needs are met, in the order in which they were.
    var ready = StartQueue()
    /// Those among them that only wait.
    var readyHolds: [Int] = []
    /// What runs, waits for another try, failed, is unknown or interrupted: the few that deciding must look at.
    var live: [Activity] = []
    var unfinishedPerforms: Int
    /// For each stage, how many stages that need it have not ended their undo.
    var undoBlockers: [Int] = []
    var undoReady = StartQueue()
    /// Stages with a `finally`, the last one first.
    let finallyStages: [Int]
    /// Where in `finallyStages` the next one is looked for; those before have been started or never will be.
    var finallyHead = 0
    /// The stage whose part it is to find whether the release before is well after a rollback.
    let checkedStage: Int?
    /// Monitoring begins when these have succeeded (or were skipped); none: when all stages have.
    let monitorFrom: [Int]
    /// The stages that `for-each` made of one, by the name of that one.
    let groups: [String: [Int]]

    /// A part of a stage, by the stage's place in the plan.
    struct Activity: Hashable, Sendable {
        var stage: Int
        var part: Part
    }

    public init(plan: Plan) {
        self.plan = plan
        gates = plan.approvals.map { policy in policy.roles.map { GateState($0, allowSelf: policy.allowSelf) } } ?? []
        stages = Array(repeating: StageState(), count: plan.stages.count)
        index = Dictionary(uniqueKeysWithValues: plan.stages.enumerated().map { ($1.name, $0) })
        let index = index
        let needs = plan.stages.map { stage in
            stage.needs.map { need in
                guard let position = index[need] else {
                    preconditionFailure("\(stage.name) needs \(need), not in the plan")
                }
                return position
            }
        }
        var dependents: [[Int]] = Array(repeating: [], count: plan.stages.count)
        for (stage, stageNeeds) in needs.enumerated() {
            for need in stageNeeds { dependents[need].append(stage) }
        }
        self.needs = needs
        self.dependents = dependents
        unmet = needs.map(\.count)
        finallyStages = plan.stages.indices.reversed().filter { plan.stages[$0].finally != nil }
        checkedStage = plan.stages.firstIndex { $0.rollbackCheck != nil }
        let groups = Dictionary(grouping: plan.stages.indices.filter { plan.stages[$0].group != nil }) { position in
            plan.stages[position].group!
        }
        self.groups = groups
        if let from = plan.monitor?.from, let members = index[from].map({ [$0] }) ?? groups[from.text] {
            monitorFrom = members
        } else {
            monitorFrom = plan.lastChanges
        }
        unfinishedPerforms = plan.stages.count
        for stage in unmet.indices where unmet[stage] == 0 { addReady(stage) }
    }

    /// The stages that a name in the pipeline stands for: one, or all that `for-each` made of it.
    func members(_ name: StageName) -> [Int] { index[name].map { [$0] } ?? groups[name.text] ?? [] }

    public subscript(name: StageName) -> StageState? { index[name].map { stages[$0] } }

    public func planned(_ name: StageName) -> PlannedStage? { index[name].map { plan.stages[$0] } }

    /// Attempts in flight: started, and not known to have ended.
    public var attemptsInFlight: [AttemptID] {
        live.filter { self[$0].isRunning }.map { attempt($0, self[$0].attempts) }
    }

    /// When an attempt's time is up: its stage's `timeout`, and the `deadline` of all attempts together.
    public func deadline(of attempt: AttemptID) -> Instant? {
        guard let position = index[attempt.stage], let started = stages[position][attempt.part].startedAt else {
            return nil
        }
        let stage = plan.stages[position]
        let timeout = started + stage.timeout
        guard let deadline = stage.deadline, let began = stages[position][attempt.part].budgetBeganAt else {
            return timeout
        }
        return min(timeout, began + deadline)
    }

    public var isRunningAnything: Bool { live.contains { self[$0].isRunning } }

    /// Whether a stage that changes things has started.
    public var hasChangedAnything: Bool {
        plan.stages.indices.contains { plan.stages[$0].changes && stages[$0].hasStarted }
    }

    public var phase: RunPhase {
        if outcome != nil { return .finished }
        if isUnbegun { return .waiting }
        if pausedReason != nil { return .paused }
        if interruptedReason != nil { return .interrupted }
        if rollbackReason != nil { return .rollingBack }
        if waitsForPeople { return .waiting }
        if unfinishedPerforms == 0, monitoringStartedAt != nil { return .monitoring }
        return .running
    }

    /// Whether the run only rehearses the way back.
    public var isRehearsal: Bool { created?.isRehearsal ?? false }

    /// Whether all that is left to do is to watch, with nothing seen that must bring the old release back: such a run yields
    /// to a newer deployment.
    public var onlyMonitors: Bool {
        phase == .monitoring && !isRehearsal && openBreach == nil && !isRunningAnything && !finallyFailed
            && orderToStop(self) == nil
            && finallyStages.allSatisfy { !stages[$0].hasStarted || stages[$0].finally.phase == .succeeded }
    }

    subscript(activity: Activity) -> PartState {
        get { stages[activity.stage][activity.part] }
        set { stages[activity.stage][activity.part] = newValue }
    }

    func attempt(_ activity: Activity, _ number: Int) -> AttemptID {
        AttemptID(stage: plan.stages[activity.stage].name, part: activity.part, number: number)
    }
}
