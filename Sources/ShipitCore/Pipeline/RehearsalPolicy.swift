/// `rehearsed:` of an environment: nothing is deployed there unless the way back has been tried not long ago.
public struct RehearsalPolicy: Hashable, Sendable, Codable {
    /// Since the end of the rehearsal.
    public var within: TimeSpan
    /// Where a rehearsal counts.
    public var environments: [String]

    public init(within: TimeSpan, environments: [String]) {
        self.within = within
        self.environments = environments
    }

    /// What `status` and `plan` call the gate.
    public static let gate = "rehearsed"
}

/// An earlier rehearsal as the gate sees it.
public struct EarlierRehearsal: Hashable, Sendable {
    public var run: RunID
    public var environment: String
    public var outcome: Outcome?
    public var finishedAt: Instant?
    /// Whether it came to its forced breach.
    public var wasForced: Bool
    /// Whether all was undone from there, by itself.
    public var passed: Bool
    /// Whether it left something that is not undone.
    public var leftSomething: Bool
    public var recoveryTime: TimeSpan?

    public init(
        run: RunID, environment: String, outcome: Outcome?, finishedAt: Instant?, wasForced: Bool, passed: Bool,
        leftSomething: Bool, recoveryTime: TimeSpan? = nil
    ) {
        self.run = run
        self.environment = environment
        self.outcome = outcome
        self.finishedAt = finishedAt
        self.wasForced = wasForced
        self.passed = passed
        self.leftSomething = leftSomething
        self.recoveryTime = recoveryTime
    }

    public init(run: RunID, environment: String, _ state: RunState) {
        self.init(
            run: run, environment: environment, outcome: state.outcome, finishedAt: state.finishedAt,
            wasForced: state.breaches.contains { $0.breach.isForced }, passed: state.hasPassedRehearsal,
            leftSomething: state.outcome != nil && ExitCode.of(state) == 5, recoveryTime: state.recoveryTime)
    }
}

/// Whether the way back has been rehearsed.
public enum RehearsalVerdict: Hashable, Sendable {
    case passed(EarlierRehearsal, finishedAt: Instant)
    case never
    case tooLongAgo(EarlierRehearsal, finishedAt: Instant)
    /// The newest rehearsal that says something about the way back did not find it whole, or is not over.
    case notPassed(EarlierRehearsal)
}

extension RehearsalPolicy {
    /// - Parameter rehearsals: those of the pipeline in `environments`, the newest first. The first that says something about
    ///   the way back decides: one that was never forced, and left nothing, says nothing.
    public func verdict<Failure: Error>(
        now: Instant, _ rehearsals: some Sequence<RunID>, _ rehearsal: (RunID) throws(Failure) -> EarlierRehearsal
    ) throws(Failure) -> RehearsalVerdict {
        for run in rehearsals {
            let found = try rehearsal(run)
            if found.passed, let end = found.finishedAt {
                return now < end + within ? .passed(found, finishedAt: end) : .tooLongAgo(found, finishedAt: end)
            }
            if found.wasForced || found.leftSomething { return .notPassed(found) }
        }
        return .never
    }
}
