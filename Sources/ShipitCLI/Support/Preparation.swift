import Foundation
import ShipitCore
import ShipitEngine

/// What `deploy` and `plan` find out before anything happens: pipeline, environment, release, plan. Changes nothing.
struct Preparation {
    let project: Project
    let file: PipelineFile
    let pipeline: Pipeline
    let environment: String
    let releases: Releases
    /// Open for reading; where nothing has been recorded yet, it has nothing.
    let store: any RunStore
    /// What is live there by the journal.
    let live: RunRecord?
    let plan: Plan
    let digest: String

    struct Wishes {
        var tag: String
        /// A pattern that the tag must match, where it is `latest`.
        var matching: String?
        var pipeline: String?
        var environment: String?
        /// `K=V`, as typed.
        var settings: [String]
        var previous: String?
        /// What the tag must name, where that is known already.
        var commit: String?
    }

    init(_ wishes: Wishes, project: Project, streams: Streams, mayAsk: Bool) throws {
        let settings = try Self.settings(wishes.settings)
        self.project = project
        file = try PipelineFile.load(wishes.pipeline, of: project, says: streams)
        try file.refuseWhatIsNotEnforced()
        pipeline = EnvironmentChoice.complete(file.pipeline)
        environment = try EnvironmentChoice.choose(
            wishes.environment, of: pipeline, questions: mayAsk ? Questions(streams: streams) : nil)
        let releases = try Releases(pipeline.release, of: project)
        self.releases = releases
        let release = try releases.release(wishes.tag, matching: wishes.matching)
        if let commit = wishes.commit, release.commit != commit {
            throw CommandFailure(
                .refused,
                "the tag \(release.tag) was moved meanwhile: it named \(commit) and names \(release.commit) now",
                hint: "deploy it anew, or move the tag back")
        }
        store = try Wiring.storeForReading(project.stateFolder)
        live = try Self.live(pipeline.name, environment, in: store)
        let previous =
            try wishes.previous.map { tag in try releases.release(tag, isAnyTag: true) } ?? live?.created.release
        plan = file.equipment.pinning(
            try Planner(pipeline, catalog: file.equipment.catalog).plan(
                release, in: environment, previous: previous, settings: settings))
        digest = PlanDigest.of(plan)
    }

    /// What is live, or will be once the run that only monitors it has ended for a newer one.
    private static func live(_ pipeline: String, _ environment: String, in store: any RunStore) throws -> RunRecord? {
        let yielding = try Yielding(store: store).run(in: environment)?.record
        if let yielding, yielding.created.pipeline == pipeline { return yielding }
        return try store.liveRun(pipeline: pipeline, environment: environment)
    }

    var release: Release { plan.release }

    /// Whether this commit is what runs there already.
    var isLiveAlready: Bool { live?.created.release.commit == release.commit }

    /// Those of this pipeline there, those that went back among them: they tell how long undos take.
    func earlierRuns() throws -> [RunState] {
        try EarlierRuns(store: store).states(of: pipeline.name, in: environment)
    }

    /// The work tree is of another commit than the release, and commands start in it.
    func warnings() throws -> [String] {
        let runsCommands = plan.stages.contains { !$0.skipped && $0.perform.action == "run" }
        guard runsCommands, let head = try releases.headCommit(), head != release.commit else { return [] }
        return [
            "HEAD is \(head.prefix(12)), \(release.tag) is \(release.commit.prefix(12)): "
                + "run: stages use the files of the work tree, not the tag's"
        ]
    }

    static func settings(_ given: [String]) throws(CommandFailure) -> [String: String] {
        var settings: [String: String] = [:]
        for setting in given {
            guard let sign = setting.firstIndex(of: "="), sign != setting.startIndex else {
                throw CommandFailure(.usage, "--set \(setting): NAME=VALUE is expected")
            }
            let name = String(setting[..<sign])
            guard settings.updateValue(String(setting[setting.index(after: sign)...]), forKey: name) == nil else {
                throw CommandFailure(.usage, "--set gives \(name) twice")
            }
        }
        return settings
    }
}
