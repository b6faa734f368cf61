/// One event as flat JSON: `type`, then what the type needs. These names are read outside this repository.
extension RunEvent: Codable {
    private enum Key: String, CodingKey {
        case type, run, pipeline, environment, release, planDigest, startedBy, dryRun, parent
        case epoch, holder, stage, attempt, step, result, verdict, exitCode, signal, reason, outputs, retryable
        case retryAt, rule, observed, act, part, by, why, answer, outcome
        case role, roles, person, proof, signature, liveRun, until, rehearsal, forced, rollbacks, sources
        case firing, parts, suite, decides, answers, previous, changes
    }

    /// The event's name in the journal.
    public var type: String {
        switch self {
        case .runCreated: "runCreated"
        case .lockTaken: "lockTaken"
        case .gateWaiting: "gateWaiting"
        case .approvalGiven: "approvalGiven"
        case .approvalRejected: "approvalRejected"
        case .gatePassed: "gatePassed"
        case .attemptStarted(let attempt): Self.typeName(attempt.part, "Started")
        case .attemptReattached: "attemptReattached"
        case .stepStarted: "stepStarted"
        case .stepFinished: "stepFinished"
        case .attemptFinished(let attempt, _): Self.typeName(attempt.part, "Finished")
        case .retryScheduled: "retryScheduled"
        case .stageSkipped: "stageSkipped"
        case .holdStarted: "holdStarted"
        case .holdEnded: "holdEnded"
        case .rollbacksCounted: "rollbacksCounted"
        case .baselineStarted: "baselineStarted"
        case .baselineTaken: "baselineTaken"
        case .monitoringStarted: "monitoringStarted"
        case .ruleFired: "ruleFired"
        case .ruleCleared: "ruleCleared"
        case .breached: "breached"
        case .controlMoved: "controlMoved"
        case .inconclusive: "inconclusive"
        case .rollbackStarted: "rollbackStarted"
        case .operatorActed: "operatorActed"
        case .paused: "paused"
        case .interrupted: "interrupted"
        case .resumed: "resumed"
        case .stagePreviewed: "stagePreviewed"
        case .suiteAsked: "suiteAsked"
        case .dryRunCompared: "dryRunCompared"
        case .runFinished: "runFinished"
        }
    }

    private static func typeName(_ part: Part, _ suffix: String) -> String {
        (part == .perform ? "attempt" : part.rawValue) + suffix
    }

