internal import Foundation
public import ShipitCore
internal import Synchronization

/// Where an action whose work is a command is tried: a project's folder and a run's, with real processes. A mark is a line of
/// the command's message file; it is cut off with SIGKILL, as a power cut does it.
public final class CommandPlace: TrialPlace {
    private let stage: PlannedStage
    private let plan: Plan
    private let run: RunID
    private let root: String
    private let makeParts: @Sendable (_ runFolder: String) -> EngineParts
    private let parts: EngineParts
    private let state = Mutex(State())

    private struct State {
        var calls = 0
        var cut: Int?
        var marks = 0
        var wasCut = false
    }

    /// - Parameters:
    ///   - root: stands for the folder that holds `pipelines/`; absolute.
    ///   - runFolder: for the run's own files; absolute.
    ///   - makeParts: with processes that keep their record in the given folder: each call has a record of its own, so that a key
    ///     may be performed twice.
    public init(
        _ stage: PlannedStage, of plan: Plan, run: RunID, root: String, runFolder: String,
        makeParts: @escaping @Sendable (_ runFolder: String) -> EngineParts
    ) {
        self.stage = stage
        self.plan = plan
        self.run = run
        self.root = root
        self.makeParts = makeParts
        parts = makeParts(runFolder)
    }

    public func cutNext(after marks: Int) { state.withLock { $0.cut = marks } }
    public var passed: (marks: Int, wasCut: Bool) { state.withLock { ($0.marks, $0.wasCut) } }

    public func image() throws(ActionError) -> [String: String] { try FolderRecord.of(root) }

    public func context(
        _ part: Part, _ number: Int, outputs: [String: String]
    ) async throws(ActionError) -> ActionContext {
        let attempt = AttemptID(stage: stage.name, part: part, number: number)
        let release = ReleaseFacts(release: plan.release, tree: parts.releaseTree)
        let previous = plan.previous.map { ReleaseFacts(release: $0, tree: parts.previousTree) }
        let target = part == .undo ? previous : release
        let resolver = Resolver(
            run: run, releaseTree: parts.releaseTree, target: target, outputs: [:], secrets: parts.secrets)
        let scratch = try StageVariables.makeScratch(parts.runFolder, attempt)
        var base = StageVariables.base(plan, run: run, epoch: Epoch(1), parts: parts)
        if let access = parts.actions[stage.perform.action]?.description.access {
            base = StageVariables.base(base, for: access, plan, parts: parts)
        }
        let (call, cut) = state.withLock { state in
            state.calls += 1
            defer { (state.cut, state.marks, state.wasCut) = (nil, 0, false) }
            return (state.calls, part == .perform ? state.cut : nil)
        }
        let services = TrialServices(
            parts: makeParts("\(parts.runFolder)/calls/\(call)"), run: run, attempt: attempt, cut: cut
        ) { [self] marks, wasCut in
            state.withLock { ($0.marks, $0.wasCut) = (marks, wasCut) }
        }
        return ActionContext(
            run: run, attempt: attempt, pipeline: plan.pipeline, environment: plan.environment, release: release,
            previous: previous, target: target, vars: plan.vars, root: root,
            workdir: stage.workdir.map { Paths.join(root, $0) } ?? root, scratch: scratch,
            inputs: try resolver.inputs(stage.perform), outputs: outputs,
            variables: try StageVariables.variables(
                base, attempt: attempt, stage: stage, target: target, scratch: scratch, resolver: resolver),
            secretValues: Array(parts.secrets.values), deadline: parts.clock.now + stage.timeout,
            killAfter: stage.killAfter, services: services)
    }
}

/// One call's services: its command is real, and may be cut off.
private struct TrialServices: ActionServices {
    let parts: EngineParts
    let run: RunID
    let attempt: AttemptID
    let cut: Int?
    let tell: @Sendable (_ marks: Int, _ wasCut: Bool) -> Void

    var now: Instant { parts.clock.now }

    func sleep(_ span: TimeSpan) async throws(ActionError) {
        do { try await parts.clock.sleep(span) } catch { throw .cancelled }
    }

    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        let key = CommandKey(run: run, attempt: attempt, step: step)
        var request = request
        request.environment["SHIPIT_IDEMPOTENCY_KEY"] = key.text
        let cutter = cut.map { marks in
            CommandCutter(marks: marks, messages: request.environment["SHIPIT_MESSAGES"] ?? "", mark: key.text)
        }
        if cutter != nil { request.argv = CommandCutter.held(request.argv) }
        cutter?.begin()
        let end: CommandEnd
        do throws(ProcessesError) {
            end = try await parts.processes.run(key, request)
            try await parts.processes.finish()
        } catch {
            cutter?.finish()
            throw unusable(error)
        }
        let wasCut = cutter?.finish() ?? false
        tell(CommandCutter.lines(of: request.environment["SHIPIT_MESSAGES"] ?? ""), wasCut)
        // Nobody is there to tell how it ended.
        return wasCut ? .unknown : end
    }

    func endCommand(step: String?) async throws(ActionError) {
        let key = CommandKey(run: run, attempt: attempt, step: step)
        do throws(ProcessesError) { try await parts.processes.end(prefix: key.text) } catch { throw unusable(error) }
    }

    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput {
        let key = CommandKey(run: run, attempt: attempt, step: step)
        do throws(ProcessesError) { return try await parts.processes.output(of: key, limit: limit) } catch {
            throw unusable(error)
        }
    }

    func step(
        _ name: String, _ body: @Sendable () async throws(ActionError) -> String
    ) async throws(ActionError) -> String { try await body() }

    func note(_ text: String) {}

    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement {
        Measurement(.noAnswer("a trial asks no probe"))
    }

    private func unusable(_ error: ProcessesError) -> ActionError {
        switch error {
        case .unavailable(let reason): .failed("the supervisor cannot be used: \(reason)")
        case .fenced: .stopped("another engine has come")
        }
    }
}
