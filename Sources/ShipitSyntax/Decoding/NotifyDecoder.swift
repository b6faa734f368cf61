import ShipitCore

/// `notify:`, at the top of the file and as what a stage does.
struct NotifyDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case on, uses, with
    }

    /// Of a stage, which itself is the moment.
    enum StageKey: String, SectionKey {
        case uses, with
    }

    func entries(_ node: Node) -> [NotifyEntry] {
        guard let nodes = reading.list(node, "\"notify\"") else { return [] }
        return nodes.compactMap(entry)
    }

    private func entry(_ node: Node) -> NotifyEntry? {
        guard let entries = reading.mapping(node, "an entry of \"notify\"") else { return nil }
        let fields = reading.fields(entries, place: node.place, Key.self, of: "an entry of \"notify\"")
        if fields[.on] == nil, !entries.contains(where: { $0.key == "on" }), !reading.isMisspelt(Key.on, in: entries) {
            reading.error(
                "missing-key", "an entry of \"notify\" does not say what it tells of", at: node.place,
                hint: "add on:, such as on: [rolled-back, failed]")
        }
        let moments = fields[.on].flatMap(moments)
        let call = call(fields[.uses], fields[.with], "an entry of \"notify\"", node, Site(kind: .notify))
        guard let moments, let call else { return nil }
        return NotifyEntry(on: moments, call)
    }

    private func moments(_ node: Node) -> [Moment]? {
        guard let nodes = reading.listOrOne(node, "\"on\"") else { return nil }
        guard !nodes.isEmpty else {
            reading.error("empty-value", "\"on\" names nothing to tell of", at: node.place, hint: Self.choice)
            return nil
        }
        let moments = nodes.map(moment)
        return moments.contains { $0 == nil } ? nil : moments.compactMap { $0 }
    }

    private func moment(_ node: Node) -> Moment? {
        guard let word = reading.text(node, "an item of \"on\"", "a word") else { return nil }
        if let moment = Moment.named.first(where: { $0.rawValue == word }) { return moment }
        reading.error(
            "unknown-word", "an item of \"on\" cannot be \"\(word)\"", at: node.place,
            hint: reading.suggestion(for: word, among: Self.words) ?? Self.choice)
        return nil
    }

    static let words = Moment.named.map(\.rawValue)
    private static let choice = "choices: \(words.joined(separator: ", "))"

    /// The value of a stage's `notify:`.
    func call(ofStage node: Node, _ owner: String, _ site: Site) -> ActionCall? {
        let what = "\"notify\" of \(owner)"
        guard let fields = reading.fields(node, StageKey.self, of: what) else { return nil }
        return call(fields[.uses], fields[.with], what, node, site)
    }

    private func call(_ uses: Node?, _ inputs: Node?, _ what: String, _ node: Node, _ site: Site) -> ActionCall? {
        guard let uses else {
            let entries: [Entry] = if case .mapping(let entries) = node.value { entries } else { [] }
            let isTold = entries.contains { $0.key == "uses" } || reading.isMisspelt(Key.uses, in: entries)
            if !isTold {
                reading.error(
                    "missing-key", "\(what) does not say who tells it", at: node.place,
                    hint: "add uses: with the action of a plugin")
            }
            return nil
        }
        guard let (name, call) = CallDecoder(reading: reading).uses(uses, with: inputs, site) else { return nil }
        // What a plugin does is its author's to say; what is built in does work, and must not be done beside the plan.
        guard let action = reading.catalog.actions[name.name], action.access == nil else { return call }
        let plugins = reading.catalog.actions.filter { $0.value.access != nil }.keys.sorted()
        reading.error(
            "not-a-plugin", "\"\(name.name)\" is built in and tells nobody anything: only plugins do", at: name.place,
            hint: reading.choice(for: name.name, among: plugins, "actions of plugins")
                ?? "make one: shipit plugin new NAME")
        return nil
    }
}
