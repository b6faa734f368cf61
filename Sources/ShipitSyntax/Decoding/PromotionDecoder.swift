import ShipitCore

/// `promote:` of an environment.
struct PromotionDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case from, within
    }

    func promotion(_ node: Node) -> PromotionDraft? {
        guard let fields = reading.fields(node, Key.self, of: "\"promote\"") else { return nil }
        for key in Key.allCases where node.entry(key.rawValue) == nil {
            let what = key == .from ? "from which environment" : "how long ago at most"
            reading.error(
                "missing-key", "\"promote\" does not say \(what)", at: node.place,
                hint: "write {from: staging, within: 7d}")
        }
        guard let from = fields[.from], let name = reading.literal(from, "\"from\"") else { return nil }
        return PromotionDraft(
            from: Named(name: name, place: from.place),
            within: fields[.within].flatMap { reading.positiveDuration($0, "\"within\"") })
    }
}
