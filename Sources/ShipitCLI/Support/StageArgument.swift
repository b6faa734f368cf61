import ShipitCore

/// A stage named on the command line.
enum StageArgument {
    static func check(_ stage: StageName, of state: RunState) throws(CommandFailure) {
        guard state[stage] == nil else { return }
        let names = state.plan.stages.map(\.name.text)
        let near = Suggestion.closest(to: stage.text, among: names)
        throw CommandFailure(
            .usage, "the run has no stage \"\(stage)\"",
            hint: near.map { "did you mean \"\($0)\"?" } ?? "stages: \(names.joined(separator: ", "))")
    }
}
