import ShipitCore

extension PipelineSchema {
    /// Which inputs `with` may hold, by what `uses` names.
    mutating func inputsOfActions() -> [SchemaNode] {
        catalog.usableActions.map { action in
            let inputs = define("with.\(action.name.replacing("/", with: "."))") { $0.inputs(of: action) }
            let isRequired = action.inputs.contains { $0.required }
            return .members([
                "if": .members([
                    "properties": .members(["uses": .members(["const": .text(action.name)])]), "required": ["uses"],
                ]),
                "then": .members([
                    "properties": .members(["with": inputs]), "required": isRequired ? ["with"] : nil,
                ]),
            ])
        }
    }

    private mutating func inputs(of action: ActionDescription) -> SchemaNode {
        let required = action.inputs.filter(\.required).map(\.name)
        return .members([
            "title": .text("with, of \(action.name)"), "description": .text(action.help), "type": "object",
            "properties": .object(action.inputs.map { SchemaNode.Member(key: $0.name, value: node($0)) }),
            "required": required.isEmpty ? nil : .texts(required), "additionalProperties": false,
        ])
    }

    /// Where a probe is asked.
    enum Asker: String {
        /// A suite of checks.
        case check
        /// The monitor.
        case source
        /// An action's input: a check without a name.
        case body
    }

    /// A mapping with exactly one probe, that probe's fields, and what the asker has of its own. Each probe has a definition
    /// of its own, so that an editor offers its fields and no others.
    mutating func question(_ asker: Asker) -> SchemaNode {
        define(asker.rawValue) { $0.makeQuestion(asker) }
    }

    private mutating func makeQuestion(_ asker: Asker) -> SchemaNode {
        let about = asker == .source ? MonitorDecoder.SourceKey.aboutSection : CheckDecoder.Key.aboutSection
        let probes = probes(of: asker)
        let subjects = probes.map { SchemaNode.Member(key: $0.name, value: subject($0)) }
        let own = own(asker)
        let cases = probes.map { probe in
            (probe.name, define("\(asker.rawValue).\(probe.name)") { $0.question(to: probe, asker) })
        }
        return .members([
            "title": .text(about.place), "description": .text(about.help), "type": "object",
            "properties": .object(subjects + own),
            "oneOf": .list(subjects.map { .members(["required": .texts([$0.key])]) }),
            "allOf": .list(
                cases.map { name, then in
                    .members(["if": .members(["required": .texts([name])]), "then": then])
                }),
        ])
    }

    private func probes(of asker: Asker) -> [ProbeDescription] {
        var probes = Array(catalog.probes.values)
        if asker == .source { probes.removeAll { !$0.samples } }
        if asker == .check { probes.append(ManualCheck.description) }
        return probes.sorted { $0.name < $1.name }
    }

    /// What the asker knows beside the probe and its fields.
    private mutating func own(_ asker: Asker) -> [SchemaNode.Member] {
        switch asker {
        case .check: properties(CheckDecoder.Key.self)
        case .source: properties(MonitorDecoder.SourceKey.self)
        case .body: properties(CheckDecoder.Key.self).filter { $0.key == CheckDecoder.Key.timeout.rawValue }
        }
    }

    private mutating func subject(_ probe: ProbeDescription) -> SchemaNode {
        let about = SchemaNode.members(["description": .text(probe.help)])
        // Words for people: nothing is substituted in them.
        return (probe == ManualCheck.description ? node(Shape.text) : saying(probe.subject)).preceded(by: about)
    }

    /// Blanks say nothing.
    private mutating func saying(_ type: FieldType) -> SchemaNode {
        switch type {
        case .text, .textOrPattern, .path: node(type).with(["pattern": #"\S"#])
        default: node(type)
        }
    }

    private mutating func question(to probe: ProbeDescription, _ asker: Asker) -> SchemaNode {
        var members = [SchemaNode.Member(key: probe.name, value: subject(probe))]
        members += probe.fields.map { SchemaNode.Member(key: $0.name, value: node($0)) }
        members += own(asker).filter { member in !members.contains { $0.key == member.key } }
        return .members([
            "title": .text("\(asker.rawValue), asking \(probe.name)"), "description": .text(probe.help),
            "properties": .object(members),
            "required": .texts([probe.name] + probe.fields.filter(\.required).map(\.name)),
            "additionalProperties": false,
        ])
    }
}
