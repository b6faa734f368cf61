import ShipitCore

/// How long things usually take: medians of earlier runs.
struct UsualDurations: Hashable, Sendable {
    /// The successes of each part of each stage.
    var parts: [Script.StagePart: TimeSpan] = [:]
    /// From the first stage's start to the last one's end, of runs that succeeded.
    var stages: TimeSpan?
    /// How many runs tell that.
    var runs = 0
    /// From the first undo's start to the last one's end, of runs whose undoing came to an end.
    var rollback: TimeSpan?
    var rollbacks = 0

    init() {}

    init(_ runs: [RunState]) {
        let real = runs.filter { $0.created?.dryRun != true }
        parts = Self.ofParts(real)
        let stages = real.compactMap(Self.stages)
        let rollbacks = real.compactMap(Self.rollback)
        (self.stages, self.runs) = (Self.median(stages), stages.count)
        (rollback, self.rollbacks) = (Self.median(rollbacks), rollbacks.count)
    }

    subscript(stage: StageName, part: Part) -> TimeSpan? { parts[Script.StagePart(stage, part)] }

    // MARK: Stages

    static func of(_ runs: [RunState]) -> [StageName: TimeSpan] {
        var spans: [StageName: TimeSpan] = [:]
        for (key, span) in ofParts(runs) where key.part == .perform { spans[key.stage] = span }
        return spans
    }

    /// The same for undos, `finally` and what is asked after a rollback, too.
    static func ofParts(_ runs: [RunState]) -> [Script.StagePart: TimeSpan] {
        var spans: [Script.StagePart: [TimeSpan]] = [:]
        for run in runs where run.created?.dryRun != true {
            for (planned, stage) in zip(run.plan.stages, run.stages) {
                for part in Part.allCases where stage[part].phase == .succeeded {
                    guard let started = stage[part].startedAt, let finished = stage[part].finishedAt else { continue }
                    spans[Script.StagePart(planned.name, part), default: []].append(finished - started)
                }
            }
        }
        return spans.compactMapValues(median)
    }

    private static func median(_ spans: [TimeSpan]) -> TimeSpan? {
        spans.isEmpty ? nil : spans.sorted()[spans.count / 2]
    }

    // MARK: Runs

    private static func stages(_ run: RunState) -> TimeSpan? {
        guard run.outcome == .succeeded || run.outcome == .superseded, let end = run.lastStageEndedAt else {
            return nil
        }
        return run.stages.compactMap(\.perform.firstStartedAt).min().map { end - $0 }
    }

    private static func rollback(_ run: RunState) -> TimeSpan? {
        let undos = run.stages.map(\.undo).filter(\.hasStarted)
        guard undos.allSatisfy({ $0.phase == .succeeded }), let begin = undos.compactMap(\.firstStartedAt).min(),
            let end = undos.compactMap(\.finishedAt).max()
        else { return nil }
        return end - begin
    }
}
