/// What has happened to a run: append-only, versioned, the only truth. No case has a field that can hold a secret.
public enum RunEvent: Hashable, Sendable {
    case runCreated(RunCreated)
    case lockTaken(epoch: Epoch, holder: Holder)
    /// A role must sign before the run begins; those of a stage are in its `holdStarted`.
    case gateWaiting(role: String)
    case approvalGiven(SignOff)
    case approvalRejected(SignOff, why: String)
    case gatePassed(role: String, stage: StageName?)
    /// Recorded before the effect: what part of which stage is tried now.
    case attemptStarted(AttemptID)
    case attemptReattached(AttemptID)
    case stepStarted(AttemptID, step: String)
    /// `result` is what the step gave, as JSON; a repeated action gets it back instead of running the step again.
    case stepFinished(AttemptID, step: String, result: String)
    case attemptFinished(AttemptID, AttemptResult)
    /// The next attempt and when; a crash doesn't reset the backoff.
    case retryScheduled(AttemptID, at: Instant)
    case stageSkipped(StageName, reason: String)
    /// A stage that does nothing itself has been reached: it waits for these roles, or for time to pass, and until then.
    case holdStarted(StageName, roles: [String], until: Instant)
    /// Everybody has signed, or the time has passed; otherwise why it failed.
    case holdEnded(StageName, refusal: String?)
    /// When the monitor has brought releases back in this environment within the last day. While the run has the
    /// environment nobody else does, so that this is all there is to know.
    case rollbacksCounted([Instant])
    /// The sources are sampled, before the first change; an engine that takes the run up meanwhile begins anew.
    case baselineStarted
    /// What they gave, and what is too little of it, where something is.
    case baselineTaken(Baseline, lacking: String?)
    case monitoringStarted
    case ruleFired(rule: String, observed: Double?)
    case ruleCleared(rule: String, observed: Double?)
    case breached(Breach)
    /// A rule would have breached, and a control has moved as well.
    case controlMoved(ControlMove)
    case inconclusive(reason: String)
    /// From here only undos (and then `finally`) start.
    case rollbackStarted(reason: String)
    case operatorActed(OperatorAct)
    case paused(reason: String)
    /// The engine stopped driving the run in an orderly way; it can be resumed.
    case interrupted(reason: String)
    /// Another engine (or the same one again) drives the run from here.
    case resumed(epoch: Epoch, holder: Holder)
    /// Of a dry-run: what a stage would run.
    case stagePreviewed(StagePreview)
    /// Of a dry-run: what came of a stage's checks.
    case suiteAsked(AskedSuite)
    /// Of a dry-run: what is otherwise than in the one before.
    case dryRunCompared(DryRunComparison)
    case runFinished(outcome: Outcome, reason: String?)
}

public struct RunCreated: Hashable, Sendable, Codable {
    public var run: RunID
    public var pipeline: String
    public var environment: String
    public var release: Release
    public var planDigest: String
    public var startedBy: String
    public var dryRun: Bool
    public var parent: RunID?
    /// The run that was live there when this one was planned, where it waits before it begins: meanwhile another may
    /// become live, and then the plan leads back to the wrong release.
    public var liveRun: RunID?
    /// Absent where it is none.
    private var rehearsal: Bool?
    /// Of a run that a schedule began: for which time.
    public var firing: FiringKey?

    /// Whether the run only rehearses the way back: once all stages are through, a breach is forced.
    public var isRehearsal: Bool { rehearsal ?? false }

    public init(
        run: RunID, pipeline: String, environment: String, release: Release, planDigest: String, startedBy: String,
        dryRun: Bool = false, parent: RunID? = nil, liveRun: RunID? = nil, isRehearsal: Bool = false,
        firing: FiringKey? = nil
    ) {
        self.run = run
        self.pipeline = pipeline
        self.environment = environment
        self.release = release
        self.planDigest = planDigest
        self.startedBy = startedBy
        self.dryRun = dryRun
        self.parent = parent
        self.liveRun = liveRun
        rehearsal = isRehearsal ? true : nil
        self.firing = firing
    }
}

/// The process that drives a run. A process id alone may be reused; with its start time and the boot id it may not.
public struct Holder: Hashable, Sendable, Codable {
    public var host: String
    public var pid: Int
    /// Clock ticks since boot, from `/proc/PID/stat`.
    public var startTime: Int64
    public var bootID: String
    public var user: String

    public init(host: String, pid: Int, startTime: Int64, bootID: String, user: String) {
        self.host = host
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
        self.user = user
    }
}

public struct Breach: Hashable, Sendable {
    public var rule: String
    /// Ratios as 0.21, times in seconds; `nil` for rules that count failures without a number.
    public var observed: Double?
    /// By a rehearsal: no rule was broken.
    public var isForced: Bool

    public init(rule: String, observed: Double?, isForced: Bool = false) {
        self.rule = rule
        self.observed = observed
        self.isForced = isForced
    }
}

extension Breach {
    /// That of a rehearsal, by whoever began it.
    static func forced(by person: String) -> Breach {
        Breach(rule: "forced by a rehearsal (\(person))", observed: nil, isForced: true)
    }

    /// To be read after `breach`.
    public var words: String { isForced ? rule : "of \(rule)" }
}

/// What a person asked for, with who and why.
public struct OperatorAct: Hashable, Sendable, Codable {
    public enum Kind: Hashable, Sendable, Codable {
        case cancel
        case rollback
        case abandon
        /// The lock was taken away from whoever drove the run.
        case unlock
        /// A newer deployment ends a run that only monitors.
        case supersede
        case skip(StageName)
        case retry(StageName)
        /// The answer to an attempt of unknown outcome.
        case answer(StageName, Answer)
    }

    public enum Answer: String, Hashable, Sendable, Codable {
        case done, failed, rerun
    }

    public var kind: Kind
    public var by: String
    public var why: String?

    public init(_ kind: Kind, by: String, why: String? = nil) {
        self.kind = kind
        self.by = by
        self.why = why
    }
}

/// How a run ended.
public enum Outcome: String, Hashable, Sendable, Codable {
    case succeeded
    case rolledBack = "rolled-back"
    case rollbackFailed = "rollback-failed"
    case failed, refused, cancelled, superseded
}

/// An event with its place in the journal. `sequence` starts at 1 and has no gaps.
public struct JournalEntry: Hashable, Sendable {
    public var sequence: Int64
    public var at: Instant
    public var event: RunEvent

    public init(sequence: Int64, at: Instant, event: RunEvent) {
        self.sequence = sequence
        self.at = at
        self.event = event
    }
}
