import ArgumentParser
import ShipitCore
import ShipitEngine

struct SkipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Leave a stage out; those that need it go on as if it had succeeded.",
        discussion: "A run that nobody drives is taken up with it.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String

    @Argument(help: RunArgument.help)
    var runName: String

    @Argument(help: ArgumentHelp("The stage.", valueName: "stage"))
    var stage: String

    func run() async throws {
        try Reason.check(why)
        let hand = StageHand(place: place, target: target, form: output.output)
        try await hand.carryOut(.skip(StageName(stage)), why: why, run: runName, stage: StageName(stage))
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try a failed stage of a paused run again, with a new budget.",
        discussion: "A run that nobody drives is taken up with it.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String?

    @Argument(help: RunArgument.help)
    var runName: String

    @Argument(help: ArgumentHelp("The stage.", valueName: "stage"))
    var stage: String

    func run() async throws {
        let hand = StageHand(place: place, target: target, form: output.output)
        try await hand.carryOut(.retry(StageName(stage)), why: why, run: runName, stage: StageName(stage))
    }
}

/// What a person does to one stage of a run.
private struct StageHand {
    let place: PlaceOptions
    let target: TargetOptions
    let form: StreamForm

    func carryOut(_ kind: OperatorAct.Kind, why: String?, run: String, stage: StageName) async throws {
        let folder = try place.place().stateFolder()
        let looking = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        let record = try choice.run(run, dryRuns: false)
        try StageArgument.check(stage, of: try RunReading(record, in: looking).state)
        let session = try Session(stateFolder: folder, form: form, streams: Streams())
        let preparation = RunPreparation(session: session, jobs: try Session.jobs(nil), bearsMissingTrees: false)
        let act = OperatorAct(kind, by: session.holder.user, why: why)
        let code = try await OperatorHand(session: session, resources: preparation.resources).handOver(act, on: record)
        try RunEnd.leaveRun(with: code)
    }
}
