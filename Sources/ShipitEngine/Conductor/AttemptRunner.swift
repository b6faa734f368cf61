internal import ShipitCore
internal import Synchronization

/// Carries out attempts: builds what the action may know, runs it, and reports how it ended.
final class AttemptRunner: Sendable {
    let parts: EngineParts
    let run: RunID
    let plan: Plan
    private let root: String
    private let epoch: Epoch
    private let bootID: String
    private let mailbox: Mailbox
    private let fail: @Sendable (EngineError) -> Void
    private let redactor: Redactor
    private let base: [String: String]
    private let inFlight = Mutex<[AttemptID: InFlight]>([:])

    private struct InFlight {
        var task: Task<Void, Never>?
        /// Why it is being ended, if it is.
        var ending: Verdict?
    }

    init(
        _ start: Conductor.Start, epoch: Epoch, parts: EngineParts, mailbox: Mailbox,
        fail: @escaping @Sendable (EngineError) -> Void
    ) {
        self.parts = parts
        run = start.record.created.run
        plan = start.state.plan
        root = start.record.root
        self.epoch = epoch
        bootID = start.bootID
        self.mailbox = mailbox
        self.fail = fail
        redactor = Redactor(parts.secrets.values)
        base = StageVariables.base(start.state.plan, run: run, epoch: epoch, parts: parts)
    }

    // MARK: Effects

    /// Starts the attempt, or goes on with it after a resume.
    func start(_ attempt: AttemptID, state: RunState, reentering: Bool) {
        let known = Known(state, attempt)
        inFlight.withLock { $0[attempt] = InFlight() }
        let task = Task.detached { [self] in
            if reentering { mailbox.post(.reattached(attempt)) }
            let watchdog = watch(attempt, until: known.deadline ?? parts.clock.now + known.stage.timeout)
            let result = await carryOut(attempt, known, reentering: reentering)
            watchdog.cancel()
            let ending = inFlight.withLock { $0.removeValue(forKey: attempt)?.ending }
            guard let result = finalResult(result, ending: ending) else { return }
            mailbox.post(.attemptEnded(attempt, redacted(result)))
        }
        inFlight.withLock { $0[attempt]?.task = task }
    }

    /// Ends an attempt whose time is up. The supervisor does so for commands by itself, a little earlier; this is for what
    /// an action does in this process.
    private func watch(_ attempt: AttemptID, until deadline: Instant) -> Task<Void, Never> {
        Task.detached { [self] in
            do { try await parts.clock.sleep(deadline + .milliseconds(250) - parts.clock.now) } catch { return }
            end(attempt, because: .timedOut)
        }
    }

    /// Ends the attempt's commands and cancels what it does in this process; its result says why.
    func end(_ attempt: AttemptID, because verdict: Verdict) {
        let task = inFlight.withLock { attempts in
            if attempts[attempt]?.ending == nil { attempts[attempt]?.ending = verdict }
            return attempts[attempt]?.task
        }
        Task.detached { [self] in
            repeat {
                do throws(ProcessesError) {
                    try await parts.processes.end(prefix: CommandKey(run: run, attempt: attempt).text)
                } catch {
                    fail(.processes(error))
                }
                task?.cancel()
                // A command that was on its way to the supervisor meanwhile is ended the next time.
                do { try await parts.clock.sleep(.milliseconds(200)) } catch { return }
            } while inFlight.withLock { $0[attempt] != nil }
        }
    }

    private func isEnding(_ attempt: AttemptID) -> Bool { inFlight.withLock { $0[attempt]?.ending != nil } }

    /// Asks the stage's `verify`, or its action, whether the work of an attempt of unknown outcome is done.
    func verify(_ attempt: AttemptID, state: RunState) {
        let known = Known(state, attempt)
        Task.detached { [self] in
            let outcome = await verification(attempt, known)
            mailbox.post(.verified(attempt, outcome))
        }
    }

    // MARK: Carrying out

    /// What an attempt needs of the run's state, so that the state itself doesn't travel.
    private struct Known: Sendable {
        var stage: PlannedStage
        /// The end of the stage's `timeout` or `deadline`, whichever comes first.
        var deadline: Instant?
        var startedInBoot: String?
        var outputs: [StageName: [String: String]]
        var own: [String: String]
        var steps: [StageState.Step]
        var touchedHosts: Set<String>
        var hostsThrough: Set<String>

