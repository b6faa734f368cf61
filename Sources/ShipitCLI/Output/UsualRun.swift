import ShipitCore

/// How long a run and the undoing of all of it usually take, by earlier runs.
struct UsualRun: Hashable, Sendable {
    /// From the first stage's start to the last one's end; the monitor's tail is not counted: it may take days.
    var forward: TimeSpan
    /// As rollbacks usually take. Where there was none, one undo after the other, each as long as its stage if it has never
    /// been undone.
    var back: TimeSpan
    /// Stages that no earlier run tells of: their time is missing.
    var unknown: [StageName]

    var total: TimeSpan { forward + back }

    /// `nil` without an earlier run that tells.
    init?(of plan: Plan, _ usual: UsualDurations) {
        guard let stages = usual.stages else { return nil }
        forward = stages
        let planned = plan.stages.filter { !$0.skipped }
        unknown = planned.map(\.name).filter { usual[$0, .perform] == nil }
        let undone = RollbackOutlook(plan).entries.filter { $0.way == .undone }.map(\.stage.name)
        back =
            usual.rollback
            ?? undone.compactMap { usual[$0, .undo] ?? usual[$0, .perform] }.reduce(.zero, +)
    }
}
