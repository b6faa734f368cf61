import ShipitCore

/// What is called, and with what: a command (as text or as a list) or an action with its inputs.
struct CallDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case run, uses, with
    }

    /// The forms of `rollback`, `finally` and `verify`: a command, `{run: …}` or `{uses: …, with: …}`.
    func call(_ node: Node, _ what: String, _ site: Site) -> ActionCall? {
        guard case .mapping = node.value else { return run(node, what, site) }
        guard let fields = reading.fields(node, Key.self, of: what) else { return nil }
        if let run = fields[.run] {
            for key in [Key.uses, .with] {
                guard let place = fields.keyPlace(key) else { continue }
                reading.error("conflicting-keys", "\(what) has both run and \(key.rawValue)", at: place)
                return nil
            }
            return self.run(run, "\"run\"", site)
        }
        guard let uses = fields[.uses] else {
            if fields.entries.count == 1 || isEmpty(node) {
                reading.error("missing-key", "\(what) does nothing", at: node.place, hint: "give it run: or uses:")
            }
            return nil
        }
        return self.uses(uses, with: fields[.with], site)?.call
    }

    private func isEmpty(_ node: Node) -> Bool {
        if case .mapping(let entries) = node.value { entries.isEmpty } else { false }
    }

    /// A script for the shell, or an argv list.
    func run(_ node: Node, _ what: String, _ site: Site) -> ActionCall? {
        if case .scalar = node.value { return reading.script(node, what, site).map { .script($0) } }
        return argv(node, what, site).map { .argv($0) }
    }

    func argv(_ node: Node, _ what: String, _ site: Site) -> [Template]? {
        guard case .sequence(let nodes) = node.value else {
            reading.wrongType(what, "a command, as text or as a list", node)
            return nil
        }
        guard let program = nodes.first else {
            reading.error("empty-value", "\(what) is an empty list", at: node.place)
            return nil
        }
        let words = nodes.map { reading.template($0, "a word of \(what)", site) }
        if words.first??.parts.isEmpty == true {
            reading.error("empty-value", "\(what) names no program", at: program.place)
            return nil
        }
        return words.contains { $0 == nil } ? nil : words.compactMap { $0 }
    }

    /// What a catalog may hold for the engine's sake, and how an author writes it.
    static let keyed = ["run": "run: COMMAND", "checks": "checks: SUITE"]

    /// An action and its inputs. The name comes back even when the call is wrong: who uses its outputs is to be judged
    /// by what it is.
    func uses(_ node: Node, with inputs: Node?, _ site: Site) -> (name: Named<String>, call: ActionCall?)? {
        guard let name = reading.literal(node, "\"uses\"") else { return nil }
        let named = Named(name: name, place: node.place)
        if let key = Self.keyed[name] {
            // As an action its script would be an input like any other, and could be built from values.
            reading.error(
                "unknown-action", "\"\(name)\" is no action to be used, but a key of its own", at: node.place,
                hint: "write \(key)")
            return (named, nil)
        }
        if let reason = refusal(of: name) {
            reading.error(
                "refused-plugin", "the plugin of \"\(name)\" cannot be used: \(reason)", at: node.place,
                hint: "see: shipit plugin list")
            return (named, nil)
        }
        guard let action = reading.catalog.actions[name] else {
            let known = reading.catalog.actions.keys.filter { Self.keyed[$0] == nil }.sorted()
            reading.error(
                "unknown-action", "there is no action \"\(name)\"", at: node.place,
                hint: reading.choice(for: name, among: known, "actions"))
            return (named, nil)
        }
        guard let values = self.inputs(inputs, of: action, at: node.place, site) else { return (named, nil) }
        return (named, ActionCall(action: action.name, inputs: values))
    }

    private func refusal(of name: String) -> String? {
        let plugin = name.split(separator: "/", maxSplits: 1).first.map(String.init) ?? name
        return reading.catalog.refusedPlugins[plugin]
    }

    private func inputs(
        _ node: Node?, of action: ActionDescription, at place: Place, _ site: Site
    ) -> [String: InputValue]? {
        var entries: [Entry] = []
        if let node {
            guard let written = reading.mapping(node, "\"with\"") else { return nil }
            entries = written
        }
        var site = site
        site.knowsInstances = action.name == "rolling-restart"
        let values = ValueDecoder(reading: reading)
        var inputs: [String: InputValue] = [:]
        var isRight = true
        for entry in entries {
            guard let input = action.inputs.first(where: { $0.name == entry.key }) else {
                reading.error(
                    "unknown-input", "action \"\(action.name)\" has no input \"\(entry.key)\"", at: entry.keyPlace,
                    hint: reading.choice(for: entry.key, among: action.inputs.map(\.name), "inputs"))
                isRight = false
                continue
            }
            inputs[entry.key] = values.field(entry, input, site)
            if inputs[entry.key] == nil { isRight = false }
        }
        let written = Set(entries.map(\.key))
        for input in action.inputs where input.required && !written.contains(input.name) {
            reading.error(
                "missing-input", "action \"\(action.name)\" needs the input \"\(input.name)\"", at: place,
                hint: "\(input.name): \(input.help)")
            isRight = false
        }
        return isRight ? inputs : nil
    }
}
