/// What came of a rehearsal.
public struct RehearsedRun: Sendable {
    public private(set) var state: RunState
    public private(set) var journal: [JournalEntry] = []
    /// In the order in which their undoing ended; those with nothing to be undone among them.
    public private(set) var undone: [StageName] = []
    /// False where a time was needed that no earlier run tells.
    public internal(set) var isMeasured = true
    /// The rehearsal was given up before the run ended.
    public internal(set) var isCut = false
    var awaitsBreach = false

    init(_ plan: Plan) { state = RunState(plan: plan) }

    mutating func record(_ event: RunEvent, at now: Instant) {
        state.apply(event, at: now)
        journal.append(JournalEntry(sequence: Int64(journal.count) + 1, at: now, event: event))
        switch event {
        case .rollbackStarted: noteUndone()
        case .attemptFinished(let attempt, _) where attempt.part == .undo: noteUndone()
        default: break
        }
    }

    private mutating func noteUndone() {
        let known = Set(undone)
        for position in state.plan.stages.indices.reversed() where state.stages[position].undo.phase == .succeeded {
            let name = state.plan.stages[position].name
            if !known.contains(name) { undone.append(name) }
        }
    }

    /// From the beginning, as a new engine does.
    func folded() -> RunState {
        var state = RunState(plan: state.plan)
        for entry in journal { state.apply(entry.event, at: entry.at) }
        return state
    }

    // MARK: What is asked of it

    public var exitCode: Int32 { ExitCode.of(state) }

    /// From the beginning to the end, or to where a person is waited for.
    public var duration: TimeSpan { (journal.last?.at ?? Rehearsal.beginning) - Rehearsal.beginning }

    /// From when the way back was taken to the end.
    public var wayBack: TimeSpan? {
        guard let last = journal.last?.at else { return nil }
        let began = journal.first { if case .rollbackStarted = $0.event { true } else { false } }
        return began.map { last - $0.at }
    }

    public var hasBreached: Bool { !state.breaches.isEmpty }

    /// The stage whose failure, or whose unknown outcome, a person is asked about.
    public var pausedAt: StageName? {
        guard state.outcome == nil, state.pausedReason != nil else { return nil }
        let asked = zip(state.plan.stages, state.stages).first { _, stage in
            Part.allParts.contains { stage[$0].phase == .unknown }
        }
        let failed = zip(state.plan.stages, state.stages).first { _, stage in stage.perform.phase == .failed }
        return (asked ?? failed)?.0.name
    }

    /// Whether undoing it is more than to say so.
    public func isUndoneByDoing(_ name: StageName) -> Bool { state.planned(name)?.undo.doesSomething == true }
}
