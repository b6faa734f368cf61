import ShipitCore

/// Which environment a deployment goes to.
enum EnvironmentChoice {
    /// A pipeline that declares no environments has this one, without variables.
    static let implicit = "default"

    /// The pipeline with its environments, the implicit one included.
    static func complete(_ pipeline: Pipeline) -> Pipeline {
        guard pipeline.environments.isEmpty else { return pipeline }
        var complete = pipeline
        complete.environments = [Environment(name: implicit)]
        return complete
    }

    static func choose(_ given: String?, of pipeline: Pipeline, questions: Questions?) throws(CommandFailure) -> String
    {
        let names = pipeline.environments.map(\.name)
        if let given {
            if names.contains(given) { return given }
            throw unknown(given, names)
        }
        if names.count == 1 { return names[0] }
        if let questions, questions.isThere {
            let choices = names.map { (name: $0, words: $0) }
            if let chosen = questions.choice("Which environment?", among: choices) { return names[chosen] }
        }
        throw CommandFailure(
            .usage, "pipeline \(pipeline.name) has several environments: \(names.joined(separator: ", "))",
            hint: "say which with --env NAME")
    }

    /// Those of all pipelines that can be read.
    static func all(in place: Place) -> [String] {
        guard let project = try? place.project() else { return [] }
        let catalog = Wiring.equipment(ofProject: project.root).catalog
        let pipelines = PipelineFile.all(of: project).compactMap { name in
            try? PipelineText.read(
                Place.join(project.root, "pipelines/\(name).yaml"), shownAs: name, catalog: catalog
            ).pipeline
        }
        return Set(pipelines.flatMap { complete($0).environments.map(\.name) }).sorted()
    }

    static func unknown(_ name: String, _ known: [String], option: String = "--env ") -> CommandFailure {
        let near = Suggestion.closest(to: name, among: known)
        return CommandFailure(
            .usage, "there is no environment \"\(name)\"",
            hint: near.map { "did you mean \(option)\($0)?" }
                ?? (known.isEmpty ? nil : "environments: \(known.joined(separator: ", "))"))
    }
}
