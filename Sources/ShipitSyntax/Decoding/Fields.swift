import ShipitCore

/// The keys that a section knows, in the order in which they are told to people. None is without its description: the
/// schema and docs/language.md are made of these (`Language/`).
protocol SectionKey: CaseIterable, RawRepresentable<String>, Equatable {
    static var aboutSection: SectionDescription { get }
    /// Keys that must be there.
    static var required: [Self] { get }
    /// Keys of which one at least must be there; empty where there is no such choice.
    static var alternatives: [Self] { get }
    /// Keys of which exactly one must be there; empty where there is no such choice.
    static var choice: [Self] { get }
    /// Keys that have a meaning only beside another.
    static var companions: [(key: Self, value: Self)] { get }
    /// What the key takes and is for.
    var about: KeyDescription { get }
    /// Part of the language, and not enforced by this version.
    var isLater: Bool { get }
}

extension SectionKey {
    static var required: [Self] { [] }
    static var alternatives: [Self] { [] }
    static var choice: [Self] { [] }
    static var companions: [(key: Self, value: Self)] { [] }
    var isLater: Bool { false }
}

/// A mapping with its keys recognised.
struct Fields<Key: SectionKey> {
    struct Field {
        var key: Key
        var entry: Entry
    }

    let place: Place
    fileprivate(set) var entries: [Field] = []

    subscript(_ key: Key) -> Node? { entries.first { $0.key == key }?.entry.value }

    func keyPlace(_ key: Key) -> Place? { entries.first { $0.key == key }?.entry.keyPlace }
}

extension Reading {
    /// Recognises the keys of a mapping. Unknown keys are mistakes, those of later versions are noted, and neither is
    /// among the result; `nil` when `node` is no mapping at all. `owner` is for messages, such as `stage "build"`.
    func fields<Key: SectionKey>(_ node: Node, _: Key.Type, of owner: String) -> Fields<Key>? {
        guard let entries = mapping(node, owner) else { return nil }
        return fields(entries, place: node.place, Key.self, of: owner)
    }

    /// `alsoKnown` are keys that were taken out of `entries` before, for hints.
    func fields<Key: SectionKey>(
        _ entries: [Entry], place: Place, _: Key.Type, of owner: String, alsoKnown: [String] = []
    ) -> Fields<Key> {
        var fields = Fields<Key>(place: place)
        for entry in entries {
            guard let key = Key(rawValue: entry.key) else {
                unknownKey(entry, known: Key.allCases.map(\.rawValue) + alsoKnown, of: owner)
                continue
            }
            if key.isLater {
                later("\"\(entry.key)\" of \(owner)", at: entry.keyPlace)
            } else if entry.value.isAbsent {
                empty(entry)
            } else {
                fields.entries.append(.init(key: key, entry: entry))
            }
        }
        return fields
    }

    func unknownKey(_ entry: Entry, known: [String], of owner: String, hint: String? = nil) {
        let meant = foreignKeys[entry.key].flatMap { known.contains($0) ? "did you mean \"\($0)\"?" : nil }
        error(
            "unknown-key", "\(owner) has no key \"\(entry.key)\"", at: entry.keyPlace,
            hint: meant ?? hint ?? choice(for: entry.key, among: known, "keys"))
    }

    /// Whether an unknown key stands in a mapping that was probably meant for `key`: then nobody needs to be told that it
    /// is missing.
    func isMisspelt<Key: SectionKey>(_ key: Key, in entries: [Entry]) -> Bool {
        entries.contains { entry in
            guard Key(rawValue: entry.key) == nil else { return false }
            let known = Key.allCases.map(\.rawValue)
            let meant = foreignKeys[entry.key].flatMap { known.contains($0) ? $0 : nil }
            return (meant ?? Suggestion.closest(to: entry.key, among: known)) == key.rawValue
        }
    }

    func empty(_ entry: Entry) {
        error(
            "empty-value", "\"\(entry.key)\" has no value", at: entry.keyPlace,
            hint: "give it a value or remove the key")
    }

    func mapping(_ node: Node, _ what: String) -> [Entry]? {
        guard case .mapping(let entries) = node.value else {
            wrongType(what, "a mapping", node)
            return nil
        }
        return entries
    }

    func list(_ node: Node, _ what: String) -> [Node]? {
        guard case .sequence(let nodes) = node.value else {
            wrongType(what, "a list", node)
            return nil
        }
        return nodes
    }

    /// A list, or one value that stands for a list of itself.
    func listOrOne(_ node: Node, _ what: String) -> [Node]? {
        if case .scalar = node.value { return [node] }
        return list(node, what)
    }

    func wrongType(_ what: String, _ wanted: String, _ node: Node) {
        error("wrong-type", "\(what) must be \(wanted), and this is \(node.kind)", at: node.place)
    }
}

/// What other tools call the same thing.
private let foreignKeys = [
    "when": "if", "only-if": "if", "depends-on": "needs", "depends_on": "needs", "requires": "needs", "after": "needs",
    "command": "run", "cmd": "run", "script": "run", "exec": "run", "environment": "env", "variables": "vars",
    "inputs": "with", "args": "with", "retries": "retry", "undo": "rollback", "matrix": "for-each",
    "working-directory": "workdir", "cwd": "workdir", "always": "finally", "cleanup": "finally", "jobs": "stages",
    "steps": "stages", "interval": "every", "max-attempts": "attempts", "retry": "retries", "needs": "depends-on",
    "hosts": "on", "serial": "batches", "max-fail-percentage": "max-failures",
    "manual": "approval", "sleep": "wait", "pause": "wait", "notifications": "notify",
]
