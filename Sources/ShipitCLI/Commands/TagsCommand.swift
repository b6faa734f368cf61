import ArgumentParser
import ShipitCore
import ShipitEngine

struct TagsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags that may be deployed, and where they are live.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let streams = Streams()
        let project = try place.place().project()
        let file = try PipelineFile.load(target.pipeline, of: project, says: streams)
        let pipeline = EnvironmentChoice.complete(file.pipeline)
        let names = pipeline.environments.map(\.name)
        if let env = target.env, !names.contains(env) { throw EnvironmentChoice.unknown(env, names) }
        let store = try Wiring.storeForReading(project.stateFolder)
        var live: [String: [String]] = [:]
        for name in names where target.env == nil || target.env == name {
            guard let run = try store.liveRun(pipeline: pipeline.name, environment: name) else { continue }
            live[run.created.release.commit, default: []].append(name)
        }
        let rows = try Releases(pipeline.release, of: project).all().map {
            TagsText.Row($0, liveIn: live[$0.commit] ?? [])
        }
        switch output.output {
        case .text: streams.result(TagsText.text(rows))
        case .json: streams.result(TagsText.json(rows))
        }
    }
}
