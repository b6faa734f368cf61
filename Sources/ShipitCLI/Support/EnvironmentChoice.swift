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

    static func unknown(_ name: String, _ known: [String]) -> CommandFailure {
        let near = Suggestion.closest(to: name, among: known)
        return CommandFailure(
            .usage, "there is no environment \"\(name)\"",
            hint: near.map { "did you mean --env \($0)?" } ?? "environments: \(known.joined(separator: ", "))")
    }
}