    public func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: Key.self)
        try json.encode(type, forKey: .type)
        switch self {
        case .runCreated(let created): try Self.encode(created, into: &json)
        case .lockTaken(let epoch, let holder), .resumed(let epoch, let holder):
            try json.encode(epoch, forKey: .epoch)
            try json.encode(holder, forKey: .holder)
        case .gateWaiting(let role): try json.encode(role, forKey: .role)
        case .gatePassed(let role, let stage):
            try json.encode(role, forKey: .role)
            try json.encodeIfPresent(stage, forKey: .stage)
        case .approvalGiven(let signOff): try Self.encode(signOff, into: &json)
        case .approvalRejected(let signOff, let why):
            try Self.encode(signOff, into: &json)
            try json.encode(why, forKey: .why)
        case .attemptStarted(let attempt): try Self.encode(attempt, into: &json)
        case .attemptReattached(let attempt): try Self.encode(attempt, into: &json, part: true)
        case .stepStarted(let attempt, let step):
            try Self.encode(attempt, into: &json, part: true)
            try json.encode(step, forKey: .step)
        case .stepFinished(let attempt, let step, let result):
            try Self.encode(attempt, into: &json, part: true)
            try json.encode(step, forKey: .step)
            try json.encode(result, forKey: .result)
        case .attemptFinished(let attempt, let result):
            try Self.encode(attempt, into: &json)
            try Self.encode(result, into: &json)
        case .retryScheduled(let attempt, let at):
            try Self.encode(attempt, into: &json, part: true)
            try json.encode(at, forKey: .retryAt)
        case .stageSkipped(let stage, let reason):
            try json.encode(stage, forKey: .stage)
            try json.encode(reason, forKey: .reason)
        case .holdStarted(let stage, let roles, let until):
            try json.encode(stage, forKey: .stage)
            if !roles.isEmpty { try json.encode(roles, forKey: .roles) }
            try json.encode(until, forKey: .until)
        case .holdEnded(let stage, let refusal):
            try json.encode(stage, forKey: .stage)
            try json.encode(refusal == nil ? Verdict.succeeded : .failed, forKey: .verdict)
            try json.encodeIfPresent(refusal, forKey: .reason)
        case .rollbacksCounted(let times): try json.encode(times, forKey: .rollbacks)
        case .baselineStarted, .monitoringStarted: break
        case .baselineTaken(let baseline, let lacking):
            try json.encode(baseline.sources, forKey: .sources)
            try json.encodeIfPresent(lacking, forKey: .reason)
        case .controlMoved(let move): try move.encode(to: encoder)
        case .ruleFired(let rule, let observed), .ruleCleared(let rule, let observed):
            try json.encode(rule, forKey: .rule)
            try json.encodeIfPresent(observed, forKey: .observed)
        case .breached(let breach):
            try json.encode(breach.rule, forKey: .rule)
            try json.encodeIfPresent(breach.observed, forKey: .observed)
            if breach.isForced { try json.encode(true, forKey: .forced) }
        case .inconclusive(let reason), .rollbackStarted(let reason), .paused(let reason), .interrupted(let reason):
            try json.encode(reason, forKey: .reason)
        case .operatorActed(let act): try Self.encode(act, into: &json)
        case .stagePreviewed(let preview):
            try json.encode(preview.stage, forKey: .stage)
            try json.encode(preview.parts, forKey: .parts)
        case .suiteAsked(let asked):
            try json.encode(asked.stage, forKey: .stage)
            try json.encode(asked.suite, forKey: .suite)
            try json.encode(asked.decides, forKey: .decides)
            try json.encode(asked.answers, forKey: .answers)
        case .dryRunCompared(let comparison):
            try json.encodeIfPresent(comparison.previous, forKey: .previous)
            try json.encode(comparison.changes, forKey: .changes)
        case .runFinished(let outcome, let reason):
            try json.encode(outcome, forKey: .outcome)
            try json.encodeIfPresent(reason, forKey: .reason)
        }
    }

    private typealias Container = KeyedEncodingContainer<Key>

    private static func encode(_ created: RunCreated, into json: inout Container) throws {
        try json.encode(created.run, forKey: .run)
        try json.encode(created.pipeline, forKey: .pipeline)
        try json.encode(created.environment, forKey: .environment)
        try json.encode(created.release, forKey: .release)
        try json.encode(created.planDigest, forKey: .planDigest)
        try json.encode(created.startedBy, forKey: .startedBy)
        try json.encode(created.dryRun, forKey: .dryRun)
        try json.encodeIfPresent(created.parent, forKey: .parent)
        try json.encodeIfPresent(created.liveRun, forKey: .liveRun)
        if created.isRehearsal { try json.encode(true, forKey: .rehearsal) }
        try json.encodeIfPresent(created.firing, forKey: .firing)
    }

    private static func encode(_ signOff: SignOff, into json: inout Container) throws {
        try json.encode(signOff.role, forKey: .role)
        try json.encode(signOff.person, forKey: .person)
        try json.encode(signOff.by, forKey: .by)
        try json.encode(signOff.proof, forKey: .proof)
        try json.encode(signOff.planDigest, forKey: .planDigest)
        try json.encodeIfPresent(signOff.stage, forKey: .stage)
        try json.encodeIfPresent(signOff.signature, forKey: .signature)
    }

    /// The part is in the type's name already, but where the type is one for all parts.
    private static func encode(_ attempt: AttemptID, into json: inout Container, part: Bool = false) throws {
        try json.encode(attempt.stage, forKey: .stage)
        try json.encode(attempt.number, forKey: .attempt)
        if part, attempt.part != .perform { try json.encode(attempt.part, forKey: .part) }
    }

    private static func encode(_ result: AttemptResult, into json: inout Container) throws {
        try json.encode(result.verdict, forKey: .verdict)
        switch result.exit {
        case .code(let code): try json.encode(code, forKey: .exitCode)
        case .signal(let signal): try json.encode(signal, forKey: .signal)
        case nil: break
        }
        try json.encodeIfPresent(result.reason, forKey: .reason)
        if !result.outputs.isEmpty { try json.encode(result.outputs, forKey: .outputs) }
        if !result.retryable { try json.encode(false, forKey: .retryable) }
    }

    private static func encode(_ act: OperatorAct, into json: inout Container) throws {
        let (word, stage, answer): (String, StageName?, OperatorAct.Answer?) =
            switch act.kind {
            case .cancel: ("cancel", nil, nil)
            case .rollback: ("rollback", nil, nil)
            case .abandon: ("abandon", nil, nil)
            case .unlock: ("unlock", nil, nil)
            case .supersede: ("supersede", nil, nil)
            case .skip(let stage): ("skip", stage, nil)
            case .retry(let stage): ("retry", stage, nil)
            case .answer(let stage, let answer): ("answer", stage, answer)
            }
        try json.encode(word, forKey: .act)
        try json.encodeIfPresent(stage, forKey: .stage)
        try json.encodeIfPresent(answer, forKey: .answer)
        try json.encode(act.by, forKey: .by)
        try json.encodeIfPresent(act.why, forKey: .why)
    }

    public init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: Key.self)
        let type = try json.decode(String.self, forKey: .type)
        func attempt(_ part: Part) throws -> AttemptID {
            AttemptID(
                stage: try json.decode(StageName.self, forKey: .stage), part: part,
                number: try json.decode(Int.self, forKey: .attempt))
        }
        func anyAttempt() throws -> AttemptID {
            try attempt(try json.decodeIfPresent(Part.self, forKey: .part) ?? .perform)
        }
        func text(_ key: Key) throws -> String { try json.decode(String.self, forKey: key) }
        func stage() throws -> StageName { try json.decode(StageName.self, forKey: .stage) }
        func observed() throws -> Double? { try json.decodeIfPresent(Double.self, forKey: .observed) }
        func epoch() throws -> Epoch { try json.decode(Epoch.self, forKey: .epoch) }
        func holder() throws -> Holder { try json.decode(Holder.self, forKey: .holder) }

        switch type {
        case "runCreated": self = .runCreated(try RunCreated(from: decoder))
        case "lockTaken": self = .lockTaken(epoch: try epoch(), holder: try holder())
        case "resumed": self = .resumed(epoch: try epoch(), holder: try holder())
        case "gateWaiting": self = .gateWaiting(role: try text(.role))
        case "approvalGiven": self = .approvalGiven(try SignOff(from: decoder))
        case "approvalRejected": self = .approvalRejected(try SignOff(from: decoder), why: try text(.why))
        case "gatePassed":
            self = .gatePassed(role: try text(.role), stage: try json.decodeIfPresent(StageName.self, forKey: .stage))
        case "attemptStarted": self = .attemptStarted(try attempt(.perform))
        case "undoStarted": self = .attemptStarted(try attempt(.undo))
        case "finallyStarted": self = .attemptStarted(try attempt(.finally))
        case "rollbackCheckStarted": self = .attemptStarted(try attempt(.rollbackCheck))
        case "attemptFinished": self = .attemptFinished(try attempt(.perform), try Self.result(json))
        case "undoFinished": self = .attemptFinished(try attempt(.undo), try Self.result(json))
        case "finallyFinished": self = .attemptFinished(try attempt(.finally), try Self.result(json))
        case "rollbackCheckFinished":
            self = .attemptFinished(try attempt(.rollbackCheck), try Self.result(json))
        case "attemptReattached": self = .attemptReattached(try anyAttempt())
        case "stepStarted": self = .stepStarted(try anyAttempt(), step: try text(.step))
        case "stepFinished": self = .stepFinished(try anyAttempt(), step: try text(.step), result: try text(.result))
        case "retryScheduled":
            self = .retryScheduled(try anyAttempt(), at: try json.decode(Instant.self, forKey: .retryAt))
        case "stageSkipped": self = .stageSkipped(try stage(), reason: try text(.reason))
        case "holdStarted":
            self = .holdStarted(
                try stage(), roles: try json.decodeIfPresent([String].self, forKey: .roles) ?? [],
                until: try json.decode(Instant.self, forKey: .until))
        case "holdEnded":
            let hasFailed = try json.decode(Verdict.self, forKey: .verdict) != .succeeded
            self = .holdEnded(try stage(), refusal: hasFailed ? try text(.reason) : nil)
        case "rollbacksCounted": self = .rollbacksCounted(try json.decode([Instant].self, forKey: .rollbacks))
        case "baselineStarted": self = .baselineStarted
        case "baselineTaken":
            self = .baselineTaken(
                Baseline(try json.decode([String: SourceBaseline].self, forKey: .sources)),
                lacking: try json.decodeIfPresent(String.self, forKey: .reason))
        case "monitoringStarted": self = .monitoringStarted
        case "ruleFired": self = .ruleFired(rule: try text(.rule), observed: try observed())
        case "ruleCleared": self = .ruleCleared(rule: try text(.rule), observed: try observed())
        case "breached":
            let isForced = try json.decodeIfPresent(Bool.self, forKey: .forced) ?? false
            self = .breached(Breach(rule: try text(.rule), observed: try observed(), isForced: isForced))
        case "controlMoved": self = .controlMoved(try ControlMove(from: decoder))
        case "inconclusive": self = .inconclusive(reason: try text(.reason))
        case "rollbackStarted": self = .rollbackStarted(reason: try text(.reason))
        case "operatorActed": self = .operatorActed(try Self.act(json))
        case "paused": self = .paused(reason: try text(.reason))
        case "interrupted": self = .interrupted(reason: try text(.reason))
        case "stagePreviewed":
            self = .stagePreviewed(
                StagePreview(stage: try stage(), parts: try json.decode([StagePreview.Part].self, forKey: .parts)))
        case "suiteAsked":
            self = .suiteAsked(
                AskedSuite(
                    stage: try stage(), suite: try text(.suite), decides: try json.decode(Bool.self, forKey: .decides),
                    answers: try json.decode([AskedSuite.Answer].self, forKey: .answers)))
        case "dryRunCompared":
            self = .dryRunCompared(
                DryRunComparison(
                    previous: try json.decodeIfPresent(RunID.self, forKey: .previous),
                    changes: try json.decode([DryRunComparison.Change].self, forKey: .changes)))
        case "runFinished":
            self = .runFinished(
                outcome: try json.decode(Outcome.self, forKey: .outcome),
                reason: try json.decodeIfPresent(String.self, forKey: .reason))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: json, debugDescription: "no event is called \"\(type)\"")
        }
    }

    private static func result(_ json: KeyedDecodingContainer<Key>) throws -> AttemptResult {
        let code = try json.decodeIfPresent(Int.self, forKey: .exitCode).map(ExitStatus.code)
        let signal = try json.decodeIfPresent(Int.self, forKey: .signal).map(ExitStatus.signal)
        return AttemptResult(
            try json.decode(Verdict.self, forKey: .verdict), exit: code ?? signal,
            reason: try json.decodeIfPresent(String.self, forKey: .reason),
            outputs: try json.decodeIfPresent([String: String].self, forKey: .outputs) ?? [:],
            retryable: try json.decodeIfPresent(Bool.self, forKey: .retryable) ?? true)
    }

    private static func act(_ json: KeyedDecodingContainer<Key>) throws -> OperatorAct {
        func stage() throws -> StageName { try json.decode(StageName.self, forKey: .stage) }
        let word = try json.decode(String.self, forKey: .act)
        let kind: OperatorAct.Kind =
            switch word {
            case "cancel": .cancel
            case "rollback": .rollback
            case "abandon": .abandon
            case "unlock": .unlock
            case "supersede": .supersede
            case "skip": .skip(try stage())
            case "retry": .retry(try stage())
            case "answer": .answer(try stage(), try json.decode(OperatorAct.Answer.self, forKey: .answer))
            default:
                throw DecodingError.dataCorruptedError(
                    forKey: .act, in: json, debugDescription: "no act is called \"\(word)\"")
            }
        return OperatorAct(
            kind, by: try json.decode(String.self, forKey: .by),
            why: try json.decodeIfPresent(String.self, forKey: .why))
    }
}
