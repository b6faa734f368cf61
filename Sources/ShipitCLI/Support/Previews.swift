import Foundation
import ShipitCore
import ShipitEngine

/// What each part of each stage of a plan would run, as its action says; nothing is done, and no secret is read.
struct Previews {
    private let plan: Plan
    private let project: Project
    private let actions: [String: any Action]
    /// Enough of a command's environment for an action that looks for programs.
    private let caller: [String: String]

    init(plan: Plan, project: Project, actions: [any Action]) {
        self.plan = plan
        self.project = project
        self.actions = Dictionary(actions.map { ($0.description.name, $0) }, uniquingKeysWith: { first, _ in first })
        caller = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
    }

    func all() async -> [StageName: StagePreviews] {
        var previews: [StageName: StagePreviews] = [:]
        for stage in plan.stages where !stage.skipped {
            for part in StagePart.allCases {
                guard let call = stage.call(of: part) else { continue }
                previews[stage.name, default: [:]][part] = await preview(call, of: stage, part)
            }
        }
        return previews
    }

    private func preview(_ call: ActionCall, of stage: PlannedStage, _ part: StagePart) async -> Preview {
        guard let action = actions[call.action] else {
            return .opaque("no action is called \"\(call.action)\"")
        }
        // What such a stage would do is asked apart (`add`); its ways back are asked when they are taken.
        if action is any PreviewsByCommand { return .opaque("its plugin tells only when it runs") }
        do throws(ActionError) {
            let lines = try await action.preview(context(call, of: stage, part: part.attempted))
            return lines.isEmpty ? .opaque("its action says nothing") : .commands(lines)
        } catch {
            return .opaque(error.reason)
        }
    }

    /// Those of plugins, which are commands to be run: what they say replaces what could not be said without.
    func add(_ answers: [StageName: PendingWork], to previews: inout [StageName: StagePreviews]) {
        for (stage, answer) in answers {
            switch answer {
            case .names([]): previews[stage, default: [:]][.perform] = .opaque("its plugin says nothing")
            case .names(let lines): previews[stage, default: [:]][.perform] = .commands(lines)
            case .unknown(let why): previews[stage, default: [:]][.perform] = .opaque(why)
            }
        }
    }

    private func context(_ call: ActionCall, of stage: PlannedStage, part: Part) throws(ActionError) -> ActionContext {
        let release = ReleaseFacts(release: plan.release, tree: project.treeFolder(of: plan.release.commit))
        let previous = plan.previous.map { ReleaseFacts(release: $0, tree: project.treeFolder(of: $0.commit)) }
        let target = part == .undo ? previous : release
        let resolver = PreviewValues(release: release, target: target)
        let attempt = AttemptID(stage: stage.name, part: part, number: 1)
        let scratch = project.stateFolder + "/runs/<run>/work"
        return ActionContext(
            run: RunID("<run>"), attempt: attempt, environment: plan.environment, release: release, previous: previous,
            target: target, vars: plan.vars, suites: resolver.suites(suites(for: call)), root: project.root,
            workdir: stage.workdir.map { Place.join(project.root, $0) } ?? project.root, scratch: scratch,
            inputs: ActionInputs(call.inputs.mapValues(resolver.value)), variables: variables(stage, resolver),
            killAfter: stage.killAfter, leavesRunning: stage.leavesRunning,
            hosts: stage.hosts.map { HostWork(order: $0, touched: Set($0.hosts.map(\.name)), workdir: stage.workdir) },
            services: PreviewServices())
    }

    /// The one that the call names: a plan of thousands of checks is not gone through for each of its stages.
    private func suites(for call: ActionCall) -> [String: [Check]] {
        guard call.action == "checks", case .text(let name)? = call.inputs["suite"], let name = name.literal,
            let checks = plan.suites[name]
        else { return [:] }
        return [name: checks]
    }

    /// The caller's, and what the author maps.
    private func variables(_ stage: PlannedStage, _ values: PreviewValues) -> [String: String] {
        var variables = caller
        for (name, template) in stage.env { variables[name] = values.template(template).literal ?? "" }
        return variables
    }
}

extension StagePart {
    fileprivate var attempted: Part {
        switch self {
        case .perform, .verify: .perform
        case .finally: .finally
        case .rollback: .undo
        }
    }
}

/// What stands for values that are known only while running.
struct PreviewValues {
    let release: ReleaseFacts
    let target: ReleaseFacts?

    func value(_ value: InputValue) -> InputValue { value.mapText(template) }

    func template(_ template: Template) -> Template {
        var text: [Template.Part] = []
        for part in template.parts {
            switch part {
            case .text: text.append(part)
            // The action knows its instances.
            case .reference(.instance, _): text.append(part)
            case .reference(let reference, _): text.append(.text(words(for: reference)))
            }
        }
        return Template(parts: text)
    }

    func suites(_ suites: [String: [Check]]) -> [String: [Check]] {
        suites.mapValues { checks in checks.map { $0.mapText(template) } }
    }

    private func words(for reference: Reference) -> String {
        switch reference {
        case .secret: "***"
        case .release("tree"): release.tree ?? ""
        case .target("tree"): target?.tree ?? ""
        case .target(let field): target?.release.field(field) ?? ""
        case .release, .previous, .variable, .output, .item, .environment, .instance, .run: "<\(reference)>"
        }
    }
}

/// For actions that only say what they would do.
private struct PreviewServices: ActionServices {
    var now: Instant { SystemClock.wallTime }

    func sleep(_ span: TimeSpan) async throws(ActionError) { throw Self.nothing }
    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        throw Self.nothing
    }
    func endCommand(step: String?) async throws(ActionError) { throw Self.nothing }
    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput { throw Self.nothing }
    func step(_ name: String, _ body: @Sendable () async throws(ActionError) -> String) async throws(ActionError)
        -> String
    {
        throw Self.nothing
    }
    func note(_ text: String) {}
    func measure(_ probe: String, _ request: ResolvedProbe) async -> ShipitEngine.Measurement {
        ShipitEngine.Measurement(.noAnswer("a preview asks nothing"))
    }

    private static let nothing = ActionError.failed("known only when it runs")
}
