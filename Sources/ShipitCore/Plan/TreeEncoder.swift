/// Encodes values as a `PlanTree`, keys in the language's spelling.
struct TreeEncoder: Encoder {
    private let node: Node
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// What is being built.
    private final class Node {
        var tree: PlanTree?
        var members: [(key: String, node: Node)]?
        var items: [Node]?
    }

    static func tree(of value: some Encodable) -> PlanTree {
        let node = Node()
        fill(node, with: value)
        return finished(node)
    }

    private static func fill(_ node: Node, with value: some Encodable) {
        if let known = value as? any PlanTreeConvertible {
            node.tree = known.planTree
        } else if let leaf = value as? any TreeLeaf {
            node.tree = .text(leaf.leafText)
        } else {
            do {
                try value.encode(to: TreeEncoder(node: node))
            } catch {
                preconditionFailure("a plan is made of texts, numbers and lists, which always encode: \(error)")
            }
        }
    }

    private static func finished(_ node: Node) -> PlanTree {
        if let tree = node.tree { return tree }
        if let items = node.items { return .list(items.map(finished)) }
        var members: [String: PlanTree] = [:]
        for (key, node) in node.members ?? [] { members[languageKey(key)] = finished(node) }
        return inLanguage(members)
    }

    // MARK: The language's spelling

    private static func languageKey(_ key: String) -> String {
        switch key {
        case "undo": return "rollback"
        case "suites": return "checks"
        case "duration": return "for"
        case "groupLimit": return "max-parallel"
        default: return key.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
        }
    }

    /// What the language writes more briefly: a stage's work and a probe beside their limits, choices as words.
    private static func inLanguage(_ members: [String: PlanTree]) -> PlanTree {
        if members.count == 1, let payload = members["_0"] { return payload }
        if members.count == 1, let only = members.first, only.value == .map([:]) { return .text(only.key) }
        var members = members
        if case .map(let work)? = members["perform"] {
            members["perform"] = nil
            members.merge(work) { $1 }
        }
        if case .map(let probe)? = members["probe"], case .text(let name)? = probe["probe"] {
            members["probe"] = nil
            if case .map(let fields)? = probe["fields"] { members.merge(fields) { $1 } }
            members[name] = probe["subject"]
        }
        return .map(members)
    }

    // MARK: Encoder

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if node.members == nil { node.members = [] }
        return KeyedEncodingContainer(Keyed<Key>(node: node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if node.items == nil { node.items = [] }
        return Unkeyed(node: node)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node) }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let node: Node
        var codingPath: [any CodingKey] { [] }

        private func member(_ key: String) -> Node {
            let member = Node()
            node.members?.append((key, member))
            return member
        }

        func encodeNil(forKey key: Key) {}
        func encode<T: Encodable>(_ value: T, forKey key: Key) { fill(member(key.stringValue), with: value) }
        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            TreeEncoder(node: member(key.stringValue)).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            TreeEncoder(node: member(key.stringValue)).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { TreeEncoder(node: member("super")) }
        func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(node: member(key.stringValue)) }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let node: Node
        var codingPath: [any CodingKey] { [] }
        var count: Int { node.items?.count ?? 0 }

        private func item() -> Node {
            let item = Node()
            node.items?.append(item)
            return item
        }

        func encodeNil() { item().tree = .text("") }
        func encode<T: Encodable>(_ value: T) { fill(item(), with: value) }
        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            TreeEncoder(node: item()).container(keyedBy: type)
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            TreeEncoder(node: item()).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { TreeEncoder(node: item()) }
    }

    private struct Single: SingleValueEncodingContainer {
        let node: Node
        var codingPath: [any CodingKey] { [] }

        func encodeNil() { node.tree = .text("") }
        func encode<T: Encodable>(_ value: T) { fill(node, with: value) }
    }
}

/// What is a single word.
private protocol TreeLeaf {
    var leafText: String { get }
}

extension String: TreeLeaf { fileprivate var leafText: String { self } }
extension Bool: TreeLeaf { fileprivate var leafText: String { self ? "yes" : "no" } }
extension Int: TreeLeaf { fileprivate var leafText: String { String(self) } }
extension Int64: TreeLeaf { fileprivate var leafText: String { String(self) } }
extension Double: TreeLeaf {
    fileprivate var leafText: String { Int64(exactly: self).map(String.init) ?? String(self) }
}
