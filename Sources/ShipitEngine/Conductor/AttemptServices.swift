internal import ShipitCore
internal import Synchronization

/// What the engine does for one attempt's action: commands under its key, durable steps, time, probes.
final class AttemptServices: ActionServices {
    private let run: RunID
    private let attempt: AttemptID
    private let parts: EngineParts
    private let mailbox: Mailbox
    private let deadline: Instant
    /// The machine was restarted since the attempt began: a key on nobody's record may have run all the same.
    private let inDoubt: Bool
    /// The step of commands that name none.
    private let defaultStep: String?
    /// Whether the attempt has been told to end: nothing more of it may start.
    private let isEnding: @Sendable () -> Bool
    private let fail: @Sendable (EngineError) -> Void
    private let steps: Mutex<Steps>

    /// Steps of before, and which of them have been asked for again.
    private struct Steps {
        var earlier: [StageState.Step]
        var taken: Set<String> = []
        /// Those that begin now: the journal shows that no command of theirs can have run.
        var new: Set<String> = []
    }

    init(
        run: RunID, attempt: AttemptID, parts: EngineParts, mailbox: Mailbox, deadline: Instant,
        steps: [StageState.Step], inDoubt: Bool, defaultStep: String?,
        isEnding: @escaping @Sendable () -> Bool, fail: @escaping @Sendable (EngineError) -> Void
    ) {
        self.run = run
        self.attempt = attempt
        self.parts = parts
        self.mailbox = mailbox
        self.deadline = deadline
        self.inDoubt = inDoubt
        self.defaultStep = defaultStep
        self.isEnding = isEnding
        self.fail = fail
        self.steps = Mutex(Steps(earlier: steps))
    }

    var now: Instant { parts.clock.now }
    var checkBook: (any CheckBook)? { parts.checkBook }

    func sleep(_ span: TimeSpan) async throws(ActionError) {
        let left = deadline - now
        do { try await parts.clock.sleep(min(span, max(left, .zero))) } catch { throw .cancelled }
        if span > left { throw .command(.timedOut, what: "the stage") }
    }

    // MARK: Commands

    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        if isEnding() { throw .cancelled }
        let key = key(step)
        var request = request
        request.environment["SHIPIT_IDEMPOTENCY_KEY"] = key.text
        let left = deadline - now
        request.timeout = min(request.timeout ?? left, max(left, .milliseconds(1)))
        let end: CommandEnd
        do throws(ProcessesError) {
            if inDoubt, !isNew(step), case .absent = try await parts.processes.record(of: key) { return .unknown }
            end = try await parts.processes.run(key, request)
        } catch {
            throw stopped(error)
        }
        if end == .ended { throw .cancelled }
        return end
    }

    func endCommand(step: String?) async throws(ActionError) {
        do throws(ProcessesError) {
            try await parts.processes.end(prefix: key(step).text)
        } catch {
            throw stopped(error)
        }
    }

    private func key(_ step: String?) -> CommandKey {
        let steps = [defaultStep, step].compactMap(\.self)
        return CommandKey(run: run, attempt: attempt, step: steps.isEmpty ? nil : steps.joined(separator: "/"))
    }

    private func isNew(_ step: String?) -> Bool {
        step.map { step in steps.withLock { $0.new.contains(step) } } ?? false
    }

    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput {
        do throws(ProcessesError) {
            return try await parts.processes.output(of: key(step), limit: limit)
        } catch {
            throw stopped(error)
        }
    }

    private func stopped(_ error: ProcessesError) -> ActionError {
        fail(.processes(error))
        return .stopped("the supervisor cannot be used")
    }

    // MARK: Steps

    func step(
        _ name: String, _ body: @Sendable () async throws(ActionError) -> String
    ) async throws(ActionError) -> String {
        let earlier = try takeEarlier(name)
        if let result = earlier?.result { return result }
        if earlier == nil {
            try await record(.stepStarted(attempt, step: name))
            steps.withLock { _ = $0.new.insert(name) }
        }
        let result = try await body()
        try await record(.stepFinished(attempt, step: name, result: result))
        return result
    }

    /// The journal's word on this step. A name stands for one step: asking twice is a programmer's error, which must stop
    /// the run rather than be guessed around. (Steps of instances that run side by side may come in any order.)
    private func takeEarlier(_ name: String) throws(ActionError) -> StageState.Step? {
        let (step, isNew) = steps.withLock { steps in
            (steps.earlier.first { $0.name == name }, steps.taken.insert(name).inserted)
        }
        if !isNew {
            let message = "\(attempt.stage): step \"\(name)\" was asked for twice"
            fail(.broken(message))
            throw .stopped(message)
        }
        return step
    }

    private func record(_ happening: Happening) async throws(ActionError) {
        let isDurable = await withCheckedContinuation { continuation in
            mailbox.post(happening) { continuation.resume(returning: $0) }
        }
        if !isDurable { throw .stopped("the journal cannot be written") }
    }

    // MARK: The rest

    func note(_ text: String) {
        parts.notes?.note(text, key: CommandKey(run: run, attempt: attempt))
    }

    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement {
        guard let probe = parts.probes[probe] else { return Measurement(.noAnswer("no probe is called \"\(probe)\"")) }
        var request = request
        request.timeout = min(request.timeout, max(deadline - now, .milliseconds(1)))
        return await probe.measure(request)
    }
}
