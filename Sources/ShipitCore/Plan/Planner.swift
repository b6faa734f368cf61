/// Why a checked pipeline gives no plan for this release here. All are the caller's to mend.
public enum PlanError: Error, Hashable, Sendable {
    case unknownEnvironment(String, known: [String])
    case unknownVariable(String, known: [String])
    case missingVariable(String, environment: String)
    case repeatedItem(stage: String, item: String)
    case missingHosts(group: String, environment: String, stage: String)
}

/// Makes the plan of one release in one environment. Pure: the same inputs give the same plan, and so the same digest.
public struct Planner: Sendable {
    private let pipeline: Pipeline
    private let catalog: Catalog

    public init(_ pipeline: Pipeline, catalog: Catalog) {
        self.pipeline = pipeline
        self.catalog = catalog
    }

    /// - Parameter settings: what `--set` gives; each must be a variable of the environment.
    public func plan(
        _ release: Release, in environmentName: String, previous: Release?, settings: [String: String] = [:]
    ) throws(PlanError) -> Plan {
        guard let environment = pipeline.environments.first(where: { $0.name == environmentName }) else {
            throw .unknownEnvironment(environmentName, known: pipeline.environments.map(\.name))
        }
        var vars = environment.vars
        for name in settings.keys.sorted() {
            guard vars[name] != nil else { throw .unknownVariable(name, known: vars.keys.sorted()) }
            vars[name] = settings[name]
        }
        let known = KnownValues(environment: environmentName, release: release, previous: previous, vars: vars)
        var stages: [PlannedStage] = []
        var members: [StageName: [StageName]] = [:]
        for stage in pipeline.stages {
            var expanded = try expand(stage, known)
            for place in expanded.indices where !expanded[place].skipped {
                expanded[place].hosts = try hosts(of: stage, in: environment)
            }
            members[stage.name] = expanded.map(\.name)
            stages += expanded
        }
        for position in stages.indices {
            stages[position].needs = stages[position].needs.flatMap { members[$0] ?? [$0] }
        }
        var plan = Plan(
            pipeline: pipeline.name, environment: environmentName, release: release, previous: previous, vars: vars,
            secrets: pipeline.secrets, passEnv: pipeline.passEnv, stages: inOrder(stages),
            suites: try substitute(pipeline.suites, known),
            monitor: try pipeline.monitor.map { monitor throws(PlanError) in
                try substitute(monitor, known)
            }, approvals: environment.approvals, promote: environment.promote,
            rehearsed: environment.rehearsed, windows: environment.windows, notify: try notify(known))
        plan.addRollbackCheck(written: pipeline.suites)
        return plan
    }

    // MARK: Stages

    private func expand(_ stage: Stage, _ known: KnownValues) throws(PlanError) -> [PlannedStage] {
        guard let items = stage.forEach else { return [try planned(stage, stage.name, known)] }
        var seen: Set<String> = []
        var expanded: [PlannedStage] = []
        for template in items {
            let item = try known.substitute(template).literal ?? ""
            guard seen.insert(item).inserted else { throw .repeatedItem(stage: stage.name.text, item: item) }
            var bound = known
            bound.item = item
            let name = StageName("\(stage.name)[\(item)]")
            bound.member = (group: stage.name, name: name)
            var planned = try planned(stage, name, bound)
            planned.item = item
            planned.group = stage.name.text
            planned.groupLimit = stage.maxParallel
            expanded.append(planned)
        }
        return expanded
    }

    private func planned(_ stage: Stage, _ name: StageName, _ known: KnownValues) throws(PlanError) -> PlannedStage {
        var env: [String: Template] = [:]
        for (variable, template) in stage.env { env[variable] = try known.substitute(template) }
        return PlannedStage(
            name: name, needs: stage.needs, perform: try known.substitute(stage.perform),
            hold: try hold(stage.hold, known),
            undo: try undo(stage, known), finally: try optional(stage.finally, known),
            verify: try optional(stage.verify, known), env: env, workdir: stage.workdir, retry: stage.retry,
            timeout: stage.timeout, deadline: stage.deadline,
            killAfter: stage.killAfter, onExhausted: stage.onExhausted, onInterrupt: stage.onInterrupt,
            reversible: stage.reversible, changes: stage.changes, leavesRunning: stage.leavesRunning,
            skipped: try !(stage.condition.map { condition throws(PlanError) in try holds(condition, known) } ?? true))
    }

    private func hosts(of stage: Stage, in environment: Environment) throws(PlanError) -> HostOrder? {
        guard let choice = stage.hosts else { return nil }
        guard let hosts = environment.hosts[choice.group] else {
            throw .missingHosts(group: choice.group, environment: environment.name, stage: stage.name.text)
        }
        return HostOrder(
            group: choice.group, batches: BatchSize.batches(of: hosts, choice.batches), maxFailures: choice.maxFailures,
            maxParallel: choice.maxParallel, sshConfig: environment.sshConfig)
    }

    private func notify(_ known: KnownValues) throws(PlanError) -> [NotifyEntry]? {
        guard !pipeline.notify.isEmpty else { return nil }
        var entries = pipeline.notify
        for place in entries.indices { entries[place].call = try known.substitute(entries[place].call) }
        return entries
    }

    private func hold(_ hold: StageHold?, _ known: KnownValues) throws(PlanError) -> StageHold? {
        guard case .notify(let call)? = hold else { return hold }
        return .notify(try known.substitute(call))
    }

    private func optional(_ call: ActionCall?, _ known: KnownValues) throws(PlanError) -> ActionCall? {
        guard let call else { return nil }
        return try known.substitute(call)
    }

