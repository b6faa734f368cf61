internal import ShipitCore
internal import Synchronization

/// One try at sending one message: its action's `perform`, supervised like any command. Nothing of it is journaled.
struct NoticeCall: Sendable {
    let message: OutboxNotice
    let record: RunRecord
    let call: ActionCall
    let parts: EngineParts
    private let state: RunState
    private let facts: NoticeFacts

    /// - Parameter entries: the run's journal, at least through the event that causes the message.
    init(
        _ message: OutboxNotice, _ call: ActionCall, of record: RunRecord, plan: Plan, entries: [JournalEntry],
        parts: EngineParts
    ) {
        self.message = message
        self.record = record
        self.call = call
        self.parts = parts
        var state = RunState(plan: plan)
        var cause: RunEvent?
        for entry in entries where entry.sequence <= message.notice.sequence {
            state.apply(entry.event, at: entry.at)
            cause = entry.event
        }
        self.state = state
        facts = NoticeFacts(message, state, after: cause)
    }

    /// How it ended. A cancelled task ends the action's command and says so.
    func send() async -> NoticeEnd {
        let redactor = Redactor(parts.secrets.values)
        let services = NoticeServices(run: message.run, attempt: attempt, parts: parts)
        do throws(ActionError) {
            guard let action = parts.actions[call.action] else {
                return .failed("no action is called \"\(call.action)\" here")
            }
            let context = try context(action, services)
            let performing = Task { () async -> Result<[String: String], ActionError> in
                do throws(ActionError) { return .success(try await action.perform(context)) } catch {
                    return .failure(error)
                }
            }
            let result = await withTaskCancellationHandler {
                await performing.value
            } onCancel: {
                performing.cancel()
                services.end()
            }
            services.finish()
            _ = try result.get()
            return .delivered
        } catch {
            services.finish()
            switch error {
            case .badInput, .failedForGood: return .failedForGood(redactor.redact(error.reason))
            case .cancelled: return .failed("it was not through when the process that sent it ended")
            case .command, .commands, .failed, .stopped:
                return .failed(redactor.redact(await words(error, services)))
            }
        }
    }

    /// The last words of a command say more than its exit status.
    private func words(_ error: ActionError, _ services: NoticeServices) async -> String {
        guard case .command(.exited, _) = error else { return error.reason }
        // Without them the exit status is all there is to tell.
        guard let output = try? await services.output(step: nil, limit: Self.wordLimit) else { return error.reason }
        let bytes = output.standardError.isEmpty ? output.standardOutput : output.standardError
        let last = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).last { line in
            line.contains { !$0.isWhitespace }
        }
        return error.reason + (last.map { ": \($0.prefix(Self.wordLimit))" } ?? "")
    }

    /// In bytes.
    private static let wordLimit = 500

    /// As a stage of this name would be tried; no stage can have it.
    private var attempt: AttemptID {
        let source = message.notice.source.name
        return AttemptID(stage: StageName("\(source)/\(message.notice.sequence)"), number: message.tries)
    }

    private func context(_ action: any Action, _ services: NoticeServices) throws(ActionError) -> ActionContext {
        let plan = state.plan
        let release = ReleaseFacts(release: plan.release, tree: parts.releaseTree)
        var outputs: [StageName: [String: String]] = [:]
        for stage in plan.stages { outputs[stage.name] = state[stage.name]?.outputs }
        let resolver = Resolver(
            run: message.run, releaseTree: parts.releaseTree, target: release, outputs: outputs, secrets: parts.secrets,
            facts: facts.references)
        // Named by the try, as an attempt's folder is.
        let scratch = "\(parts.runFolder)/\(message.tries)"
        if let reason = Sharing(of: parts.runFolder).makeFolder(scratch) { throw .failed("cannot make \(reason)") }
        var base = StageVariables.base(plan, run: message.run, epoch: Epoch(Int64(message.tries)), parts: parts)
        if let access = action.description.access {
            base = StageVariables.base(base, for: access, plan, parts: parts)
        }
        let stage = PlannedStage(name: attempt.stage, perform: call)
        return ActionContext(
            run: message.run, attempt: attempt, pipeline: plan.pipeline, environment: plan.environment,
            release: release,
            previous: plan.previous.map { ReleaseFacts(release: $0) }, target: release, vars: plan.vars,
            root: record.root, workdir: record.root, scratch: scratch, inputs: try resolver.inputs(call),
            variables: try StageVariables.variables(
                base, attempt: attempt, stage: stage, target: release, scratch: scratch, resolver: resolver),
            secretValues: Array(parts.secrets.values), deadline: parts.clock.now + NoticeTries.timeout,
            killAfter: Self.killAfter, notice: facts, services: services)
    }

    private static let killAfter = TimeSpan.seconds(2)
}

/// Commands and what they print, within the time of a try; nothing that a journal would keep.
private final class NoticeServices: ActionServices {
    private let run: RunID
    private let attempt: AttemptID
    private let parts: EngineParts
    private let deadline: Instant
    private let state = Mutex((isEnding: false, isOver: false))

    init(run: RunID, attempt: AttemptID, parts: EngineParts) {
        self.run = run
        self.attempt = attempt
        self.parts = parts
        deadline = parts.clock.now + NoticeTries.timeout
    }

    /// Nothing more of it may start, and what runs is ended.
    func end() {
        state.withLock { $0.isEnding = true }
        Task.detached { [self] in
            // A command that was on its way to the supervisor meanwhile is ended the next time.
            while !state.withLock(\.isOver) {
                do throws(ProcessesError) { try await parts.processes.end(prefix: key(nil).text) } catch { return }
                do { try await parts.clock.sleep(.milliseconds(100)) } catch { return }
            }
        }
    }

    func finish() { state.withLock { $0.isOver = true } }

    var now: Instant { parts.clock.now }

    private func key(_ step: String?) -> CommandKey { CommandKey(run: run, attempt: attempt, step: step) }

    func sleep(_ span: TimeSpan) async throws(ActionError) {
        do { try await parts.clock.sleep(span) } catch { throw .cancelled }
    }

    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        if state.withLock(\.isEnding) { throw .cancelled }
        let key = key(step)
        var request = request
        request.environment["SHIPIT_IDEMPOTENCY_KEY"] = key.text
        let left = max(deadline - now, .milliseconds(1))
        request.timeout = min(request.timeout ?? left, left)
        let end: CommandEnd
        do throws(ProcessesError) { end = try await parts.processes.run(key, request) } catch { throw unusable(error) }
        if end == .ended { throw .cancelled }
        return end
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
    { try await body() }

    func note(_ text: String) {}

    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement {
        Measurement(.noAnswer("who only tells somebody asks nothing"))
    }

    private func unusable(_ error: ProcessesError) -> ActionError {
        switch error {
        case .unavailable(let reason): .failed("the supervisor cannot be used: \(reason)")
        case .fenced: .failed("another process sends it")
        }
    }
}
