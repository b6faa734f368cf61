/// How often the monitor may bring a release back in one environment within a day (`rollback-budget:`): where it has done so
/// again and again, it is the monitor that a person should look at.
extension RunState {
    static let budgetSpan = TimeSpan.hours(24)

    /// The breach that decides the run's course; `nil` where there is none, or a person has gone on in spite of it.
    public var openBreach: (breach: Breach, at: Instant)? {
        breaches.count > settledBreaches ? breaches.last : nil
    }

    /// A rule that is over its limit still, or again, after a person went on in spite of its breach.
    var settledRule: String? {
        settledRules.sorted().first { firing[$0] != nil }
    }

    /// Why the monitor brings nothing back any more today; `nil` while it may.
    func spentBudget(at now: Instant) -> String? {
        guard let budget = plan.monitor?.budget else { return nil }
        let count = earlierRollbacks.count { now < $0 + Self.budgetSpan }
        guard count >= budget else { return nil }
        let times = count == 1 ? "1 release" : "\(count) releases"
        return "the monitor has brought back \(times) here within a day (rollback-budget: \(budget)): a person decides"
    }

    /// Why a breach does not bring the release before back; `nil` where it does, or there is none. It goes by the time of the
    /// breach, so that waiting changes nothing.
    var spentBudgetReason: String? {
        guard let open = openBreach, !open.breach.isForced, let spent = spentBudget(at: open.at) else { return nil }
        return "breach \(open.breach.words); \(spent)"
    }

    /// Whether the run stands still because of a breach that brings nothing back: who resumes it goes on in spite of it.
    public var waitsForBudget: Bool { pausedReason != nil && pausedReason == spentBudgetReason }
}

extension Sequence<JournalEntry> {
    /// When the monitor brought the release before back in a run with this journal: by a breach, or for want of a verdict.
    /// Not what a person asked for, what failed, or what was rehearsed.
    public var automaticRollbacks: [Instant] {
        var (found, hasBreached, isPaused, wasAskedFor): ([Instant], Bool, Bool, Bool) = ([], false, false, false)
        var inconclusive: String?
        for entry in self {
            switch entry.event {
            case .breached(let breach): hasBreached = hasBreached || !breach.isForced
            case .inconclusive(let reason): inconclusive = reason
            case .paused: isPaused = true
            case .resumed:
                // In spite of it.
                if isPaused { hasBreached = false }
                isPaused = false
            case .operatorActed(let act): wasAskedFor = wasAskedFor || act.kind == .rollback || act.kind == .cancel
            case .rollbackStarted(let reason):
                if !wasAskedFor, hasBreached || reason == inconclusive { found.append(entry.at) }
            default: break
            }
        }
        return found
    }
}
