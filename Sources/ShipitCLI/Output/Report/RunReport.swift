import ShipitCore
import ShipitEngine

/// A run as its record tells it: what `report` shows in every form.
struct RunReport: Sendable {
    var view: RunView
    /// In the order in which they started.
    var attempts: [Attempt] = []
    var words: [PersonsWord] = []
    var acts: [Act] = []
    var judgements: [Judgement] = []
    /// Where the run stood still or was taken up again.
    var turns: [Turn] = []
    var rollbackStartedAt: Instant?
    var evidence: [SuiteEvidence] = []
    /// The last lines that attempts printed which did not succeed.
    var printed: [AttemptID: [String]] = [:]
    var journal: JournalEnd
    /// When it was made.
    var now: Instant

    struct Attempt: Hashable, Sendable {
        var id: AttemptID
        var startedAt: Instant
        /// Both `nil` while nobody knows how it ended.
        var finishedAt: Instant?
        var result: AttemptResult?

        var took: TimeSpan? { finishedAt.map { $0 - startedAt } }

        /// Why it ended otherwise than well.
        var cause: String? {
            guard let result, result.verdict != .succeeded else { return nil }
            return EventWords.cause(result).map(SafeText.joined)
        }
    }

    /// A sign-off, or a rejection with its reason.
    struct PersonsWord: Hashable, Sendable {
        var at: Instant
        var signOff: SignOff
        var rejectedBecause: String?
    }

    struct Act: Hashable, Sendable {
        var at: Instant
        var act: OperatorAct
    }

    /// What the monitor found of a rule.
    struct Judgement: Hashable, Sendable {
        enum Kind: String, Hashable, Sendable {
            case over, within, breach
        }

        var at: Instant
        var rule: String
        var observed: Double?
        var kind: Kind
    }

    struct Turn: Hashable, Sendable {
        var at: Instant
        var words: String
    }

    /// Where the chain of the journal's hashes ends: whoever has noted it can tell later that nothing was changed.
    struct JournalEnd: Hashable, Sendable {
        var events: Int64
        var head: String
    }

    /// - Parameter entries: the whole journal.
    init(_ view: RunView, entries: [JournalEntry], journal: JournalEnd, now: Instant) {
        self.view = view
        self.journal = journal
        self.now = now
        for entry in entries { take(entry) }
    }

    private mutating func take(_ entry: JournalEntry) {
        let at = entry.at
        switch entry.event {
        case .attemptStarted(let id): attempts.append(Attempt(id: id, startedAt: at))
        case .attemptFinished(let id, let result):
            guard let place = attempts.lastIndex(where: { $0.id == id }) else { return }
            attempts[place].finishedAt = at
            attempts[place].result = result
        case .approvalGiven(let signOff): words.append(PersonsWord(at: at, signOff: signOff))
        case .approvalRejected(let signOff, let why):
            words.append(PersonsWord(at: at, signOff: signOff, rejectedBecause: why))
        case .operatorActed(let act): acts.append(Act(at: at, act: act))
        case .ruleFired(let rule, let observed): judge(at, rule, observed, .over)
        case .ruleCleared(let rule, let observed): judge(at, rule, observed, .within)
        case .breached(let breach): judge(at, breach.rule, breach.observed, .breach)
        case .rollbackStarted: rollbackStartedAt = at
        case .paused, .interrupted, .resumed, .inconclusive, .controlMoved, .baselineTaken:
            turns.append(Turn(at: at, words: EventWords(entry.event, at: entry.at).words))
        default: break
        }
    }

    private mutating func judge(_ at: Instant, _ rule: String, _ observed: Double?, _ kind: Judgement.Kind) {
        judgements.append(Judgement(at: at, rule: rule, observed: observed, kind: kind))
    }

    // MARK: What every form says

    /// `deploy of v1.15.2 to production: rolled back`.
    var title: String { "\(SafeText.line(view.created.pipeline)) of \(view.title): \(StateWords.of(view))" }

    /// `nil` where the run has not ended.
    var exitCode: Int32? { view.state.outcome == nil ? nil : ExitCode.of(view.state) }

    /// Why it ended as it did, or stands still.
    var reason: String? {
        let state = view.state
        return state.pausedReason ?? state.outcomeReason ?? state.interruptedReason ?? state.rollbackReason
    }

    /// What came of an attempt.
    static func verdict(of attempt: Attempt, in view: RunView) -> String {
        guard let result = attempt.result else {
            return view.state.outcome == nil && view.phase != .interrupted ? "running" : "unknown"
        }
        return EventWords.words(result.verdict)
    }

    /// `migrate`, `undo of migrate`.
    static func words(_ id: AttemptID) -> String {
        SafeText.line(id.part == .perform ? id.stage.text : "\(id.part.words) of \(id.stage)")
    }

    /// The facts at the top: what it was, who, when, how it ended.
    var facts: [(label: String, words: String)] {
        let (created, state) = (view.created, view.state)
        var facts: [(String, String)] = [
            ("run", created.run.text + (created.parent.map { ", after \($0)" } ?? "")),
            ("pipeline", created.pipeline), ("environment", created.environment),
            ("release", "\(created.release.tag), commit \(created.release.commit)"),
            ("release before", state.plan.previous.map { "\($0.tag), commit \($0.commit)" } ?? "none"),
            ("started", "\(Words.minute(view.startedAt)) UTC by \(created.startedBy)"),
        ]
        if let end = state.finishedAt {
            facts.append(("ended", "\(Words.minute(end)) UTC, after \(Words.duration(end - view.startedAt))"))
        }
        facts.append(("outcome", StateWords.of(view) + (exitCode.map { " (exit code \($0))" } ?? "")))
        if created.isRehearsal {
            let passed = state.hasPassedRehearsal ? "yes, and wholly taken back" : "yes"
            facts.append(("rehearsal", passed))
        }
        if let recovery = state.recoveryTime {
            facts.append(("recovery time", "\(Words.duration(recovery)) after the breach"))
        }
        if let reason { facts.append(("why", SafeText.joined(reason))) }
        facts.append(("plan", created.planDigest))
        facts.append(("journal", "\(Words.count(Int(journal.events), "event")), the last hash \(journal.head)"))
        return facts.map { ($0.0, SafeText.line($0.1)) }
    }

    /// What of the run is undone and what is not; `nil` where nothing had to be.
    var undoAccount: UndoAccount? {
        guard view.state.rollbackReason != nil || view.state.abandonedBy != nil || view.state.finallyFailed else {
            return nil
        }
        return UndoAccount(view.state)
    }

    /// The account in its four lists, empty ones left out.
    var undoLists: [(title: String, entries: [UndoAccount.Entry])] {
        guard let account = undoAccount else { return [] }
        let lists = [
            ("undone", account.undone), ("NOT undone", account.notUndone),
            ("left as it is: declares no way back", account.undeclared), ("finally NOT done", account.unfinished),
            ("NOT well after the rollback", account.unwell),
        ]
        return lists.filter { !$0.1.isEmpty }
    }
}
