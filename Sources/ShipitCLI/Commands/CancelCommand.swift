import ArgumentParser
import ShipitCore
import ShipitEngine

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a run that goes on, and undo what it has done.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String?

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() async throws {
        let folder = try place.place().stateFolder()
        let streams = Streams()
        let looking = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        let record = try choice.meant(runName, "cancel", includingLive: false, questions: Questions(streams: streams))
        let session = try Session(stateFolder: folder, form: output.output, streams: streams)
        let preparation = RunPreparation(session: session, jobs: try Session.jobs(nil), bearsMissingTrees: true)
        let act = OperatorAct(.cancel, by: session.holder.user, why: why)
        let code = try await OperatorHand(session: session, resources: preparation.resources).carryOut(act, on: record)
        try RunEnd.leaveRun(with: code)
    }
}
