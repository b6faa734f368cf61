import ShipitCore

/// `blocks:` of a check: a second, harder limit of a field that has a plain one.
struct BlocksDecoder {
    let reading: Reading

    /// `OP VALUE` where the check has one condition, else `{FIELD: OP VALUE}`; `nil` when a mistake was reported.
    func blocks(_ node: Node, _ question: ProbeDecoder.Question, _ site: Site) -> [String: InputValue]? {
        let conditions = question.fields.map(\.0).filter { if case .condition = $0.type { true } else { false } }
        let names = conditions.map(\.name)
        guard case .mapping(let entries) = node.value else {
            guard conditions.count == 1 else {
                let hint =
                    names.isEmpty
                    ? "give the check a condition that it is the harder form of"
                    : "write {\(names[0]): \"> …\"}, by the names of the fields: \(names.joined(separator: ", "))"
                reading.error(
                    "bad-blocks",
                    "\"blocks\" is the harder form of one condition, and \(question.owner) has \(conditions.count)",
                    at: node.place, hint: hint)
                return nil
            }
            return value(node, conditions[0], site).map { [names[0]: $0] }
        }
        var blocks: [String: InputValue] = [:]
        for entry in entries {
            guard let field = conditions.first(where: { $0.name == entry.key }) else {
                reading.error(
                    "bad-blocks",
                    "\(question.owner) has no condition \"\(entry.key)\" that \"blocks\" could be harder than",
                    at: entry.keyPlace, hint: reading.choice(for: entry.key, among: names, "conditions"))
                continue
            }
            if entry.value.isAbsent {
                reading.empty(entry)
            } else {
                blocks[entry.key] = value(entry.value, field, site)
            }
        }
        return blocks.count == entries.count && !blocks.isEmpty ? blocks : nil
    }

    private func value(_ node: Node, _ field: FieldDescription, _ site: Site) -> InputValue? {
        ValueDecoder(reading: reading).value(node, field.type, "\"blocks\"", site)
    }
}

/// `waiver:` of a check.
struct WaiverDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case by, why, until
    }

    /// `nil` when a mistake in it was reported.
    func waiver(_ node: Node) -> Waiver? {
        guard let fields = reading.fields(node, Key.self, of: "\"waiver\"") else { return nil }
        let missing = Key.allCases.filter { node.entry($0.rawValue) == nil }
        if !missing.isEmpty {
            reading.error(
                "missing-key", "\"waiver\" does not say \(missing.map(\.rawValue).joined(separator: ", "))",
                at: node.place, hint: "write waiver: {by: NAME, why: \"…\", until: 2026-12-31}")
        }
        let by = fields[.by].flatMap { reading.literal($0, "\"by\"") }
        let why = fields[.why].flatMap { reading.literal($0, "\"why\"") }
        let until = fields[.until].flatMap(lastDay)
        guard let by, let why, let until else { return nil }
        return Waiver(by: by, why: why, until: until)
    }

    /// The end of a day, in UTC.
    private func lastDay(_ node: Node) -> Instant? {
        guard let text = reading.literal(node, "\"until\"") else { return nil }
        guard let begin = Instant(rfc3339: text + "T00:00:00.000Z") else {
            reading.error(
                "bad-day", "\"until\" must be a day, and this is \"\(text)\"", at: node.place,
                hint: "write it as 2026-12-31; the waiver counts to the end of that day, in UTC")
            return nil
        }
        return begin + .hours(24)
    }
}
