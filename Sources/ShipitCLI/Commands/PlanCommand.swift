import ArgumentParser
import ShipitCore
import ShipitEngine

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what deploy would do: order, commands, ways back, plan digest.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("The release to go back to; default: the one that is live.", valueName: "tag"))
    var previous: String?

    @Argument(help: ArgumentHelp("The tag, or latest.", valueName: "tag"))
    var tag: String

    func run() async throws {
        let streams = Streams()
        let project = try place.place().project()
        let wishes = Preparation.Wishes(
            tag: tag, pipeline: target.pipeline, environment: target.env, settings: set, previous: previous)
        let preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        do {
            try preparation.releases.requireEverything(of: preparation.release)
        } catch {
            guard error.exitCode == CommandFailure.Kind.refused.rawValue else { throw error }
            streams.warning("deploy would be refused: \(error.message)")
        }
        for warning in try preparation.warnings() { streams.warning(warning) }
        try await PlanWords(preparation, output.output, streams).say(isDryRun: false)
    }
}

/// A plan with all that can be said before it runs.
struct PlanWords {
    private let preparation: Preparation
    private let form: OutputForm
    private let streams: Streams

    /// How many first lines of commit messages are shown.
    private static let subjects = 20

    init(_ preparation: Preparation, _ form: OutputForm, _ streams: Streams) {
        self.preparation = preparation
        self.form = form
        self.streams = streams
    }

    func say(isDryRun: Bool) async throws {
        let plan = preparation.plan
        let previews = await Previews(plan: plan, project: preparation.project).lines()
        var commits: PlanFacts.Commits?
        if let previous = plan.previous {
            commits = try preparation.releases.commits(from: previous, to: plan.release, showing: Self.subjects)
        }
        let facts = PlanFacts(
            plan: plan, digest: preparation.digest, previews: previews.perform, undoPreviews: previews.undo,
            commits: commits)
        switch form {
        case .text: streams.result(PlanText.text(facts) + (isDryRun ? "\ndry run: nothing was changed\n" : ""))
        case .json: streams.result(PlanJSON.text(facts))
        }
    }
}
