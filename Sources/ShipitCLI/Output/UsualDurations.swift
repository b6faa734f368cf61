import ShipitCore

/// How long stages usually take: the median of their successes in earlier runs.
enum UsualDurations {
    static func of(_ runs: [RunState]) -> [StageName: TimeSpan] {
        var spans: [StageName: [TimeSpan]] = [:]
        for run in runs where run.created?.dryRun != true {
            for (planned, stage) in zip(run.plan.stages, run.stages) where stage.perform.phase == .succeeded {
                guard let started = stage.perform.startedAt, let finished = stage.perform.finishedAt else { continue }
                spans[planned.name, default: []].append(finished - started)
            }
        }
        return spans.mapValues { $0.sorted()[$0.count / 2] }
    }
}
