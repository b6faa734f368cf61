import ShipitCore

/// `rehearsed:` of an environment.
struct RehearsedDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case within
    }

    func rehearsed(_ node: Node) -> RehearsedDraft? {
        guard let fields = reading.fields(node, Key.self, of: "\"rehearsed\"") else { return nil }
        if node.entry(Key.within.rawValue) == nil {
            reading.error(
                "missing-key", "\"rehearsed\" does not say how long ago at most", at: node.place,
                hint: "write {within: 30d}")
        }
        return RehearsedDraft(
            place: node.place, within: fields[.within].flatMap { reading.positiveDuration($0, "\"within\"") })
    }
}
