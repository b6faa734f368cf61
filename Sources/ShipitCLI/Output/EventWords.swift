import ShipitCore

/// An event in words: what it is about, and what happened to it.
struct EventWords: Hashable, Sendable {
    /// A stage, or `run`, `monitor`, `rollback`, `operator`.
    var subject: String
    var words: String

    private init(_ subject: String, _ words: String) {
        self.subject = SafeText.line(subject)
        self.words = SafeText.joined(words)
    }

    private init(_ attempt: AttemptID, _ words: String) {
        let part = attempt.part == .perform ? "" : "\(attempt.part.words) "
        self.init(attempt.stage.text, part + words)
    }

    /// - Parameter at: when it came, where that is known.
    init(_ event: RunEvent, at: Instant? = nil) {
        switch event {
        case .runCreated(let created):
            let what = created.dryRun ? "dry run" : created.isRehearsal ? "rehearsal" : "deploy"
            self.init(
                "run",
                "\(created.run): \(what) of \(created.release.tag) to \(created.environment) by \(created.startedBy)"
                    + (created.parent.map { ", after \($0)" } ?? "")
                    + (created.firing.map { ", scheduled as \($0.entry) for \($0.nominal)" } ?? ""))
        case .lockTaken(let epoch, let holder): self.init("lock", "taken by \(Self.words(holder)), epoch \(epoch)")
        case .gateWaiting(let role): self.init("approval", "waits for \(role)")
        case .approvalGiven(let signOff):
            self.init(signOff.stage?.text ?? "approval", "\(Self.words(signOff)) approves for \(signOff.role)")
        case .approvalRejected(let signOff, let why):
            self.init(signOff.stage?.text ?? "approval", "\(Self.words(signOff)) REJECTS for \(signOff.role): \(why)")
        case .gatePassed(let role, let stage): self.init(stage?.text ?? "approval", "\(role) has signed")
        case .resumed(let epoch, let holder):
            self.init("run", "taken up again by \(Self.words(holder)), epoch \(epoch)")
        case .attemptStarted(let attempt): self.init(attempt, "started (attempt \(attempt.number))")
        case .attemptReattached(let attempt): self.init(attempt, "still running (attempt \(attempt.number))")
        case .stepStarted(let attempt, let step): self.init(attempt, "step \(step) started")
        case .stepFinished(let attempt, let step, let result):
            self.init(attempt, HostEnd(result).map { "\(step) \($0.words)" } ?? "step \(step) done")
        case .attemptFinished(let attempt, let result): self.init(attempt, Self.words(result, attempt.number))
        case .retryScheduled(let attempt, let at):
            self.init(attempt, "tried again at \(Words.clock(at)) (attempt \(attempt.number))")
        case .stageSkipped(let stage, let reason): self.init(stage.text, "skipped: \(reason)")
        case .holdStarted(let stage, let roles, let until):
            let what = roles.isEmpty ? "waits" : "waits for \(roles.joined(separator: ", ")) to sign"
            // One that only tells somebody waits for nothing.
            self.init(stage.text, until == at ? "reached" : "\(what), until \(Words.minute(until)) UTC")
        case .holdEnded(let stage, let refusal): self.init(stage.text, refusal.map { "failed: \($0)" } ?? "goes on")
        case .rollbacksCounted(let times):
            self.init("monitor", "has brought back \(Words.count(times.count, "release")) here within a day")
        case .baselineStarted: self.init("monitor", "samples the baseline")
        case .baselineTaken(let baseline, let lacking): self.init("monitor", Self.words(baseline, lacking))
        case .monitoringStarted: self.init("monitor", "started")
        case .ruleFired(let rule, let observed):
            self.init("monitor", "over: \(rule) (now \(Words.observed(observed, ofRule: rule)))")
        case .ruleCleared(let rule, let observed):
            self.init("monitor", "no longer over: \(rule) (now \(Words.observed(observed, ofRule: rule)))")
        case .breached(let breach): self.init(breach.isForced ? "rehearsal" : "monitor", "BREACH \(Self.words(breach))")
        case .controlMoved(let move): self.init("monitor", Self.words(move))
        case .inconclusive(let reason): self.init("monitor", "inconclusive: \(reason)")
        case .rollbackStarted(let reason): self.init("rollback", "started: \(reason)")
        case .operatorActed(let act): self.init("operator", Self.words(act))
        case .paused(let reason): self.init("run", "paused: \(reason)")
        case .interrupted(let reason): self.init("run", "interrupted: \(reason)")
        case .stagePreviewed(let preview):
            let count = preview.parts.reduce(0) { $0 + ($1.commands?.count ?? 0) }
            self.init(preview.stage.text, "would run \(Words.count(count, "command"))")
        case .suiteAsked(let asked): self.init(asked.stage.text, Self.words(asked))
        case .dryRunCompared(let comparison): self.init("dry run", DryRunWords.summary(comparison))
        case .runFinished(let outcome, let reason):
            self.init("run", Self.words(outcome) + (reason.map { ": \($0)" } ?? ""))
        }
    }

