import ShipitCore

/// A plan that nobody would write: any DAG, any mixture of what stages may say.
struct RandomPlan {
    private var random: SplitMix64
    private var stages: [PlannedStage] = []
    private let seed: UInt64

    static func make(seed: UInt64, monitored: Bool? = nil) -> Plan {
        var maker = RandomPlan(random: SplitMix64(seed: seed, for: "plan"), seed: seed)
        return maker.plan(monitored: monitored)
    }

    private init(random: SplitMix64, seed: UInt64) {
        self.random = random
        self.seed = seed
    }

    private mutating func plan(monitored: Bool?) -> Plan {
        for number in 0..<random.pick(1...10) {
            switch random.pick(0...13) {
            case 0, 1: addGroup("g\(number)")
            case 2: stages.append(hold(StageName("h\(number)")))
            default: stages.append(stage(StageName("s\(number)")))
            }
        }
        let release = Release(tag: "v2", version: "2", commit: String(repeating: "a", count: 40), tagObject: "b")
        let hasMonitor = random.once(in: 2)
        // From numbers of its own: the plans of before stay what they were.
        var other = SplitMix64(seed: seed, for: "rollback check")
        if other.once(in: 3) { stages[other.pick(0...stages.count - 1)].rollbackCheck = .checks("smoke") }
        var plan = Plan(
            pipeline: "deploy", environment: "production", release: release, stages: stages,
            monitor: monitored ?? hasMonitor ? monitor() : nil, approvals: approvals())
        plan.monitor?.rollbackBudget = other.pick(0...3)
        return plan
    }

    static let roles = ["operations", "security"]
    static let people = [
        Person(name: "Ana", osUser: "ana"), Person(name: "Ben", osUser: "ben"),
        Person(name: "Cleo", sshKey: "ssh-ed25519 C"),
        Person(name: "Dan"),
    ]

    private mutating func approvals() -> ApprovalPolicy? {
        guard random.once(in: 4) else { return nil }
        return approval(expires: random.once(in: 3) ? .minutes(5) : .hours(24))
    }

    private mutating func approval(expires: TimeSpan) -> ApprovalPolicy {
        let roles = Self.roles.prefix(random.pick(1...2)).map { name in
            let people = Self.people.filter { _ in !random.once(in: 3) }
            return ApprovalRole(name: name, people: people, quorum: random.pick(1...2))
        }
        return ApprovalPolicy(roles: roles, allowSelf: random.once(in: 2), expires: expires)
    }

    /// A stage that waits, for people or for time, or only tells somebody.
    private mutating func hold(_ name: StageName) -> PlannedStage {
        let needs = stages.map(\.name).filter { _ in random.once(in: 3) }
        let isApproval = random.once(in: 2)
        let hold: StageHold =
            isApproval
            ? .approval(approval(expires: random.once(in: 3) ? .seconds(20) : .minutes(20)))
            : waiting()
        return PlannedStage(
            name: name, needs: needs, perform: ActionCall(action: isApproval ? "approval" : "wait"), hold: hold,
            changes: false, skipped: random.once(in: 9))
    }

    private mutating func waiting() -> StageHold {
        let seconds = random.pick(1...120)
        return seconds.isMultiple(of: 4) ? .notify(ActionCall(action: "chat/post")) : .wait(.seconds(Int64(seconds)))
    }

    private mutating func addGroup(_ name: String) {
        let limit = random.once(in: 3) ? nil : random.pick(1...2)
        var model = stage(StageName(name))
        model.group = name
        model.groupLimit = limit
        for item in 0..<random.pick(1...4) {
            model.name = StageName("\(name)[\(item)]")
            stages.append(model)
        }
    }

    private mutating func stage(_ name: StageName) -> PlannedStage {
        let action = random.pick(["run", "run", "checks", "rolling-restart"])
        let needs = stages.map(\.name).filter { _ in random.once(in: 3) }
        return PlannedStage(
            name: name, needs: needs, perform: ActionCall(action: action), undo: undo(of: action),
            finally: random.once(in: 5) ? ActionCall(action: random.pick(["run", "notify"])) : nil,
            retry: retry(), timeout: random.once(in: 6) ? .seconds(Int64(random.pick(2...15))) : .hours(1),
            deadline: random.once(in: 5) ? .seconds(Int64(random.pick(5...90))) : nil,
            onExhausted: random.once(in: 6) ? .pause : .rollback,
            onInterrupt: random.pick([.ask, .verify, .rerun]), reversible: reversible(),
            changes: action != "checks" && !random.once(in: 8), skipped: random.once(in: 9))
    }

    private mutating func undo(of action: String) -> PlannedStage.Undo {
        if action == "checks" { return random.pick([.none, .nothing]) }
        return random.pick([.none, .nothing, .action, .call(.script("undo")), .call(.script("undo"))])
    }

    private mutating func retry() -> RetryPolicy {
        guard random.once(in: 2) else { return RetryPolicy() }
        return RetryPolicy(
            attempts: random.pick(1...4), delay: .milliseconds(Int64(random.pick(0...20_000))),
            backoff: random.pick([1, 2]), maxDelay: random.once(in: 2) ? .seconds(30) : nil,
            jitter: random.pick([0, 0.2]), on: random.once(in: 5) ? [.timeout, .exit(75)] : [.any])
    }

    private mutating func reversible() -> Reversible {
        if random.once(in: 10) { return .no }
        if random.once(in: 8), let contract = stages.last { return .untilContract(contract.name) }
        return .yes
    }

    private mutating func monitor() -> Monitor {
        let probe = ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1/")))
        let rules: [Rule] = [
            Rule(text: "api fails 3 times", source: "api", kind: .fails(times: 3)),
            Rule(
                text: "api.p95 > 1s for 20s", source: "api",
                kind: .metric(.quantile(0.95), Condition(.more, Quantity(1, .time)), hold: .seconds(20))),
            Rule(
                text: "api.error-rate > 20%", source: "api",
                kind: .metric(.errorRate, Condition(.more, Quantity(0.2, .ratio)), hold: nil)),
            Rule(
                text: "queue > 100", source: "queue",
                kind: .metric(.value, Condition(.more, Quantity(100, .count)), hold: random.pick([nil, .seconds(10)]))),
        ]
        let baseline =
            random.once(in: 3) ? BaselinePolicy(.seconds(20), isOptional: random.once(in: 3)) : nil
        let relative = Rule(
            text: "api.p95 > baseline * 2", source: "api",
            kind: .relative(
                .quantile(0.95), RelativeLimit(.more, .times(2)), hold: random.pick([nil, .seconds(10)])))
        let chosen = rules.filter { _ in random.once(in: 3) }
        return Monitor(
            from: random.once(in: 2) ? stages.randomElement(using: &random)?.name : nil,
            duration: .seconds(Int64(random.pick(0...120))),
            sources: MetricSource.names.map { MonitorSource(name: $0, probe: probe) },
            window: .seconds(30), minSamples: random.pick(1...6),
            inconclusive: random.pick([.pause, .rollback, .ignore]),
            grace: .seconds(40), rollbackWhen: chosen + (baseline == nil ? [] : [relative]),
            baseline: baseline, significance: random.pick([nil, 0.9]),
            control: baseline != nil && !random.once(in: 4) ? ["queue"] : nil)
    }
}
