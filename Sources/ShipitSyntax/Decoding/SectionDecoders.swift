import ShipitCore

/// `release:`
struct ReleaseDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case repository, tags, require
    }

    func release(_ node: Node) -> ReleaseSource? {
        guard let fields = reading.fields(node, Key.self, of: "\"release\"") else { return nil }
        var release = ReleaseSource()
        if let node = fields[.repository], let text = reading.literal(node, "\"repository\"") {
            release.repository = text
            checkURL(text, at: node.place)
        }
        if let node = fields[.tags], let text = reading.literal(node, "\"tags\"") { release.tags = text }
        if let node = fields[.require], let nodes = reading.listOrOne(node, "\"require\"") {
            release.require = nodes.compactMap(requirement)
            if release.isElsewhere { refuseWorkTree(nodes) }
        }
        return release
    }

    /// Reviewers, logs and process lists would see it.
    private func checkURL(_ text: String, at place: Place) {
        guard
            let scheme = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first
        else { return }
        let authority = scheme.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") else { return }
        reading.error(
            "password-in-url", "\"repository\" holds a password", at: place,
            hint: "leave it out: git asks a credential helper, or use ssh")
    }

    private func refuseWorkTree(_ nodes: [Node]) {
        for node in nodes {
            guard case .scalar(let scalar) = node.value, ["clean-tree", "head-at-tag"].contains(scalar.text) else {
                continue
            }
            reading.error(
                "conflicting-keys", "\"\(scalar.text)\" looks at the work tree, and releases from a URL have none",
                at: node.place, hint: "remove one of them")
        }
    }

    /// Requirements with a value.
    enum Requirement: String, SectionKey {
        case versionFile = "version-file", reachableFrom = "reachable-from", pushedTo = "pushed-to"
    }

    private static let bare: KeyValuePairs<String, ReleaseSource.Requirement> = [
        "annotated-tag": .annotatedTag, "signed-tag": .signedTag, "clean-tree": .cleanTree, "head-at-tag": .headAtTag,
    ]
    /// Those without one.
    static let bareNames = bare.map(\.key)
    private static let known = bareNames + Requirement.allCases.map(\.rawValue)

    private func requirement(_ node: Node) -> ReleaseSource.Requirement? {
        switch node.value {
        case .scalar(let scalar):
            if let requirement = Self.bare.first(where: { $0.key == scalar.text }) { return requirement.value }
            switch Requirement(rawValue: scalar.text) {
            case .versionFile: missingValue(scalar.text, "VERSION", node.place)
            case .reachableFrom: missingValue(scalar.text, "main", node.place)
            case .pushedTo: missingValue(scalar.text, "origin", node.place)
            case nil: reading.unknownWord(scalar.text, "a requirement", Self.known, at: node.place)
            }
            return nil
        case .mapping(let entries) where entries.count == 1: return requirement(entries[0])
        default:
            reading.wrongType("a requirement", "a word or one word with its value", node)
            return nil
        }
    }

    private func remote(_ node: Node) -> String? {
        guard let name = reading.literal(node, "\"pushed-to\"") else { return nil }
        if !name.hasPrefix("-") { return name }
        reading.error(
            "bad-name", "\"\(name)\" cannot name a remote", at: node.place, hint: "write pushed-to: origin, or a URL")
        return nil
    }

    private func missingValue(_ word: String, _ example: String, _ place: Place) {
        reading.error("empty-value", "\"\(word)\" has no value", at: place, hint: "write \(word): \(example)")
    }

    private func requirement(_ entry: Entry) -> ReleaseSource.Requirement? {
        switch Requirement(rawValue: entry.key) {
        case .versionFile: return reading.literal(entry.value, "\"version-file\"").map { .versionFile($0) }
        case .reachableFrom: return reading.literal(entry.value, "\"reachable-from\"").map { .reachableFrom($0) }
        case .pushedTo: return remote(entry.value).map { .pushedTo($0) }
        case nil:
            if Self.bareNames.contains(entry.key) {
                reading.error(
                    "wrong-type", "\"\(entry.key)\" takes no value", at: entry.keyPlace, hint: "write - \(entry.key)")
            } else {
                reading.unknownWord(entry.key, "a requirement", Self.known, at: entry.keyPlace)
            }
            return nil
        }
    }
}

