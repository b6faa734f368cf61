import ArgumentParser
import ShipitCore
import ShipitEngine

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runs", abstract: "List runs, newest first.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("How many to list at most.", valueName: "count"))
    var limit = 20

    func run() throws {
        guard limit > 0 else { throw CommandFailure(.usage, "--limit \(limit): at least one run must be listed") }
        let store = try Wiring.storeForReading(try place.place().stateFolder())
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let records = Array(try choice.recent(atMost: limit))
        let dead = try RunReading.undriven(records, in: store)
        switch output.output {
        case .text: Streams().result(RunsText.text(records, dead: dead, now: SystemClock.wallTime))
        case .json: Streams().result(RunsJSON.text(records, dead: dead))
        }
    }
}
