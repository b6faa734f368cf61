/// A value of `with:`, of a check or of a monitor source, as the author wrote it. Scalars stay text: the declaration of
/// the input says what they mean (`no` and `3.10` are text where text is meant).
public indirect enum InputValue: Hashable, Sendable {
    case text(Template)
    case list([InputValue])
    case map([String: InputValue])

    public var references: [Reference] {
        switch self {
        case .text(let template): template.references
        case .list(let values): values.flatMap(\.references)
        case .map(let values): values.keys.sorted().flatMap { values[$0]!.references }
        }
    }

    /// The same value with every text changed by `transform`.
    public func mapText<E: Error>(_ transform: (Template) throws(E) -> Template) throws(E) -> InputValue {
        switch self {
        case .text(let template): return .text(try transform(template))
        case .list(let values):
            var changed: [InputValue] = []
            for value in values { changed.append(try value.mapText(transform)) }
            return .list(changed)
        case .map(let values):
            var changed: [String: InputValue] = [:]
            for (key, value) in values { changed[key] = try value.mapText(transform) }
            return .map(changed)
        }
    }
}

extension InputValue: Codable {
    private enum Key: String, CodingKey { case list, map }

    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self), !keyed.allKeys.isEmpty {
            if keyed.contains(.list) {
                self = .list(try keyed.decode([InputValue].self, forKey: .list))
            } else {
                self = .map(try keyed.decode([String: InputValue].self, forKey: .map))
            }
        } else {
            self = .text(try Template(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let template): try template.encode(to: encoder)
        case .list(let values):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(values, forKey: .list)
        case .map(let values):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(values, forKey: .map)
        }
    }
}

/// A value with everything substituted: what an action or a probe gets.
public indirect enum ResolvedValue: Hashable, Sendable, Codable {
    case text(String)
    case list([ResolvedValue])
    case map([String: ResolvedValue])

    public var text: String? { if case .text(let text) = self { text } else { nil } }
    public var list: [ResolvedValue]? { if case .list(let values) = self { values } else { nil } }
    public var map: [String: ResolvedValue]? { if case .map(let values) = self { values } else { nil } }
}
