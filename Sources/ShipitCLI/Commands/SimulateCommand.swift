import ArgumentParser
import ShipitCore
import ShipitEngine

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Show what would happen if each stage failed, hung, or the machine died there; executes nothing.",
        discussion: """
            A row for each thing that can go wrong: how the run would end, with which exit code, what would be undone in \
            which order, and how long that may take. It is the engine's own core on a virtual clock. It takes it that \
            people sign, that what dies is resumed at once, and that what is not said to fail succeeds.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("How many stages may run at once. Default: one a core.", valueName: "n"))
    var jobs: Int?

    @Argument(help: ArgumentHelp("The tag, or latest.", valueName: "tag"))
    var tag: String

    func run() async throws {
        let streams = Streams()
        let project = try place.place().project()
        let wishes = Preparation.Wishes(
            tag: tag, pipeline: target.pipeline, environment: target.env, settings: set, previous: nil)
        let preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        let usual = UsualDurations.ofParts(try preparation.earlierRuns())
        let cases = Simulation(preparation.plan, jobs: try Session.jobs(jobs), usual: usual).cases()
        let words = SimulationWords(plan: preparation.plan, digest: preparation.digest, cases: cases)
        switch output.output {
        case .text: streams.result(words.text)
        case .json: streams.result(words.json.pretty + "\n")
        }
    }
}
