import ShipitCore

/// `manual:`, what no probe can tell and a person must.
enum ManualCheck {
    static let description = ProbeDescription(
        name: Check.manualProbe, help: "What a person must find to be so.", subject: .text,
        fields: [
            FieldDescription("role", .text, help: "Whose word counts: one of roles."),
            FieldDescription("value", .text, help: "A condition on what the person reads, such as \"< 80%\"."),
            FieldDescription("time", .condition(.time), help: "A condition on the time that the person reads."),
            FieldDescription("p50", .condition(.time), help: "The same of the median time."),
            FieldDescription("p95", .condition(.time), help: "The same of the 95th percentile."),
            FieldDescription("p99", .condition(.time), help: "The same of the 99th percentile."),
            FieldDescription("error-rate", .condition(.ratio), help: "The same of the share of failures."),
        ], samples: false)

    /// Words for people, in which nothing is substituted: `${{ … }}` may stand in them.
    static func words(_ node: Node, _ reading: Reading) -> InputValue? {
        guard let text = reading.text(node, "\"manual\"") else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            reading.error("empty-value", "\"manual\" is empty", at: node.place)
            return nil
        }
        return .text(Template(literal: text))
    }

    /// What the types of the fields don't say.
    static func isRight(_ entry: Entry, _ reading: Reading) -> Bool {
        switch entry.key {
        case "role": return reading.literal(entry.value, "\"role\"") != nil
        case "value":
            return reading.quantity(entry.value, "\"value\"", "a condition") { text throws(QuantityError) in
                try QuantityParser.condition(text)
            } != nil
        default: return true
        }
    }
}

/// `imported:` of a check.
struct ChecklistOriginDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case line, section, level, ticked, text, notes
    }

    /// `nil` when a mistake in it was reported.
    func origin(_ node: Node) -> ChecklistOrigin? {
        guard let fields = reading.fields(node, Key.self, of: "\"imported\"") else { return nil }
        guard let line = fields[.line] else {
            if case .mapping(let entries) = node.value, node.entry(Key.line.rawValue) == nil,
                !reading.isMisspelt(Key.line, in: entries)
            {
                reading.error(
                    "missing-key", "\"imported\" does not say where the item stood", at: node.place,
                    hint: "write line: N")
            }
            return nil
        }
        guard let number = reading.whole(line, "\"line\"", in: 1...Int(Int32.max)) else { return nil }
        var origin = ChecklistOrigin(line: number)
        var isRight = true
        func set<Value>(_ path: WritableKeyPath<ChecklistOrigin, Value>, _ key: Key, _ read: (Node) -> Value?) {
            guard let node = fields[key] else { return }
            if let value = read(node) { origin[keyPath: path] = value } else { isRight = false }
        }
        set(\.level, .level) { reading.whole($0, "\"level\"", in: 1...100) }
        set(\.isTicked, .ticked) { reading.flag($0, "\"ticked\"") }
        set(\.section, .section) { node in reading.text(node, "\"section\"").map { .some($0) } }
        set(\.text, .text) { node in reading.text(node, "\"text\"").map { .some($0) } }
        set(\.notes, .notes) { node in reading.text(node, "\"notes\"").map { .some($0) } }
        return isRight ? origin : nil
    }
}
