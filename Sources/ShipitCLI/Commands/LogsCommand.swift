import ArgumentParser
import ShipitCore
import ShipitEngine

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what the commands of a run have printed.",
        discussion: """
            As text, each line with its stage. With --output jsonl, a piece of output a line: at, stage, key, stream (stdout, \
            stderr, or note for shipit's own words), bytes (how many of the command's own these are) and text. What is not \
            UTF-8 is shown as \\xNN, and control sequences have no power. The journal's events are `shipit journal`'s.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Flag(name: .shortAndLong, help: "Go on until the run ends.")
    var follow = false

    @Argument(help: RunArgument.help)
    var runName = "latest"

    @Argument(help: ArgumentHelp("Only this stage.", valueName: "stage"))
    var stage: String?

    private static let beat = TimeSpan.milliseconds(150)

    func run() async throws {
        let folder = try place.place().stateFolder()
        let store = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        var reading = try RunReading(try choice.run(runName, dryRuns: true), in: store)
        let stage = try chosenStage(reading)
        let run = reading.record.created.run
        let log = RunOutput(run: run, plan: reading.state.plan, folder: Project.runFolder(of: run, in: folder))
        var printer = LogPrinter(form: output.output, namesStages: stage == nil)
        var reader = log.reader(of: stage)
        while true {
            // First whether it goes on, then the log: what was printed last is seen.
            let goesOn = follow && reading.state.outcome == nil && reading.isHeld
            let page = try reader.readOn()
            for chunk in page.chunks {
                printer.print(chunk, of: log.stage(of: chunk.key), on: log.host(of: chunk.key))
            }
            guard page.isLast else { continue }
            guard goesOn else { break }
            try await SystemClock().sleep(Self.beat)
            try reading.lookAtLock(in: store)
            try reading.readOn(in: store)
        }
        printer.finish()
    }

    private func chosenStage(_ reading: RunReading) throws(CommandFailure) -> StageName? {
        guard let stage else { return nil }
        try StageArgument.check(StageName(stage), of: reading.state)
        return StageName(stage)
    }
}
