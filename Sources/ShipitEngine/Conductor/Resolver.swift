internal import ShipitCore

/// Substitutes what is known only while a run runs: outputs, secrets, trees, targets, the run's id. References to
/// `instance.*` stay, for the action that knows them.
struct Resolver: Sendable {
    var run: RunID
    var releaseTree: String?
    var target: ReleaseFacts?
    var outputs: [StageName: [String: String]]
    var secrets: [String: String]
    /// What `run.*` is beside the run's id.
    var facts: [String: String] = [:]

    func resolve(_ template: Template) throws(ActionError) -> Template {
        var parts: [Template.Part] = []
        for part in template.parts {
            guard case .reference(let reference, let fallback) = part else {
                parts.append(part)
                continue
            }
            if case .instance = reference {
                parts.append(part)
            } else if let value = value(reference) ?? fallback {
                parts.append(.text(value))
            } else {
                throw .failedForGood("\(reference) has no value: the stage that gives it did not")
            }
        }
        return Template(parts: parts)
    }

    func text(_ template: Template) throws(ActionError) -> String {
        let resolved = try resolve(template)
        guard let text = resolved.literal else { throw .failedForGood("instance values are not known here") }
        return text
    }

    func inputs(_ call: ActionCall) throws(ActionError) -> ActionInputs {
        var inputs: [String: InputValue] = [:]
        for (name, value) in call.inputs {
            inputs[name] = try value.mapText { template throws(ActionError) in try resolve(template) }
        }
        return ActionInputs(inputs)
    }

    func probe(_ request: ProbeRequest) throws(ActionError) -> ProbeRequest {
        try request.mapText { template throws(ActionError) in try resolve(template) }
    }

    private func value(_ reference: Reference) -> String? {
        switch reference {
        case .release("tree"): releaseTree
        case .target("tree"): target.map { $0.tree ?? "" } ?? ""
        case .target(let field): target?.release.field(field) ?? ""
        case .output(let stage, let name): outputs[stage]?[name]
        case .secret(let name): secrets[name]
        case .run("id"): run.text
        case .run(let field): facts[field]
        case .release, .previous, .variable, .item, .environment, .instance: nil
        }
    }
}

extension InputValue {
    /// The value when no reference is left in it.
    func settled() throws(ActionError) -> ResolvedValue {
        switch self {
        case .text(let template):
            guard let text = template.literal else { throw .failedForGood("a reference has no value here") }
            return .text(text)
        case .list(let values):
            var settled: [ResolvedValue] = []
            for value in values { settled.append(try value.settled()) }
            return .list(settled)
        case .map(let values):
            var settled: [String: ResolvedValue] = [:]
            for (key, value) in values { settled[key] = try value.settled() }
            return .map(settled)
        }
    }
}

/// Hides the values of secrets in text that leaves a stage otherwise than through the supervisor.
struct Redactor: Sendable {
    private let values: [String]

    init(_ values: some Collection<String>) {
        self.values = values.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    }

    func redact(_ text: String) -> String {
        values.reduce(text) { $0.replacing($1, with: "***") }
    }
}
