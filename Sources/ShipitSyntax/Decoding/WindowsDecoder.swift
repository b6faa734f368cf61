import ShipitCore

/// `windows:` of an environment.
struct WindowsDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case zone, allow, deny, fit
    }

    func windows(_ node: Node) -> Windows? {
        guard let fields = reading.fields(node, Key.self, of: "\"windows\"") else { return nil }
        let zone = reading.zone(
            fields[.zone], isWritten: node.entry(Key.zone.rawValue) != nil, of: "\"windows\"", at: node.place)
        if node.entry(Key.allow.rawValue) == nil, node.entry(Key.deny.rawValue) == nil {
            reading.error(
                "missing-key", "\"windows\" allows nothing and denies nothing", at: node.place,
                hint: "write allow: [\"Tue-Thu 02:00-06:00\"], or deny: [\"2026-12-20..2027-01-03\"]")
        }
        // Without `allow`, whatever is not denied is allowed.
        var allow: [WeeklySpan]? = [WeeklySpan(days: Set(Weekday.allCases), start: 0, length: 1440)]
        if let node = fields[.allow] {
            allow = entries(node, "\"allow\"", "\"\(WindowParser.spanForms)\"", WindowParser.span)
        }
        let deny =
            fields[.deny].map {
                entries(
                    $0, "\"deny\"", "\"\(WindowParser.dateForms), \(WindowParser.spanForms)\"", WindowParser.closure)
            } ?? []
        var fit = false
        if let node = fields[.fit], let flag = reading.flag(node, "\"fit\"") { fit = flag }
        guard let zone, let allow, let deny else { return nil }
        let windows = Windows(zone: zone, allow: allow, deny: deny, fit: fit)
        if windows.isNeverOpen {
            reading.error(
                "never-open", "\"deny\" covers every week all that \"allow\" allows: no window would ever open",
                at: fields.keyPlace(.deny) ?? node.place)
        }
        return windows
    }

    private func entries<Value>(
        _ node: Node, _ what: String, _ forms: String, _ parse: (String) throws(WindowParser.Problem) -> Value
    ) -> [Value]? {
        guard let nodes = reading.listOrOne(node, what) else { return nil }
        guard !nodes.isEmpty else {
            reading.error("empty-value", "\(what) is empty", at: node.place, hint: "name a time, or remove the key")
            return nil
        }
        let values = nodes.map { node -> Value? in
            guard let text = reading.literal(node, "an item of \(what)") else { return nil }
            do throws(WindowParser.Problem) {
                return try parse(text)
            } catch {
                reading.error(
                    "bad-window", "an item of \(what): \(error.message)", at: node.place,
                    hint: error.hint ?? "forms: \(forms.dropFirst().dropLast())")
                return nil
            }
        }
        return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
    }
}

extension Reading {
    /// The IANA name of a time zone that this machine knows; that it is missing is reported, too.
    func zone(_ node: Node?, isWritten: Bool, of owner: String, at place: Place) -> String? {
        guard let node else {
            if !isWritten {
                error(
                    "missing-key", "\(owner) does not say by which clocks", at: place,
                    hint: "write zone: UTC, or a zone such as Europe/Athens")
            }
            return nil
        }
        guard let name = literal(node, "\"zone\"") else { return nil }
        guard zones.rules(of: name) == nil else { return name }
        error(
            "unknown-zone", "\"\(name)\" is no time zone that this machine knows", at: node.place,
            hint: suggestion(for: name, among: zones.names) ?? "write UTC, or an IANA name such as Europe/Athens")
        return nil
    }
}
