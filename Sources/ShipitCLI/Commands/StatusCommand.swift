import ArgumentParser
import ShipitCore
import ShipitEngine

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Where a run stands, and what to do next.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: RunArgument.help)
    var runName = "latest"

    func run() throws {
        let store = try Wiring.storeForReading(try place.place().stateFolder())
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        var view = try RunReading(try choice.run(runName, dryRuns: true), in: store).view
        try view.lookAtSamples(in: store)
        try view.lookAtRules(in: store)
        view.notices = try store.outbox(of: view.created.run)
        switch output.output {
        case .text: Streams().result(StatusText.text(view, now: SystemClock.wallTime))
        case .json: Streams().result(StatusJSON.text(view))
        }
    }
}

enum RunArgument {
    static let help = ArgumentHelp("The run: its id, a unique beginning of it, or latest.", valueName: "run")
}