        init(_ state: RunState, _ attempt: AttemptID) {
            guard let stage = state.planned(attempt.stage), let standing = state[attempt.stage] else {
                preconditionFailure("\(attempt.stage) is not in the plan")
            }
            self.stage = stage
            if attempt.part == .rollbackCheck { self.stage.forgetOutputs() }
            deadline = state.deadline(of: attempt)
            startedInBoot = standing[attempt.part].startedInBoot
            own = standing.outputs
            steps = standing.steps[attempt] ?? []
            outputs = state.outputs(usedBy: stage)
            touchedHosts = Set((standing.hosts[.perform] ?? [:]).filter(\.value.isTouched).keys)
            hostsThrough = Set((standing.hosts[attempt.part] ?? [:]).filter(\.value.isThrough).keys)
        }
    }

    private func carryOut(_ attempt: AttemptID, _ known: Known, reentering: Bool) async -> AttemptResult {
        do throws(ActionError) {
            let call = known.stage.call(of: attempt.part)
            let (action, context) = try prepare(attempt, call, known, reentering: reentering)
            if attempt.part == .undo, known.stage.undo == .action {
                try await action.undo(context)
                return AttemptResult(.succeeded, exit: .code(0))
            }
            return AttemptResult(.succeeded, exit: .code(0), outputs: try await action.perform(context))
        } catch {
            // Nothing is recorded of it, so nothing would ever happen again if the engine did not stop with it. Where it
            // has been told to stop already, for a better reason, that stands.
            if case .stopped(let reason) = error { fail(.broken(reason)) }
            return AttemptResult(error)
        }
    }

    private func verification(_ attempt: AttemptID, _ known: Known) async -> VerifiedOutcome {
        do throws(ActionError) {
            if let call = known.stage.verify {
                let (action, context) = try prepare(attempt, call, known, reentering: false, step: "verify")
                do throws(ActionError) {
                    _ = try await action.perform(context)
                    return .done(outputs: known.own)
                } catch {
                    if case .command(.exited(1), _) = error { return .notDone }
                    return .unknown("its verify command could not tell: \(error.reason)")
                }
            }
            let (action, context) = try prepare(attempt, known.stage.perform, known, reentering: false)
            switch try await action.verify(context) {
            case .done(let outputs): return .done(outputs: outputs.mapValues(redactor.redact))
            case .notDone: return .notDone
            case .unknown(let why): return .unknown(redactor.redact(why))
            }
        } catch {
            return .unknown(redactor.redact(error.reason))
        }
    }

    private func prepare(
        _ attempt: AttemptID, _ call: ActionCall, _ known: Known, reentering: Bool, step: String? = nil
    ) throws(ActionError) -> (any Action, ActionContext) {
        guard let action = parts.actions[call.action] else {
            throw .failedForGood("no action is called \"\(call.action)\"")
        }
        let release = ReleaseFacts(release: plan.release, tree: parts.releaseTree)
        let previous = plan.previous.map { ReleaseFacts(release: $0, tree: parts.previousTree) }
        // Undone, the release before is what there is.
        let target = attempt.part == .undo || attempt.part == .rollbackCheck ? previous : release
        let resolver = Resolver(
            run: run, releaseTree: parts.releaseTree, target: target, outputs: known.outputs, secrets: parts.secrets)
        let scratch = try StageVariables.makeScratch(parts.runFolder, attempt)
        let seen = action.description.access.map { StageVariables.base(base, for: $0, plan, parts: parts) } ?? base
        let variables = try StageVariables.variables(
            seen, attempt: attempt, stage: known.stage, target: target, scratch: scratch, resolver: resolver)
        let deadline = known.deadline ?? parts.clock.now + known.stage.timeout
        let services = AttemptServices(
            run: run, attempt: attempt, parts: parts, mailbox: mailbox, deadline: deadline, steps: known.steps,
            inDoubt: reentering && known.startedInBoot != bootID, defaultStep: step,
            isEnding: { [self] in isEnding(attempt) }, fail: fail)
        let context = ActionContext(
            run: run, attempt: attempt, pipeline: plan.pipeline, environment: plan.environment, release: release,
            previous: previous,
            target: target, vars: plan.vars, suites: try suites(for: call, resolver), root: root,
            workdir: known.stage.workdir.map { Paths.join(root, $0) } ?? root, scratch: scratch,
            inputs: try resolver.inputs(call), outputs: known.own, variables: variables,
            secretValues: Array(parts.secrets.values), deadline: deadline, killAfter: known.stage.killAfter,
            leavesRunning: known.stage.leavesRunning, hosts: hosts(known, variables, isVerification: step != nil),
            services: services)
        return (action, context)
    }

    private func hosts(_ known: Known, _ variables: [String: String], isVerification: Bool) -> HostWork? {
        known.stage.hosts.map { order in
            HostWork(
                order: order, touched: known.touchedHosts, through: known.hostsThrough,
                variables: StageVariables.onHosts(variables, stage: known.stage),
                workdir: known.stage.workdir, isVerification: isVerification)
        }
    }

