import ShipitCore

extension StageDecoder {
    /// Where the stage's commands run: `on`, `batches`, `max-failures`.
    func hosts(_ fields: Fields<Key>, _ stage: inout Stage, _ draft: inout StageDraft) -> Bool {
        guard let node = fields[.on] else { return hasNothingOfHosts(fields) }
        var isRight = isHostable(fields, draft)
        guard let group = group(node) else { return false }
        // Where hosts have no place, whether there are any is no mistake of its own.
        if isRight { draft.hosts = Named(name: group, place: node.place) }
        var choice = HostChoice(group: group)
        if let node = fields[.batches] {
            let batches = self.batches(node)
            choice.batches = batches ?? []
            isRight = isRight && batches != nil
        }
        if let node = fields[.maxFailures] {
            let limit = reading.whole(node, "\"max-failures\"", in: 1...1_000_000)
            choice.maxFailures = limit ?? 1
            isRight = isRight && limit != nil
        }
        choice.maxParallel = stage.maxParallel ?? HostChoice.defaultMaxParallel
        stage.maxParallel = nil
        stage.hosts = choice
        return isRight
    }

    private func hasNothingOfHosts(_ fields: Fields<Key>) -> Bool {
        var isRight = true
        for key in [Key.batches, .maxFailures] {
            guard let place = fields.keyPlace(key) else { continue }
            reading.error(
                "misplaced-key", "\"\(key.rawValue)\" is about hosts, and the stage runs here", at: place,
                hint: "say on which: on: hosts.GROUP")
            isRight = false
        }
        return isRight
    }

    /// Only a command can be handed to another machine, and each host once.
    private func isHostable(_ fields: Fields<Key>, _ draft: StageDraft) -> Bool {
        let place = fields.keyPlace(.on)!
        switch draft.kind {
        case .run, nil: break
        case .uses, .checks, .hold, .notify:
            reading.error(
                "misplaced-key", "\"on\" takes a command to hosts, and stage \"\(draft.name)\" has no run:", at: place,
                hint: "make it a stage with run:, or remove on:")
            return false
        }
        if let other = fields.keyPlace(.forEach) {
            reading.error(
                "conflicting-keys", "a stage is done for each of its items or on each of its hosts, not both",
                at: other,
                hint: "make two stages of it")
            return false
        }
        if let other = fields.keyPlace(.leavesRunning) {
            reading.error(
                "conflicting-keys", "what a command leaves running on a host is ended with it", at: other,
                hint: "let the host's own service manager start what is to stay, and remove leaves-running")
            return false
        }
        return true
    }

    private func group(_ node: Node) -> String? {
        guard let text = reading.literal(node, "\"on\"") else { return nil }
        let prefix = "hosts."
        if text.hasPrefix(prefix), isName(String(text.dropFirst(prefix.count))) {
            return String(text.dropFirst(prefix.count))
        }
        reading.error(
            "unknown-word", "\"on\" cannot be \"\(text)\"", at: node.place,
            hint: isName(text) ? "write on: hosts.\(text)" : "write on: hosts.GROUP")
        return nil
    }

    private func batches(_ node: Node) -> [BatchSize]? {
        guard let nodes = reading.listOrOne(node, "\"batches\"") else { return nil }
        guard !nodes.isEmpty else {
            reading.error("empty-value", "\"batches\" has no batch", at: node.place, hint: "write [1, 25%, 100%]")
            return nil
        }
        let sizes = nodes.map(batch)
        return sizes.contains { $0 == nil } ? nil : sizes.compactMap { $0 }
    }

    private func batch(_ node: Node) -> BatchSize? {
        guard let text = reading.text(node, "a batch", "a number of hosts or a percentage") else { return nil }
        let isPercent = text.hasSuffix("%")
        let digits = isPercent ? text.dropLast() : text[...]
        let limit = isPercent ? 100 : 1_000_000
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits),
            (1...limit).contains(number)
        else {
            reading.error(
                "bad-batch", "\"\(text)\" is no batch", at: node.place,
                hint: "write a whole number of hosts, such as 2, or a percentage from 1% to 100%")
            return nil
        }
        return isPercent ? .percent(number) : .count(number)
    }
}
