import ArgumentParser
import ShipitCore
import ShipitEngine

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what deploy would do: order, commands, ways back, plan digest.",
        discussion: """
            With --diff, only what would be otherwise than in an earlier run, field by field; pipeline and environment are \
            that run's unless they are given. Differences are no failure.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("The release to go back to; default: the one that is live.", valueName: "tag"))
    var previous: String?

    @Option(help: ArgumentHelp("Compare with the plan of an earlier run, field by field.", valueName: "run"))
    var diff: String?

    @Argument(help: ArgumentHelp("The tag, or latest.", valueName: "tag"))
    var tag: String

    func run() async throws {
        let streams = Streams()
        let project = try place.place().project()
        let earlier = try diff.map { try earlierRun($0, project) }
        let wishes = Preparation.Wishes(
            tag: tag, pipeline: target.pipeline ?? earlier?.pipelineFile,
            environment: target.env ?? earlier?.created.environment, settings: set, previous: previous)
        let preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        if let earlier { return try compare(preparation, with: earlier, streams) }
        do {
            try preparation.releases.requireEverything(of: preparation.release)
        } catch {
            guard error.exitCode == CommandFailure.Kind.refused.rawValue else { throw error }
            streams.warning("deploy would be refused: \(error.message)")
        }
        for warning in try preparation.warnings() { streams.warning(warning) }
        try await PlanWords(preparation, output.output, streams).say()
    }
}

extension PlanCommand {
    private func earlierRun(_ name: String, _ project: Project) throws -> RunRecord {
        let store = try Wiring.storeForReading(project.stateFolder)
        return try RunChoice(store: store, environment: target.env, pipeline: target.pipeline).run(name, dryRuns: true)
    }

    private func compare(_ preparation: Preparation, with earlier: RunRecord, _ streams: Streams) throws {
        let run = earlier.created.run
        guard let before = try preparation.store.plan(of: run) else {
            throw CommandFailure(.machine, "the plan of run \(run) is missing from the journal")
        }
        let diff = PlanDiff(from: before, to: preparation.plan)
        // By today's reckoning, so that equal plans have equal digests whatever shipit made the run.
        let digest = PlanDigest.of(before)
        switch output.output {
        case .text:
            let title = SafeText.line("\(preparation.release.tag) to \(preparation.environment)")
            let run = SafeText.line("\(run) (\(before.release.tag) to \(before.environment))")
            let words = PlanDiffText(run: run, title: title, before: digest, after: preparation.digest, diff: diff)
            streams.result(words.text)
        case .json:
            let value = PlanDiffJSON.value(diff, run: run, before: digest, after: preparation.digest)
            streams.result(value.pretty + "\n")
        }
    }
}

extension RunRecord {
    /// The name by which `--pipeline` finds its file; `nil` for a file elsewhere.
    fileprivate var pipelineFile: String? {
        guard file.hasPrefix("pipelines/"), file.hasSuffix(".yaml") else { return nil }
        return String(file.dropFirst("pipelines/".count).dropLast(".yaml".count))
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

    func say() async throws {
        let facts = try await Self.facts(preparation)
        switch form {
        case .text: streams.result(PlanText.text(facts))
        case .json: streams.result(PlanJSON.text(facts))
        }
    }

    /// All of it; asks the world what stages would still have to do.
    static func facts(_ preparation: Preparation) async throws -> PlanFacts {
        let plan = preparation.plan
        let asking = Previews(
            plan: plan, project: preparation.project, actions: preparation.file.equipment.actions)
        var previews = await asking.all()
        asking.add(await PendingWork.previews(of: preparation), to: &previews)
        var commits: PlanFacts.Commits?
        if let previous = plan.previous {
            commits = try preparation.releases.commits(from: previous, to: plan.release, showing: Self.subjects)
        }
        return PlanFacts(
            plan: plan, digest: preparation.digest, previews: previews, pending: await PendingWork.of(preparation),
            commits: commits, gates: try EarlierRuns(store: preparation.store).findings(plan),
            usual: UsualDurations(try preparation.earlierRuns()))
    }
}
