import ShipitCore

/// `tests:`, but for what is given: that is read by `TestResolver`, when names are known.
struct TestDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case name, environment, given, expect
    }

    enum ExpectKey: String, SectionKey {
        case outcome, exit, undone, ran, skipped, pausedAt = "paused-at", within
    }

    func tests(_ node: Node) -> [TestDraft] {
        guard let nodes = reading.list(node, "\"tests\"") else { return [] }
        var names: Set<String> = []
        return nodes.compactMap { node in
            guard let test = test(node) else { return nil }
            if !test.name.isEmpty, !names.insert(test.name).inserted {
                reading.error(
                    "duplicate-name", "two tests are called \"\(test.name)\"", at: test.place,
                    hint: "rename one of them")
            }
            return test
        }
    }

    private func test(_ node: Node) -> TestDraft? {
        guard let entries = reading.mapping(node, "a test") else { return nil }
        let fields = reading.fields(entries, place: node.place, Key.self, of: "a test")
        let name = fields[.name].flatMap { reading.literal($0, "\"name\"") }
        if node.entry(Key.name.rawValue) == nil { missing(.name, in: fields, entries, "say what it shows") }
        var test = TestDraft(name: name ?? "", place: fields[.name]?.place ?? node.place)
        if let node = fields[.environment], let name = reading.literal(node, "\"environment\"") {
            test.environment = Named(name: name, place: node.place)
        }
        test.given = fields[.given].flatMap { reading.mapping($0, "\"given\"") } ?? []
        if let node = fields[.expect] {
            expect(node, &test)
        } else if node.entry(Key.expect.rawValue) == nil {
            missing(.expect, in: fields, entries, "say what is to come of it, such as expect: {outcome: rolled-back}")
        }
        return test
    }

    private func missing(_ key: Key, in fields: Fields<Key>, _ entries: [Entry], _ hint: String) {
        if reading.isMisspelt(key, in: entries) { return }
        reading.error("missing-key", "a test has no \"\(key.rawValue)\"", at: fields.place, hint: hint)
    }

    private func expect(_ node: Node, _ test: inout TestDraft) {
        guard let entries = reading.mapping(node, "\"expect\"") else { return }
        guard !entries.isEmpty else {
            reading.error(
                "empty-value", "\"expect\" expects nothing", at: node.place,
                hint: "keys: \(ExpectKey.allCases.map(\.rawValue).joined(separator: ", "))")
            return
        }
        let fields = reading.fields(entries, place: node.place, ExpectKey.self, of: "\"expect\"")
        if let node = fields[.outcome], let word = reading.text(node, "\"outcome\"", "a word") {
            test.expect.outcome = word
            if !PipelineTest.outcomes.contains(word) {
                reading.unknownWord(word, "\"outcome\"", PipelineTest.outcomes, at: node.place)
            }
        }
        test.expect.exit = fields[.exit].flatMap { reading.whole($0, "\"exit\"", in: 0...6) }
        test.expect.within = fields[.within].flatMap { reading.positiveDuration($0, "\"within\"") }
        test.expect.undone = stages(fields, .undone, &test)
        test.expect.ran = stages(fields, .ran, &test)
        test.expect.skipped = stages(fields, .skipped, &test)
        if let node = fields[.pausedAt], let name = reading.literal(node, "\"paused-at\"") {
            test.expected.append((ExpectKey.pausedAt.rawValue, Named(name: name, place: node.place)))
            test.expect.pausedAt = StageName(name)
        }
    }

    private func stages(_ fields: Fields<ExpectKey>, _ key: ExpectKey, _ test: inout TestDraft) -> [StageName]? {
        guard let node = fields[key], let nodes = reading.listOrOne(node, "\"\(key.rawValue)\"") else { return nil }
        let names = nodes.compactMap { node in
            reading.literal(node, "an item of \"\(key.rawValue)\"").map { Named(name: $0, place: node.place) }
        }
        test.expected += names.map { (key.rawValue, $0) }
        return names.map { StageName($0.name) }
    }
}
