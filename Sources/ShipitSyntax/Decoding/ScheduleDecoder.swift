import ShipitCore

/// `schedule:`, but for the environments that it names: those are looked up by `ScheduleResolver`.
struct ScheduleDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case name, cron, zone, tag, environment, dryRun = "dry-run", missed, overlap, jitter
    }

    /// No firing is put off for longer.
    private static let longestJitter = TimeSpan.hours(24)

    func entries(_ node: Node) -> [ScheduleDraft] {
        guard let nodes = reading.list(node, "\"schedule\"") else { return [] }
        return nodes.compactMap(entry)
    }

    private func entry(_ node: Node) -> ScheduleDraft? {
        guard let entries = reading.mapping(node, "an item of \"schedule\"") else { return nil }
        let fields = reading.fields(entries, place: node.place, Key.self, of: "an item of \"schedule\"")
        var draft = ScheduleDraft(place: node.place)
        draft.name = fields[.name].flatMap(name)
        draft.nameIsBad = draft.name == nil && node.entry(Key.name.rawValue) != nil
        if let node = fields[.environment], let name = reading.literal(node, "\"environment\"") {
            draft.environment = Named(name: name, place: node.place)
        }
        if fields[.cron] == nil, node.entry(Key.cron.rawValue) == nil, !reading.isMisspelt(Key.cron, in: entries) {
            reading.error(
                "missing-key", "an item of \"schedule\" does not say when", at: node.place,
                hint: "write cron: \"0 2 * * *\", which is every day at 02:00")
        }
        let cron = fields[.cron].flatMap(cron)
        let zone = reading.zone(
            fields[.zone], isWritten: node.entry(Key.zone.rawValue) != nil || reading.isMisspelt(Key.zone, in: entries),
            of: "an item of \"schedule\"", at: node.place)
        var entry = cron.flatMap { cron in zone.map { ScheduleEntry(name: "", cron: cron, zone: $0) } }
        if let tag = fields[.tag].flatMap({ reading.literal($0, "\"tag\"") }) { entry?.tag = tag }
        if let flag = fields[.dryRun].flatMap({ reading.flag($0, "\"dry-run\"") }) { entry?.dryRun = flag }
        if let word = fields[.missed].flatMap({
            reading.word($0, "\"missed\"", ScheduleEntry.Missed.allCases)
        }) {
            entry?.missed = word
        }
        if let word = fields[.overlap].flatMap({
            reading.word($0, "\"overlap\"", ScheduleEntry.Overlap.allCases)
        }) {
            entry?.overlap = word
        }
        if let jitter = fields[.jitter].flatMap(jitter) { entry?.jitter = jitter }
        draft.entry = entry
        return draft
    }

    private func name(_ node: Node) -> Named<String>? {
        guard let name = reading.literal(node, "\"name\""), reading.checkName(name, "an entry", at: node.place) else {
            return nil
        }
        return Named(name: name, place: node.place)
    }

    private func cron(_ node: Node) -> Cron? {
        guard let text = reading.literal(node, "\"cron\"") else { return nil }
        do throws(CronParser.Problem) {
            return try CronParser.cron(text)
        } catch {
            reading.error("bad-cron", "\"cron\": \(error.message)", at: node.place, hint: error.hint)
            return nil
        }
    }

    private func jitter(_ node: Node) -> TimeSpan? {
        guard let span = reading.duration(node, "\"jitter\"") else { return nil }
        guard span <= Self.longestJitter else {
            reading.error("bad-quantity", "\"jitter\" must not be longer than a day", at: node.place)
            return nil
        }
        return span
    }
}
