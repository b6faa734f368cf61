import ShipitCore

/// How long stages usually take: the median of their successes in earlier runs.
enum UsualDurations {
    static func of(_ runs: [RunState]) -> [StageName: TimeSpan] {
        var spans: [StageName: TimeSpan] = [:]
        for (key, span) in ofParts(runs) where key.part == .perform { spans[key.stage] = span }
        return spans
    }

    /// The same for undos and `finally`, too.
    static func ofParts(_ runs: [RunState]) -> [Script.StagePart: TimeSpan] {
        var spans: [Script.StagePart: [TimeSpan]] = [:]
        for run in runs where run.created?.dryRun != true {
            for (planned, stage) in zip(run.plan.stages, run.stages) {
                for part in [Part.perform, .undo, .finally] where stage[part].phase == .succeeded {
                    guard let started = stage[part].startedAt, let finished = stage[part].finishedAt else { continue }
                    spans[Script.StagePart(planned.name, part), default: []].append(finished - started)
                }
            }
        }
        return spans.mapValues { $0.sorted()[$0.count / 2] }
    }
}
