import ArgumentParser
import ShipitCore
import ShipitEngine

struct AbandonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abandon", abstract: "Leave a run as it is, and open its environment to other deployments.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String

    @Argument(help: RunArgument.help)
    var runName: String

    func run() async throws {
        try Reason.check(why)
        let folder = try place.place().stateFolder()
        let looking = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        let record = try choice.run(runName, dryRuns: false)
        guard try choice.isUnfinished(record) else {
            throw CommandFailure(
                .refused, "run \(record.created.run) has ended and keeps nobody out",
                hint: "look with: shipit status \(record.created.run)")
        }
        let session = try Session(stateFolder: folder, form: output.output, streams: Streams())
        let act = OperatorAct(.abandon, by: session.holder.user, why: why)
        // Nothing is started any more, so neither secrets nor trees are needed.
        let hand = OperatorHand(session: session) { reading in
            RunResources(
                folder: session.folder(of: reading.record.created.run),
                equipment: Wiring.equipment(ofProject: reading.record.root), jobs: 1)
        }
        let code = try await hand.carryOut(act, on: record)
        // That something is not undone is what was asked for.
        try RunEnd.leaveRun(with: code == 5 ? 0 : code)
    }
}

/// `--why` where the journal must not be without one.
enum Reason {
    static func check(_ why: String) throws(CommandFailure) {
        guard why.contains(where: { !$0.isWhitespace }) else {
            throw CommandFailure(.usage, "--why is empty", hint: "say why, for whoever reads the journal")
        }
    }
}
