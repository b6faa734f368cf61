public import ShipitCore

/// The JSON Schema (2020-12) of pipeline files, for editors: made of what the decoders say of their keys, and of what the
/// catalog says of actions and probes.
///
/// It says what can be said of one value at a time. Names that must exist elsewhere, cycles and the like are for the
/// reader.
public struct PipelineSchema {
    /// Of the language version; no host serves it.
    public static let id = idWithoutVersion + PipelineDecoder.version
    public static let idWithoutVersion = "urn:shipit:pipeline:"

    let catalog: Catalog
    private var definitions: [SchemaNode.Member] = []
    private var begun: Set<String> = []

    public static func of(_ catalog: Catalog) -> SchemaNode {
        var schema = PipelineSchema(catalog: catalog)
        return schema.whole()
    }

    private init(catalog: Catalog) { self.catalog = catalog }

    private mutating func whole() -> SchemaNode {
        let pipeline = mapping(PipelineDecoder.Key.self).with([
            "patternProperties": .members(["^x-": .members(["description": "The author's own; not looked at."])])
        ])
        return pipeline.with(["$defs": .object(definitions.sorted { $0.key < $1.key })]).preceded(
            by: .members([
                "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": .text(Self.id),
                "title": "A pipeline of shipit",
            ]))
    }

    /// A reference to a definition, which is made at its first mention.
    mutating func define(_ name: String, _ make: (inout PipelineSchema) -> SchemaNode) -> SchemaNode {
        if begun.insert(name).inserted {
            let made = make(&self)
            definitions.append(SchemaNode.Member(key: name, value: made))
        }
        return .members(["$ref": .text("#/$defs/\(name)")])
    }

    mutating func section(_ keys: any SectionKey.Type) -> SchemaNode {
        return define(keys.aboutSection.name) { $0.mapping(keys) }
    }

    /// The mapping that a section's keys make.
    private mutating func mapping<Key: SectionKey>(_ keys: Key.Type) -> SchemaNode {
        let about = keys.aboutSection
        let takesAction = Key.allCases.contains { if case .inputs = $0.about.shape { true } else { false } }
        return .members([
            "title": .text(about.place), "description": .text(about.help), "type": "object",
            "properties": .object(properties(keys)), "required": Key.required.isEmpty ? nil : names(Key.required),
            "minProperties": about.mayBeEmpty ? nil : 1,
            "anyOf": Key.alternatives.isEmpty
                ? nil : .list(Key.alternatives.map { .members(["required": names([$0])]) }),
            "oneOf": Key.choice.isEmpty ? nil : .list(Key.choice.map { .members(["required": names([$0])]) }),
            "dependentRequired": companions(keys), "allOf": takesAction ? .list(inputsOfActions()) : nil,
            "additionalProperties": false,
        ])
    }

    private func names(_ keys: [some SectionKey]) -> SchemaNode { .texts(keys.map(\.rawValue)) }

    private func companions<Key: SectionKey>(_ keys: Key.Type) -> SchemaNode? {
        guard !Key.companions.isEmpty else { return nil }
        return .object(
            Key.companions.map { SchemaNode.Member(key: $0.key.rawValue, value: .texts([$0.value.rawValue])) })
    }

    mutating func properties<Key: SectionKey>(_ keys: Key.Type) -> [SchemaNode.Member] {
        Key.allCases.map { SchemaNode.Member(key: $0.rawValue, value: property($0)) }
    }

    private mutating func property(_ key: some SectionKey) -> SchemaNode {
        let about = key.isLater ? KeyDescription(.anything, key.about.help) : key.about
        var words = [about.help]
        if key.isLater { words.append("This version understands it and does not act on it: shipit refuses to deploy.") }
        if let fallback = about.fallback { words.append("Default: \(fallback).") }
        if let example = about.example { words.append("Example: \(example)") }
        return node(about.shape).preceded(by: .members(["description": .text(words.joined(separator: "\n\n"))]))
    }
}
