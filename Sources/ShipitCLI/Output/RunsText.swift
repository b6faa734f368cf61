import ShipitCore
import ShipitEngine

/// `runs`: a line a run, newest first as the store gives them.
enum RunsText {
    /// - Parameter dead: the runs whose holder is proven dead.
    static func text(_ records: [RunRecord], dead: Set<RunID> = [], now: Instant) -> String {
        guard !records.isEmpty else { return TypedPlace.complete("no runs yet; begin one with: shipit deploy TAG\n") }
        var table = Table(["RUN", "RELEASE", "ENVIRONMENT", "STATE", "STARTED (UTC)", "TOOK", "BY"])
        for record in records {
            let (created, summary) = (record.created, record.summary)
            let phase = RunView.shown(summary.state, holderIsDead: dead.contains(created.run))
            let goesOn = phase == .running || phase == .monitoring || phase == .rollingBack
            let took = summary.finishedAt.map { Words.duration($0 - record.startedAt) }
            table.add(
                created.run.text, SafeText.line(created.release.tag), SafeText.line(created.environment),
                StateWords.of(phase: phase, outcome: summary.outcome) + created.kindNote,
                Words.minute(record.startedAt),
                took ?? (goesOn ? Words.elapsed(now - record.startedAt) : "-"), SafeText.line(created.startedBy))
        }
        return table.text
    }
}
