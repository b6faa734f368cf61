import ArgumentParser
import ShipitCore
import ShipitEngine

struct RehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Deploy to an environment that is not production, force a breach, and roll back.",
        discussion: """
            The release goes through all stages, is held for bad at their end, and is taken back as after any breach. How \
            long that took is recorded. What is live there stays what it was. Environments with rehearsed: ask for it.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Stages at once; default: one a core.", valueName: "count"))
    var jobs: Int?

    @Flag(help: "Do not ask before the first change.")
    var yes = false

    @Flag(help: "Wait for windows and the environment's lock, instead of being refused.")
    var wait = false

    @Argument(help: ArgumentHelp("The tag to rehearse with, or latest.", valueName: "tag"))
    var tag: String

    func run() async throws {
        let streams = Streams()
        let jobs = try Session.jobs(jobs)
        let project = try place.place().project()
        let wishes = Preparation.Wishes(
            tag: tag, pipeline: target.pipeline, environment: target.env, settings: set, previous: nil)
        let preparation = try prepare(wishes, project, streams)
        try preparation.releases.requireEverything(of: preparation.release)
        for warning in try preparation.warnings() + doubts(preparation) { streams.warning(warning) }
        var deployment = Deployment(preparation, form: output.output, jobs: jobs, streams: streams)
        deployment.waits = wait
        deployment.isRehearsal = true
        while try await deployment.hasWaited() {
            deployment.preparation = try prepare(wishes, project, streams)
        }
        // A release that is live may be taken back to itself.
        try RunEnd.leaveRun(with: try await deployment.run(again: true, asks: !yes))
    }

    private func prepare(
        _ wishes: Preparation.Wishes, _ project: Project, _ streams: Streams
    ) throws -> Preparation {
        let preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        let name = preparation.environment
        let ground = RehearsalGround(preparation.file.pipeline.environments)
        guard let reason = ground.refusal(of: name) else { return preparation }
        let others = ground.environments(for: name).joined(separator: ", ")
        throw CommandFailure(
            .refused, "a rehearsal takes a release down again, and \(name) is no place for that: \(reason)",
            hint: others.isEmpty ? "declare an environment for it, such as staging" : "rehearse with --env: \(others)")
    }

    /// What makes it prove less than it could.
    private func doubts(_ preparation: Preparation) -> [String] {
        guard preparation.plan.previous != nil else {
            return ["nothing is live in \(preparation.environment): the rehearsal has no release to bring back"]
        }
        guard preparation.isLiveAlready else { return [] }
        let tag = SafeText.line(preparation.release.tag)
        return ["\(tag) is live in \(preparation.environment): the rehearsal brings back what it took down"]
    }
}
