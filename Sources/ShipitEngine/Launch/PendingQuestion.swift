public import ShipitCore

/// Asks an action, before there is a run, what would be left for it to do. Commands run as they would in the run, with the
/// stage's own environment.
public struct PendingQuestion: Sendable {
    private let plan: Plan
    private let root: String
    private let parts: EngineParts

    /// Stands for the run that there is not.
    public static let run = RunID("plan")

    /// - Parameter root: the folder that holds `pipelines/`; absolute.
    public init(_ plan: Plan, root: String, parts: EngineParts) {
        self.plan = plan
        self.root = root
        self.parts = parts
    }

    /// The secrets that a stage's commands see: without them nothing can be asked.
    public static func secrets(of stage: PlannedStage, access: ActionAccess?) -> Set<String> {
        let references = stage.env.values.flatMap(\.references) + stage.perform.references
        return Set(references.compactMap { if case .secret(let name) = $0 { name } else { nil } })
            .union(access?.secrets ?? [])
    }

    /// - Returns: `nil` where the stage's action has no such list.
    public func ask(_ stage: PlannedStage, within limit: TimeSpan) async throws(ActionError) -> [String]? {
        guard let action = parts.actions[stage.perform.action] as? any TellsPending else { return nil }
        let answer = try await action.pending(context(stage, within: limit))
        let redactor = Redactor(parts.secrets.values)
        return answer.map(redactor.redact)
    }

    /// What `perform` would do, of an action that needs a command to tell; `nil` of another one.
    public func preview(_ stage: PlannedStage, within limit: TimeSpan) async throws(ActionError) -> [String]? {
        guard let action = parts.actions[stage.perform.action] as? any PreviewsByCommand else { return nil }
        let lines = try await action.preview(context(stage, within: limit))
        let redactor = Redactor(parts.secrets.values)
        return lines.map(redactor.redact)
    }

    private func context(_ stage: PlannedStage, within limit: TimeSpan) throws(ActionError) -> ActionContext {
        let attempt = AttemptID(stage: stage.name, number: 1)
        let release = ReleaseFacts(release: plan.release, tree: parts.releaseTree)
        let previous = plan.previous.map { ReleaseFacts(release: $0, tree: parts.previousTree) }
        // What another stage gives is not there, and so is refused.
        let resolver = Resolver(
            run: Self.run, releaseTree: parts.releaseTree, target: release, outputs: [:], secrets: parts.secrets)
        let scratch = try StageVariables.makeScratch(parts.runFolder, attempt)
        var base = StageVariables.base(plan, run: Self.run, epoch: Epoch(1), parts: parts)
        if let access = parts.actions[stage.perform.action]?.description.access {
            base = StageVariables.base(base, for: access, plan, parts: parts)
        }
        return ActionContext(
            run: Self.run, attempt: attempt, environment: plan.environment, release: release, previous: previous,
            target: release, vars: plan.vars, root: root,
            workdir: stage.workdir.map { Paths.join(root, $0) } ?? root, scratch: scratch,
            inputs: try resolver.inputs(stage.perform),
            variables: try StageVariables.variables(
                base, attempt: attempt, stage: stage, target: release, scratch: scratch, resolver: resolver),
            secretValues: Array(parts.secrets.values), deadline: parts.clock.now + limit, killAfter: stage.killAfter,
            services: AskingServices(parts: parts, attempt: attempt))
    }
}

/// Commands and what they print; nothing that a run's journal would keep.
private struct AskingServices: ActionServices {
    let parts: EngineParts
    let attempt: AttemptID

    var now: Instant { parts.clock.now }

    private func key(_ step: String?) -> CommandKey {
        CommandKey(run: PendingQuestion.run, attempt: attempt, step: step)
    }

    func sleep(_ span: TimeSpan) async throws(ActionError) {
        do { try await parts.clock.sleep(span) } catch { throw .cancelled }
    }

    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        do throws(ProcessesError) { return try await parts.processes.run(key(step), request) } catch {
            throw unusable(error)
        }
    }

    func endCommand(step: String?) async throws(ActionError) {
        do throws(ProcessesError) { try await parts.processes.end(prefix: key(step).text) } catch {
            throw unusable(error)
        }
    }

    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput {
        do throws(ProcessesError) { return try await parts.processes.output(of: key(step), limit: limit) } catch {
            throw unusable(error)
        }
    }

    func step(_ name: String, _ body: @Sendable () async throws(ActionError) -> String) async throws(ActionError)
        -> String
    { throw .stopped("there is no run that could keep a step") }

    func note(_ text: String) {}

    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement {
        guard let probe = parts.probes[probe] else { return Measurement(.noAnswer("no probe is called \"\(probe)\"")) }
        return await probe.measure(request)
    }

    private func unusable(_ error: ProcessesError) -> ActionError {
        switch error {
        case .unavailable(let reason): .failed("the supervisor cannot be used: \(reason)")
        case .fenced: .stopped("another engine has come")
        }
    }
}
