/// `promote:` of an environment: only a commit that succeeded elsewhere is deployed there.
public struct PromotionPolicy: Hashable, Sendable, Codable {
    public var from: String
    /// Since the end of the run that succeeded.
    public var within: TimeSpan

    public init(from: String, within: TimeSpan) {
        self.from = from
        self.within = within
    }

    /// What `status` and `plan` call the gate.
    public var gate: String { "promote:\(from)" }
}

/// An earlier run as gates see it.
public struct EarlierRun: Hashable, Sendable {
    public var run: RunID
    public var commit: String
    public var dryRun: Bool
    public var isRehearsal: Bool
    public var outcome: Outcome?
    public var finishedAt: Instant?

    public init(
        run: RunID, commit: String, dryRun: Bool = false, isRehearsal: Bool = false, outcome: Outcome?,
        finishedAt: Instant?
    ) {
        self.run = run
        self.commit = commit
        self.dryRun = dryRun
        self.isRehearsal = isRehearsal
        self.outcome = outcome
        self.finishedAt = finishedAt
    }
}

/// Whether a commit may be promoted.
public enum PromotionVerdict: Hashable, Sendable {
    /// By which run.
    case passed(RunID, finishedAt: Instant)
    case neverDeployed
    case tooLongAgo(RunID, finishedAt: Instant)
    /// The newest run there that says something about the commit did not succeed, was undone, or is not over.
    case notASuccess(RunID, Outcome?)
}

extension PromotionPolicy {
    /// - Parameter runs: those of the pipeline in `from`, the newest first. The first that says something about the commit
    ///   decides: a success that was followed by a rollback of the same commit is none. Rehearsals say nothing about it.
    /// - Parameter hasChangedAnything: asked of runs whose outcome alone doesn't tell it.
    public func verdict<Failure: Error>(
        on commit: String, now: Instant, runs: some Sequence<EarlierRun>,
        hasChangedAnything: (EarlierRun) throws(Failure) -> Bool
    ) throws(Failure) -> PromotionVerdict {
        for run in runs where run.commit == commit && !run.dryRun && !run.isRehearsal {
            switch run.outcome {
            // Taken off by a newer release before it had shown anything, or nothing of it was begun.
            case .superseded, .refused: continue
            case .cancelled, nil:
                if try hasChangedAnything(run) { return .notASuccess(run.run, run.outcome) }
            case .rolledBack, .rollbackFailed, .failed: return .notASuccess(run.run, run.outcome)
            case .succeeded:
                guard let end = run.finishedAt else { return .notASuccess(run.run, nil) }
                return now < end + within ? .passed(run.run, finishedAt: end) : .tooLongAgo(run.run, finishedAt: end)
            }
        }
        return .neverDeployed
    }
}
