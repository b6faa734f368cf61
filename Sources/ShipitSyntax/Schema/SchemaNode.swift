/// A piece of a JSON Schema: JSON whose keys keep their order.
public indirect enum SchemaNode: Hashable, Sendable {
    case text(String)
    case integer(Int)
    case flag(Bool)
    case list([SchemaNode])
    case object([Member])

    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: SchemaNode
    }

    static func members(_ members: KeyValuePairs<String, SchemaNode?>) -> SchemaNode {
        .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }

    static func texts(_ texts: some Sequence<String>) -> SchemaNode { .list(texts.map(SchemaNode.text)) }
}

extension SchemaNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral text: String) { self = .text(text) }
    public init(booleanLiteral flag: Bool) { self = .flag(flag) }
    public init(integerLiteral number: Int) { self = .integer(number) }
}

extension SchemaNode {
    subscript(_ key: String) -> SchemaNode? {
        if case .object(let members) = self { members.first { $0.key == key }?.value } else { nil }
    }

    /// With other members put before its own.
    func preceded(by other: SchemaNode) -> SchemaNode {
        guard case .object(let own) = self, case .object(let first) = other else { return self }
        return .object(first + own.filter { member in !first.contains { $0.key == member.key } })
    }

    /// With other members after its own, in the place of those of the same name.
    func with(_ other: KeyValuePairs<String, SchemaNode?>) -> SchemaNode {
        let changed = SchemaNode.members(other)
        guard case .object(let own) = self, case .object(let last) = changed else { return self }
        return .object(own.filter { member in !last.contains { $0.key == member.key } } + last)
    }
}
