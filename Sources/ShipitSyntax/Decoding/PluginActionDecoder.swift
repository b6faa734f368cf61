import ShipitCore

/// `actions:` of a manifest.
struct PluginActionDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case description, inputs, outputs, calls, secrets, env
    }

    enum InputKey: String, SectionKey {
        case type, mustBeGiven = "required", `default`, secret, description
    }

    enum OutputKey: String, SectionKey {
        case type, description
    }

    static let types: [(word: String, type: FieldType)] = [
        ("text", .text), ("number", .number), ("boolean", .boolean), ("duration", .duration), ("size", .size),
        ("ratio", .ratio), ("url", .url), ("path", .path), ("list", .list(.text)), ("map", .map),
    ]

    func actions(_ node: Node) -> [PluginManifest.Action]? {
        guard let entries = reading.mapping(node, "\"actions\"") else { return nil }
        guard !entries.isEmpty else {
            reading.error("empty-value", "\"actions\" names none", at: node.place)
            return nil
        }
        let actions = entries.map(action)
        return actions.contains { $0 == nil } ? nil : actions.compactMap { $0 }
    }

    private func action(_ entry: Entry) -> PluginManifest.Action? {
        let owner = "action \"\(entry.key)\""
        guard isPluginName(entry.key) else {
            reading.error("bad-name", "\"\(entry.key)\" cannot name an action", at: entry.keyPlace)
            return nil
        }
        guard let fields = reading.fields(entry.value, Key.self, of: owner) else { return nil }
        guard let description = fields[.description] else {
            reading.error("missing-key", "\(owner) lacks \"description\"", at: entry.keyPlace)
            return nil
        }
        var action = PluginManifest.Action(name: entry.key, help: reading.literal(description, "\"description\"") ?? "")
        var isRight = !action.help.isEmpty
        if let node = fields[.inputs] { isRight = inputs(node, &action) && isRight }
        if let node = fields[.outputs] { isRight = outputs(node, &action) && isRight }
        isRight = calls(fields[.calls], &action, owner, at: entry.keyPlace) && isRight
        isRight = names(fields[.secrets], "a secret", &action.access.secrets) && isRight
        isRight = names(fields[.env], "a variable", &action.access.environment) && isRight
        return isRight ? action : nil
    }

    // MARK: What goes in and comes out

    private func inputs(_ node: Node, _ action: inout PluginManifest.Action) -> Bool {
        guard let entries = reading.mapping(node, "\"inputs\"") else { return false }
        var isRight = true
        for entry in entries {
            guard reading.checkName(entry.key, "an input", at: entry.keyPlace),
                let fields = reading.fields(entry.value, InputKey.self, of: "input \"\(entry.key)\""),
                let type = type(fields[.type], of: "input \"\(entry.key)\"", at: entry.keyPlace)
            else {
                isRight = false
                continue
            }
            var input = FieldDescription(entry.key, type, help: type.phrase)
            if let node = fields[.description] { input.help = reading.literal(node, "\"description\"") ?? input.help }
            if let node = fields[.secret] { input.secret = reading.flag(node, "\"secret\"") ?? false }
            if let node = fields[.mustBeGiven] { input.required = reading.flag(node, "\"required\"") ?? false }
            if let node = fields[.default] { isRight = fallback(node, &input, &action) && isRight }
            action.inputs.append(input)
        }
        return isRight
    }

    private func fallback(
        _ node: Node, _ input: inout FieldDescription, _ action: inout PluginManifest.Action
    ) -> Bool {
        if input.required {
            reading.error("conflicting-keys", "input \"\(input.name)\" is required and has a default", at: node.place)
            return false
        }
        let known = reading.references.count
        guard let value = ValueDecoder(reading: reading).value(node, input.type, "\"default\"", Site(kind: .perform))
        else { return false }
        guard reading.references.count == known else {
            reading.error(
                "reference-not-allowed", "a default is read as it stands: ${{ … }} is not substituted in it",
                at: node.place)
            return false
        }
        action.defaults[input.name] = value
        if case .text(let template) = value { input.fallback = template.literal }
        return true
    }

    private func outputs(_ node: Node, _ action: inout PluginManifest.Action) -> Bool {
        guard let entries = reading.mapping(node, "\"outputs\"") else { return false }
        var isRight = true
        for entry in entries {
            let owner = "output \"\(entry.key)\""
            guard reading.checkName(entry.key, "an output", at: entry.keyPlace),
                let fields = reading.fields(entry.value, OutputKey.self, of: owner),
                let type = type(fields[.type], of: owner, at: entry.keyPlace)
            else {
                isRight = false
                continue
            }
            action.outputs.append(PluginManifest.Output(name: entry.key, type: type))
        }
        return isRight
    }

    private func type(_ node: Node?, of owner: String, at place: Place) -> FieldType? {
        guard let node else {
            reading.error(
                "missing-key", "\(owner) lacks \"type\"", at: place,
                hint: "types: \(Self.types.map(\.word).joined(separator: ", "))")
            return nil
        }
        guard let word = reading.text(node, "\"type\"") else { return nil }
        guard let type = Self.types.first(where: { $0.word == word })?.type else {
            reading.unknownWord(word, "\"type\"", Self.types.map(\.word), at: node.place)
            return nil
        }
        return type
    }

    // MARK: What it can be asked and is given

    private func calls(
        _ node: Node?, _ action: inout PluginManifest.Action, _ owner: String, at place: Place
    ) -> Bool {
        guard let node else {
            reading.error("missing-key", "\(owner) lacks \"calls\"", at: place, hint: "calls: [perform]")
            return false
        }
        guard let nodes = reading.listOrOne(node, "\"calls\"") else { return false }
        let calls = nodes.map { reading.word($0, "an item of \"calls\"", PluginManifest.Call.allCases) }
        guard !calls.contains(where: { $0 == nil }) else { return false }
        action.calls = Set(calls.compactMap { $0 })
        guard action.calls.contains(.perform) else {
            reading.error("missing-call", "\(owner) cannot be performed", at: node.place, hint: "add perform to calls:")
            return false
        }
        return true
    }

    /// Names of variables. Those that begin with `SHIPIT_` are shipit's own.
    private func names(_ node: Node?, _ kind: String, _ names: inout [String]) -> Bool {
        guard let node else { return true }
        guard let nodes = reading.listOrOne(node, "the list") else { return false }
        var isRight = true
        for node in nodes {
            guard let name = reading.literal(node, "the name of \(kind)"),
                reading.checkVariableName(name, kind, at: node.place)
            else {
                isRight = false
                continue
            }
            if name.hasPrefix("SHIPIT_") {
                reading.error("bad-name", "\"\(name)\" is shipit's own to set", at: node.place)
                isRight = false
            }
            names.append(name)
        }
        return isRight
    }
}