    /// `baseline taken: api p50 12ms, 25 answers, 0 errors`.
    private static func words(_ baseline: Baseline, _ lacking: String?) -> String {
        let sources = baseline.sources.sorted { $0.key < $1.key }.map { name, source in
            var facts: [String] = []
            if !source.seconds.isEmpty {
                facts.append("p50 \(Words.value(quantile(0.5, ofSorted: source.seconds), .time))")
            }
            if !source.numbers.isEmpty {
                facts.append("median \(Words.short(quantile(0.5, ofSorted: source.numbers)))")
            }
            facts.append(Words.count(source.answers, "answer"))
            if source.errors > 0 { facts.append(Words.count(source.errors, "error")) }
            if source.noData > 0 { facts.append("\(source.noData) without data") }
            return "\(name) \(facts.joined(separator: ", "))"
        }
        return "baseline taken: \(sources.joined(separator: "; "))" + (lacking.map { "; \($0)" } ?? "")
    }

    static func words(_ move: ControlMove) -> String {
        let unit = Rule.Metric(move.metric)?.dimension ?? .count
        func words(_ value: Double?) -> String { value.map { Words.value($0, unit) } ?? "unknown" }
        return "control \(move.control) has moved, too: \(move.metric) \(words(move.observed)), "
            + "\(words(move.baseline)) before; over: \(move.rule)"
    }

    static func words(_ holder: Holder) -> String { "\(holder.user), pid \(holder.pid) on \(holder.host)" }

    /// Who, and how that is known.
    static func words(_ signOff: SignOff) -> String {
        switch signOff.proof {
        case .osUser: signOff.person
        case .sshKey: "\(signOff.person) (by key)"
        case .claimed: "\(signOff.person) (claimed by \(signOff.by))"
        }
    }

    /// To be read after `breach`.
    static func words(_ breach: Breach) -> String { (breach.isForced ? "" : "of ") + rule(breach) }

    /// The rule, and what was observed of it.
    static func rule(_ breach: Breach) -> String {
        breach.isForced ? breach.rule : "\(breach.rule) (\(Words.observed(breach.observed, ofRule: breach.rule)))"
    }

    private static func words(_ asked: AskedSuite) -> String {
        let counts = [AskedSuite.Standing.passed, .warning, .waived, .signedOff, .failed, .notAsked].compactMap {
            standing -> String? in
            let count = asked.answers.count { $0.standing == standing }
            return count == 0 ? nil : "\(count) \(DryRunWords.word(standing))"
        }
        return "checks \(asked.suite): " + (counts.isEmpty ? "none" : counts.joined(separator: ", "))
    }

    static func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .succeeded: "succeeded"
        case .rolledBack: "rolled back"
        case .rollbackFailed: "rollback failed"
        case .failed: "failed"
        case .refused: "refused"
        case .cancelled: "cancelled"
        case .superseded: "superseded"
        }
    }

    static func words(_ verdict: Verdict) -> String { verdict == .timedOut ? "timed out" : verdict.rawValue }

    /// `failed (attempt 2): exit 1: no such table`.
    private static func words(_ result: AttemptResult, _ number: Int) -> String {
        if result.verdict == .succeeded { return "succeeded" }
        return ["\(words(result.verdict)) (attempt \(number))", cause(result)].compactMap(\.self).joined(
            separator: ": ")
    }

    /// The exit status and the reason, each said once; `nil` when there is neither.
    static func cause(_ result: AttemptResult) -> String? {
        guard let reason = result.reason else { return result.exit.map(Words.exit) }
        switch result.exit {
        // A code of zero explains nothing.
        case nil, .code(0): return reason
        case .code(let code)? where reason.contains("exited with \(code)"): return reason
        case let exit?: return reason.contains(Words.exit(exit)) ? reason : "\(Words.exit(exit)): \(reason)"
        }
    }

    private static func words(_ act: OperatorAct) -> String {
        let wish =
            switch act.kind {
            case .cancel: "cancels the run"
            case .rollback: "rolls the run back"
            case .abandon: "abandons the run"
            case .supersede: "ends its monitoring for a newer deployment"
            case .unlock: "takes the lock away from whoever drives the run"
            case .skip(let stage): "skips \(stage)"
            case .retry(let stage): "retries \(stage)"
            case .answer(let stage, let answer): "answers for \(stage): \(answer.rawValue)"
            }
        return "\(act.by) \(wish)" + (act.why.map { ": \($0)" } ?? "")
    }
}

extension Part {
    /// For a person.
    var words: String { self == .rollbackCheck ? "rollback check" : rawValue }
}
