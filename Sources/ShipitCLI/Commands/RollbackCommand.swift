import ArgumentParser
import ShipitCore
import ShipitEngine

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Undo a run by hand, also long after it succeeded.",
        discussion: "Without RUN, the one that is live or unfinished.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String?

    @Flag(help: "Do not ask before the first change.")
    var yes = false

    @Option(help: ArgumentHelp("Stages at once; default: one a core.", valueName: "count"))
    var jobs: Int?

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() async throws {
        let jobs = try Session.jobs(jobs)
        let folder = try place.place().stateFolder()
        let streams = Streams()
        let looking = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        let record = try choice.meant(runName, "roll back", includingLive: true, questions: Questions(streams: streams))
        try refuseWhatIsOver(record, choice)
        if !yes { try ask(record, streams) }
        let session = try Session(stateFolder: folder, form: output.output, streams: streams)
        let preparation = RunPreparation(session: session, jobs: jobs, bearsMissingTrees: true)
        let act = OperatorAct(.rollback, by: session.holder.user, why: why)
        let code = try await OperatorHand(session: session, resources: preparation.resources).carryOut(act, on: record)
        try RunEnd.leaveRun(with: code)
    }

    /// Undoing what a later run has built upon would undo the later run's work, too.
    private func refuseWhatIsOver(_ record: RunRecord, _ choice: RunChoice) throws {
        if try choice.isUnfinished(record) { return }
        if try choice.isLive(record) { return }
        let created = record.created
        let live = try choice.store.liveRun(pipeline: created.pipeline, environment: created.environment)
        let words = live.map { "run \($0.created.run) with \($0.created.release.tag) is" } ?? "no run is"
        throw CommandFailure(
            .refused,
            "run \(created.run) is neither live in \(created.environment) nor unfinished; \(words) live there",
            hint: live.map { "undo that one with: shipit rollback \($0.created.run)" })
    }

    private func ask(_ record: RunRecord, _ streams: Streams) throws(CommandFailure) {
        let questions = Questions(streams: streams)
        guard questions.isThere else { return }
        guard questions.confirms("undo \(RunChoice.words(record)). Go on?") else {
            throw CommandFailure(.refused, "not confirmed; nothing was changed")
        }
    }
}