/// `environments:`
struct EnvironmentDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case vars, approvals, promote, rehearsed, windows, hosts, sshConfig = "ssh-config"
    }

    func environments(_ node: Node) -> [EnvironmentDraft] {
        guard let entries = reading.mapping(node, "\"environments\"") else { return [] }
        return entries.map { entry in
            _ = reading.checkName(entry.key, "an environment", at: entry.keyPlace)
            return environment(entry)
        }
    }

    private func environment(_ entry: Entry) -> EnvironmentDraft {
        // `staging:` with nothing below is an environment like any other.
        if entry.value.isAbsent { return EnvironmentDraft(name: entry.key, vars: [:]) }
        guard let fields = reading.fields(entry.value, Key.self, of: "environment \"\(entry.key)\"") else {
            return EnvironmentDraft(name: entry.key, hosts: nil)
        }
        let approvals = fields[.approvals].flatMap { ApprovalsDecoder(reading: reading).approvals($0) }
        let promote = fields[.promote].flatMap { PromotionDecoder(reading: reading).promotion($0) }
        let rehearsed = fields[.rehearsed].flatMap { RehearsedDecoder(reading: reading).rehearsed($0) }
        let windows = fields[.windows].flatMap { WindowsDecoder(reading: reading).windows($0) }
        return EnvironmentDraft(
            name: entry.key, vars: vars(of: entry, fields), approvals: approvals, promote: promote,
            rehearsed: rehearsed,
            hosts: fields[.hosts].map { HostsDecoder(reading: reading).groups($0) } ?? [:],
            sshConfig: fields[.sshConfig].flatMap { reading.literal($0, "\"ssh-config\"") }, windows: windows)
    }

    private func vars(of entry: Entry, _ fields: Fields<Key>) -> [String: String]? {
        guard fields.keyPlace(.vars) != nil || entry.value.entry(Key.vars.rawValue) == nil else { return nil }
        guard let node = fields[.vars] else { return [:] }
        guard let entries = reading.mapping(node, "\"vars\"") else { return nil }
        var vars: [String: String] = [:]
        var isComplete = true
        for variable in entries {
            if let value = value(of: variable) { vars[variable.key] = value } else { isComplete = false }
        }
        return isComplete ? vars : nil
    }

    private func value(of variable: Entry) -> String? {
        guard isVariableName(variable.key) else {
            reading.error(
                "bad-name", "\"\(variable.key)\" cannot name a variable", at: variable.keyPlace,
                hint: "use letters, digits, dashes and underscores, at most 64")
            return nil
        }
        if case .scalar(let scalar) = variable.value.value, scalar.text.isEmpty {
            guard scalar.isAbsent else { return "" }
            reading.error(
                "empty-value", "\"\(variable.key)\" has no value", at: variable.keyPlace,
                hint: "write \"\" for an empty text")
            return nil
        }
        return reading.literal(variable.value, "variable \"\(variable.key)\"")
    }

    /// Scripts read it as `SHIPIT_VAR_<name>`, so it has no dots.
    private func isVariableName(_ name: String) -> Bool {
        isName("v" + name) && name.utf8.count <= 64 && !name.isEmpty && !name.utf8.contains(UInt8(ascii: "."))
    }
}

/// `secrets:`
struct SecretDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case env, file, command
    }

    /// The sources that were understood, and the names of all.
    func secrets(_ node: Node) -> ([String: SecretSource], Set<String>) {
        guard let entries = reading.mapping(node, "\"secrets\"") else { return ([:], []) }
        var sources: [String: SecretSource] = [:]
        for entry in entries where reading.checkVariableName(entry.key, "a secret", at: entry.keyPlace) {
            sources[entry.key] = source(entry)
        }
        return (sources, Set(entries.map(\.key)))
    }

    private func source(_ entry: Entry) -> SecretSource? {
        let owner = "secret \"\(entry.key)\""
        guard let fields = reading.fields(entry.value, Key.self, of: owner) else { return nil }
        guard let (key, value) = fields.entries.first.map({ ($0.key, $0.entry.value) }) else {
            if case .mapping(let entries) = entry.value.value, !entries.isEmpty { return nil }
            reading.error(
                "missing-key", "\(owner) does not say where it is read from", at: entry.keyPlace,
                hint: "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}")
            return nil
        }
        if fields.entries.count > 1 {
            reading.error(
                "conflicting-keys", "\(owner) is read from one place, and here is a second",
                at: fields.entries[1].entry.keyPlace, hint: "keep one of them")
            return nil
        }
        switch key {
        case .env:
            guard let name = reading.literal(value, "\"env\""),
                reading.checkVariableName(name, "an environment variable", at: value.place)
            else { return nil }
            return .environment(name)
        case .file: return reading.literal(value, "\"file\"").map { .file($0) }
        case .command:
            guard let nodes = reading.list(value, "\"command\" of a secret") else { return nil }
            guard !nodes.isEmpty else {
                reading.error("empty-value", "the command of \(owner) is empty", at: value.place)
                return nil
            }
            return reading.literals(value, "\"command\"").map { .command($0) }
        }
    }
}