    private func undo(_ stage: Stage, _ known: KnownValues) throws(PlanError) -> PlannedStage.Undo {
        if let rollback = stage.rollback { return .call(try known.substitute(rollback)) }
        guard let action = catalog.actions[stage.perform.action] else { return .none }
        if let input = action.undoInput, stage.perform.inputs[input] == nil { return .none }
        switch action.undo {
        case .none: return .none
        case .nothing: return .nothing
        case .performs: return .action
        }
    }

    private func holds(_ condition: StageCondition, _ known: KnownValues) throws(PlanError) -> Bool {
        switch condition {
        case .equal(let left, let right):
            return try known.substitute(left).literal == known.substitute(right).literal
        case .notEqual(let left, let right):
            return try known.substitute(left).literal != known.substitute(right).literal
        case .and(let left, let right):
            guard try holds(left, known) else { return false }
            return try holds(right, known)
        case .or(let left, let right):
            if try holds(left, known) { return true }
            return try holds(right, known)
        case .not(let inner): return try !holds(inner, known)
        }
    }

    /// Each stage after all that it needs, otherwise in the order of the file.
    private func inOrder(_ stages: [PlannedStage]) -> [PlannedStage] {
        let index = Dictionary(uniqueKeysWithValues: stages.enumerated().map { ($1.name, $0) })
        enum Mark { case new, open, placed }
        var marks = Array(repeating: Mark.new, count: stages.count)
        var ordered: [PlannedStage] = []
        ordered.reserveCapacity(stages.count)
        for start in stages.indices {
            // A stack of its own: a chain of 10,000 stages written backwards must not end the process's.
            var path = [start]
            while let stage = path.last {
                guard marks[stage] == .new else {
                    path.removeLast()
                    if marks[stage] == .open {
                        marks[stage] = .placed
                        ordered.append(stages[stage])
                    }
                    continue
                }
                marks[stage] = .open
                for need in stages[stage].needs.reversed() {
                    guard let place = index[need], marks[place] != .open else {
                        preconditionFailure(
                            "a checked pipeline has no cycle and no unknown need: \(stages[stage].name)")
                    }
                    if marks[place] == .new { path.append(place) }
                }
            }
        }
        return ordered
    }

    // MARK: Checks and the monitor

    private func substitute(
        _ suites: [String: [Check]], _ known: KnownValues
    ) throws(PlanError) -> [String: [Check]] {
        var changed: [String: [Check]] = [:]
        for (name, checks) in suites {
            var substituted: [Check] = []
            for check in checks {
                substituted.append(
                    try check.mapText { template throws(PlanError) in try known.substitute(template) })
            }
            changed[name] = substituted
        }
        return changed
    }

    private func substitute(_ monitor: Monitor, _ known: KnownValues) throws(PlanError) -> Monitor {
        var changed = monitor
        for position in changed.sources.indices {
            changed.sources[position].probe = try changed.sources[position].probe.mapText {
                template throws(PlanError) in try known.substitute(template)
            }
        }
        return changed
    }
}

/// What is known when planning; the rest (outputs, secrets, instances, trees, targets) stays a reference.
struct KnownValues {
    var environment: String
    var release: Release
    var previous: Release?
    var vars: [String: String]
    var item: String?
    /// The stage's own name and its group's: its undo may say the group's where its own outputs are meant.
    var member: (group: StageName, name: StageName)?

    init(environment: String, release: Release, previous: Release?, vars: [String: String]) {
        self.environment = environment
        self.release = release
        self.previous = previous
        self.vars = vars
    }

    func substitute(_ template: Template) throws(PlanError) -> Template {
        var parts: [Template.Part] = []
        for part in template.parts {
            guard case .reference(let reference, let fallback) = part, isKnown(reference) else {
                parts.append(ownOutput(part))
                continue
            }
            guard let value = value(reference) ?? fallback ?? unsaid(reference) else {
                throw .missingVariable(reference.description, environment: environment)
            }
            parts.append(.text(value))
        }
        return Template(parts: parts).joined
    }

    private func ownOutput(_ part: Template.Part) -> Template.Part {
        guard case .reference(.output(let stage, let output), let fallback) = part, let member, stage == member.group
        else { return part }
        return .reference(.output(member.name, output), fallback: fallback)
    }

    func substitute(_ call: ActionCall) throws(PlanError) -> ActionCall {
        var changed = call
        for (name, input) in call.inputs {
            changed.inputs[name] = try input.mapText { template throws(PlanError) in try substitute(template) }
        }
        return changed
    }

    private func isKnown(_ reference: Reference) -> Bool {
        switch reference {
        case .release(let field): field != "tree"
        case .previous, .variable, .environment: true
        case .item: item != nil
        case .target, .output, .secret, .instance, .run: false
        }
    }

    /// On a first deployment there is no release before it, and that is an empty text, as `SHIPIT_PREVIOUS_VERSION` is.
    private func unsaid(_ reference: Reference) -> String? {
        if case .previous = reference { return "" }
        return nil
    }

    private func value(_ reference: Reference) -> String? {
        switch reference {
        case .release(let field): release.field(field)
        case .previous(let field): previous?.field(field)
        case .variable(let name): vars[name]
        case .item: item
        case .environment: environment
        case .target, .output, .secret, .instance, .run: nil
        }
    }
}

extension Release {
    /// `tag`, `version` or `commit`.
    public func field(_ name: String) -> String? {
        switch name {
        case "tag": tag
        case "version": version
        case "commit": commit
        default: nil
        }
    }
}

extension Template {
    /// The same with neighbouring texts made one, so that equal templates are equal values.
    var joined: Template {
        var parts: [Part] = []
        for part in self.parts {
            if case .text(let text) = part, case .text(let before)? = parts.last {
                parts[parts.count - 1] = .text(before + text)
            } else if part != .text("") {
                parts.append(part)
            }
        }
        return Template(parts: parts)
    }
}