    /// The suite that the call names, with its references filled in.
    private func suites(for call: ActionCall, _ resolver: Resolver) throws(ActionError) -> [String: [Check]] {
        guard call.action == "checks", case .text(let template)? = call.inputs["suite"], let name = template.literal,
            let checks = plan.suites[name]
        else { return [:] }
        var resolved: [Check] = []
        for check in checks {
            resolved.append(try check.mapText { template throws(ActionError) in try resolver.resolve(template) })
        }
        return [name: resolved]
    }

    // MARK: Results

    /// An attempt that was ended from outside has ended for that reason, unless it had succeeded already. `nil` where the
    /// engine itself is stopping and the journal must stay as it is.
    private func finalResult(_ result: AttemptResult?, ending: Verdict?) -> AttemptResult? {
        guard let result else { return nil }
        guard let ending, result.verdict != .succeeded else {
            return result.reason == AttemptResult.engineStopped ? nil : result
        }
        return AttemptResult(ending, exit: result.exit, reason: ending.endingReason)
    }

    private func redacted(_ result: AttemptResult) -> AttemptResult {
        var redacted = result
        redacted.reason = result.reason.map(redactor.redact)
        redacted.outputs = result.outputs.mapValues(redactor.redact)
        return redacted
    }

    // MARK: Samples

    /// One sample of a monitor source. A probe that gives no answer is an error sample where refusing is an answer of its
    /// kind (http, tcp, run), else no data.
    func sample(_ source: MonitorSource, inSeries number: Int) async -> Sample {
        let at = parts.clock.now
        let resolver = Resolver(
            run: run, releaseTree: parts.releaseTree,
            target: ReleaseFacts(release: plan.release, tree: parts.releaseTree), outputs: [:], secrets: parts.secrets)
        guard let probe = parts.probes[source.probe.probe] else { return Sample(at: at, kind: .noData) }
        let measurement: Measurement
        do throws(ActionError) {
            let request = try resolver.probe(source.probe)
            var fields: [String: ResolvedValue] = [:]
            for (name, value) in request.fields { fields[name] = try value.settled() }
            if source.probe.probe == "http" { fields["accept-redirect"] = .text("true") }
            measurement = await probe.measure(
                ResolvedProbe(
                    subject: try request.subject.settled(), fields: fields, timeout: source.timeout, directory: root,
                    variables: base, secretValues: Array(parts.secrets.values),
                    series: SampleSeries(source: "\(run)/\(source.name)", number: number)))
        } catch {
            return Sample(at: at, kind: .noData)
        }
        let isAnswering = ["http", "tcp", "run"].contains(source.probe.probe)
        switch measurement.verdict {
        case .passed:
            if let number = measurement.number, !number.isFinite { return Sample(at: at, kind: .noData) }
            return Sample(at: at, kind: .good(seconds: measurement.seconds, number: measurement.number))
        case .failed:
            // It ended well, and gave no number where one was asked for.
            let lacksNumber = measurement.missed == ["number"] && measurement.number == nil
            return Sample(at: at, kind: lacksNumber ? .noData : .error)
        case .noAnswer: return Sample(at: at, kind: isAnswering ? .error : .noData)
        }
    }
}

extension PlannedStage {
    /// Leaves out of its environment what stages of the run put out: they are undone, and some never ran.
    fileprivate mutating func forgetOutputs() {
        env = env.filter { entry in
            !entry.value.references.contains { if case .output = $0 { true } else { false } }
        }
    }

    /// What an attempt at this part calls.
    func call(of part: Part) -> ActionCall {
        switch part {
        case .perform: return perform
        case .finally: return finally ?? perform
        case .rollbackCheck: return rollbackCheck ?? perform
        case .undo:
            if case .call(let call) = undo { return call }
            return perform
        }
    }
}

extension RunState {
    /// The outputs that a stage's values refer to.
    func outputs(usedBy stage: PlannedStage) -> [StageName: [String: String]] {
        var references = stage.env.values.flatMap(\.references) + stage.perform.references
        if case .call(let call) = stage.undo { references += call.references }
        references += stage.finally?.references ?? []
        references += stage.verify?.references ?? []
        for suite in [stage.perform.suite, stage.rollbackCheck?.suite].compactMap(\.self) {
            references += (plan.suites[suite] ?? []).flatMap(\.probe.references)
        }
        var outputs: [StageName: [String: String]] = [:]
        for case .output(let name, _) in references { outputs[name] = self[name]?.outputs }
        return outputs
    }
}

extension ActionCall {
    var references: [Reference] { inputs.values.flatMap(\.references) }
}
