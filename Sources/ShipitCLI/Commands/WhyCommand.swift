import ArgumentParser
import ShipitCore
import ShipitEngine

struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why a run waits, failed, stands still or goes back, and what moves it on.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: RunArgument.help)
    var runName = "latest"

    private static let lastLines = 10

    func run() throws {
        let folder = try place.place().stateFolder()
        let store = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let reading = try RunReading(try choice.run(runName, dryRuns: false), in: store)
        let run = reading.record.created.run
        var view = reading.view
        try view.lookAtSamples(in: store)
        try view.lookAtRules(in: store)
        let report = RunReport(
            view, entries: try store.entries(of: run, after: 0),
            journal: .init(events: reading.sequence, head: ""), now: view.now ?? SystemClock.wallTime)
        let printed = RunOutput(
            run: run, plan: reading.state.plan, folder: Project.runFolder(of: run, in: folder))
        let lines = FailureReport.culprit(view).map { printed.lastLines(of: $0, count: Self.lastLines) } ?? []
        let why = Why(
            report, lock: reading.lock, lastLines: lines.filter { !$0.allSatisfy(\.isWhitespace) })
        switch output.output {
        case .text: Streams().result(WhyText.text(why))
        case .json: Streams().result(WhyJSON.text(why))
        }
    }
}
