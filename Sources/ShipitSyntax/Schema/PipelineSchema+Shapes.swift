import ShipitCore

extension PipelineSchema {
    mutating func node(_ shape: Shape) -> SchemaNode {
        switch shape {
        case .text: return Self.literal.with(["minLength": 1])
        case .value: return Self.literal
        case .anyText, .template: return Self.scalar
        case .yesOrNo: return .members(["enum": .list(Self.flags)])
        case .whole(let range):
            return Self.whole.with(["minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
        case .number(let range):
            return Self.number.with([
                "minimum": range.map { .integer($0.lowerBound) }, "maximum": range.map { .integer($0.upperBound) },
            ])
        case .duration: return Self.text(Patterns.duration, "a length of time, such as 500ms, 10m or 1h30m")
        case .positiveDuration:
            return Self.text(
                "(?=.*[1-9])" + Patterns.duration, "a length of time, such as 500ms, 10m or 1h30m, and not 0")
        case .ratio: return Self.text(Patterns.ratio, "a ratio, such as 5%")
        case .share: return Self.text(Patterns.share, "a ratio, such as 5%, of at most 100%")
        case .condition:
            return Self.text(Patterns.condition(Patterns.quantity), "a condition, such as < 100ms or > 20GB")
        case .word(let words): return .members(["enum": .list(words.flatMap(Self.word))])
        case .pattern(let pattern, let what): return Self.matching(pattern, what)
        case .list(let element, let isEmpty):
            return .members(["type": "array", "items": node(element), "minItems": isEmpty ? nil : 1])
        case .listOrOne(let element, let isEmpty): return listOrOne(element, isEmpty)
        case .mapping(let names, let element, let isEmpty):
            return mapping(names, node(element)).with(["minProperties": isEmpty ? nil : 1])
        case .either(let shapes): return either(shapes.map { node($0) })
        case .orNothing(let shape): return either([node(shape), .members(["type": "null"])])
        case .section(let keys): return section(keys)
        case .anything: return .object([])
        case .command, .call, .action, .inputs, .check, .source: return call(shape)
        }
    }

    /// What calls something: a command, an action or a probe.
    private mutating func call(_ shape: Shape) -> SchemaNode {
        switch shape {
        case .call: return either([Self.command, section(CallDecoder.Key.self)])
        case .action:
            let actions = catalog.usableActions
            return .members([
                "enum": .texts(actions.map(\.name)), "enumDescriptions": .texts(actions.map(\.help)),
            ])
        // Which inputs there are is said beside it, by action.
        case .inputs: return .members(["type": "object"])
        case .check: return question(.check)
        case .source: return question(.source)
        default: return Self.command
        }
    }

    // MARK: Scalars

    /// Whatever YAML takes a scalar for, the language reads it as text.
    private static let scalar = SchemaNode.members(["type": ["string", "number", "boolean"]])
    /// Text in which nothing is substituted.
    private static let literal = scalar.with([
        "pattern": #"^(?![\s\S]*\$\{\{)"#,
        "patternErrorMessage": "it is read as it stands: ${{ … }} is not substituted in it",
    ])
    private static let flags: [SchemaNode] = [true, false, "yes", "no", "true", "false"]
    private static let whole = SchemaNode.members([
        "type": ["integer", "string"], "pattern": .text(Patterns.whole(Patterns.whole)),
    ])
    private static let number = SchemaNode.members([
        "type": ["number", "string"], "pattern": .text(Patterns.whole(Patterns.number)),
    ])
    /// A script, which must say something and hold no reference, or a program and its words.
    private static let command = SchemaNode.members([
        "type": ["string", "number", "boolean", "array"], "pattern": #"^(?![\s\S]*\$\{\{)[\s\S]*\S"#,
        "patternErrorMessage": "a command must not be empty, and ${{ … }} is refused in a script: write it as a list",
        "items": scalar, "minItems": 1,
    ])
    /// Text that holds `${{ … }}` is checked when it is substituted.
    private static let reference = #"\$\{\{"#

    private static func matching(_ pattern: String, _ what: String) -> SchemaNode {
        .members([
            "type": "string", "pattern": .text(pattern), "patternErrorMessage": .text("must be \(what)"),
        ])
    }

    private static func text(_ pattern: String, _ what: String) -> SchemaNode {
        matching(Patterns.whole(pattern), what)
    }

    /// A word, and what else YAML may take it for.
    private static func word(_ word: String) -> [SchemaNode] {
        if let number = Int(word) { return [.integer(number), .text(word)] }
        return [.text(word)]
    }

    // MARK: Compounds

    private mutating func listOrOne(_ element: Shape, _ isEmpty: Bool) -> SchemaNode {
        let item = node(element)
        let one: SchemaNode =
            if case .either(let shapes) = element {
                either(shapes.filter { if case .section = $0 { false } else { true } }.map { node($0) })
            } else {
                item
            }
        let least: SchemaNode? = isEmpty ? nil : 1
        // Keywords for text say nothing of lists: one piece is easier to read, and its mistakes are.
        if let types = one["type"], case .object = one {
            let all: [SchemaNode] = if case .list(let types) = types { types } else { [types] }
            return one.with(["type": .list(all + ["array"]), "items": item, "minItems": least])
        }
        return either([one, .members(["type": "array", "items": item, "minItems": least])])
    }

    func either(_ nodes: [SchemaNode]) -> SchemaNode {
        if nodes.count == 1 { return nodes[0] }
        let words = nodes.compactMap { node -> [SchemaNode]? in
            guard case .object(let members) = node, members.count == 1, case .list(let words)? = node["enum"] else {
                return nil
            }
            return words
        }
        guard words.count == nodes.count else { return .members(["anyOf": .list(nodes)]) }
        return .members(["enum": .list(words.flatMap { $0 })])
    }

    private func mapping(_ names: Shape.Names, _ element: SchemaNode) -> SchemaNode {
        guard let pattern = names.pattern else { return .members(["type": "object", "additionalProperties": element]) }
        return .members([
            "type": "object", "patternProperties": .object([SchemaNode.Member(key: pattern, value: element)]),
            "additionalProperties": false,
        ])
    }

    // MARK: What actions and probes declare

    mutating func node(_ field: FieldDescription) -> SchemaNode {
        var words = [field.help]
        if let fallback = field.fallback { words.append("Default: \(fallback).") }
        return node(field.type).preceded(by: .members(["description": .text(words.joined(separator: "\n\n"))]))
    }

    mutating func node(_ type: FieldType) -> SchemaNode {
        switch type {
        case .text, .textOrPattern: return Self.scalar
        case .path: return Self.scalar.with(["minLength": 1])
        case .number:
            return Self.number.with(["pattern": .text("\(Patterns.whole(Patterns.number))|\(Self.reference)")])
        case .boolean:
            return either([.members(["enum": .list(Self.flags)]), .members(["pattern": .text(Self.reference)])])
        case .duration: return Self.orReference(Patterns.duration, "a length of time, such as 500ms or 10m")
        case .size: return Self.orReference(Patterns.size, "a size, such as 50MB or 1GiB")
        case .ratio: return Self.orReference(Patterns.ratio, "a ratio, such as 5%")
        case .condition(let dimension):
            return Self.orReference(
                Patterns.condition(Patterns.of(dimension)), "a condition, such as < \(dimension.example)")
        case .url: return Self.orReference(#"[^:\s]+://\S+"#, "a URL, such as http://127.0.0.1:8080/health")
        case .choice(let words):
            return either([
                .members(["enum": .list(words.flatMap(Self.word))]),
                .members(["type": "string", "pattern": .text(Self.reference)]),
            ])
        case .list(let element): return .members(["type": "array", "items": node(element)])
        case .map:
            let values: SchemaNode = .members(["type": ["string", "number", "boolean", "array", "object"]])
            return .members(["type": "object", "additionalProperties": values])
        case .command: return Self.command
        case .check: return question(.body)
        }
    }

    private static func orReference(_ pattern: String, _ what: String) -> SchemaNode {
        matching("\(Patterns.whole(pattern))|\(reference)", what)
    }
}

extension Shape.Names {
    var pattern: String? {
        switch self {
        case .names: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
        case .variables: "^[A-Za-z_][A-Za-z0-9_]{0,255}$"
        case .ownVariables: "^(?!SHIPIT_)[A-Za-z_][A-Za-z0-9_]{0,255}$"
        case .vars: "^[A-Za-z0-9_-]{1,63}$"
        case .any: nil
        }
    }
}

extension SchemaNode: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: SchemaNode...) { self = .list(elements) }
}

extension Catalog {
    /// Those that `uses` may name.
    var usableActions: [ActionDescription] {
        // By the name that an author writes: a plugin with one action has two.
        actions.filter { CallDecoder.keyed[$0.key] == nil }.map { name, action in
            var named = action
            named.name = name
            return named
        }.sorted { $0.name < $1.name }
    }
}
