import ShipitCore

/// `monitor:`
struct MonitorDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case from, duration = "for", sources, every, timeout, window, minSamples = "min-samples", inconclusive, grace
        case rollbackWhen = "rollback-when", warnWhen = "warn-when"
        case baseline, control, floor, significance, rollbackVerify = "rollback-verify"
        case rollbackBudget = "rollback-budget"
    }

    enum BaselineKey: String, SectionKey {
        case duration = "for", optional
    }

    enum SourceKey: String, SectionKey {
        case every, timeout
    }

    func monitor(_ node: Node, _ place: Place) -> MonitorDraft? {
        guard let fields = reading.fields(node, Key.self, of: "\"monitor\"") else { return nil }
        var monitor = Monitor()
        func set<Value>(_ path: WritableKeyPath<Monitor, Value>, _ key: Key, _ read: (Node) -> Value?) {
            // A mistake is reported where it is read, and then there is no pipeline for the value to be missed in.
            if let node = fields[key], let value = read(node) { monitor[keyPath: path] = value }
        }
        set(\.duration, .duration) { reading.duration($0, "\"for\"") }
        set(\.window, .window) { reading.positiveDuration($0, "\"window\"") }
        set(\.minSamples, .minSamples) { reading.whole($0, "\"min-samples\"", in: 1...1_000_000) }
        set(\.inconclusive, .inconclusive) {
            reading.word($0, "\"inconclusive\"", [Monitor.Inconclusive.rollback, .pause, .ignore])
        }
        set(\.grace, .grace) { reading.duration($0, "\"grace\"") }
        set(\.rollbackBudget, .rollbackBudget) { reading.whole($0, "\"rollback-budget\"", in: 0...1000) }
        set(\.baseline, .baseline, baseline)
        set(\.floor, .floor, floor)
        set(\.significance, .significance, significance)
        var draft = MonitorDraft(place: place, monitor: monitor, sources: [:], rules: [], hasRules: false)
        if let node = fields[.from], let name = reading.literal(node, "\"from\"") {
            draft.from = Named(name: name, place: node.place)
            draft.monitor.from = StageName(name)
        }
        if let node = fields[.rollbackVerify], let name = reading.literal(node, "\"rollback-verify\"") {
            draft.rollbackVerify = Named(name: name, place: node.place)
        }
        draft.baselinePlace = fields.keyPlace(.baseline)
        draft.isBaselineWritten = node.entry(Key.baseline.rawValue) != nil
        if let node = fields[.control] { control(node, &draft) }
        if let node = fields[.sources] { sources(node, fields, &draft) }
        draft.hasRules = writesRules(node, .rollbackWhen) || writesRules(node, .warnWhen) || hasUnknownKey(node)
        if let node = fields[.rollbackWhen] { draft.monitor.rollbackWhen = rules(node, "\"rollback-when\"", &draft) }
        if let node = fields[.warnWhen] { draft.monitor.warnWhen = rules(node, "\"warn-when\"", &draft) }
        return draft
    }

    private func writesRules(_ node: Node, _ key: Key) -> Bool {
        guard let entry = node.entry(key.rawValue) else { return false }
        if case .sequence(let rules) = entry.value.value { return !rules.isEmpty }
        return true
    }

    /// A misspelt key may have been meant for rules.
    private func hasUnknownKey(_ node: Node) -> Bool {
        guard case .mapping(let entries) = node.value else { return false }
        return entries.contains { Key(rawValue: $0.key) == nil }
    }

    // MARK: What is compared with later

    /// `2m`, or `{for: 2m, optional: true}`.
    private func baseline(_ node: Node) -> BaselinePolicy? {
        guard case .mapping = node.value else {
            return reading.positiveDuration(node, "\"baseline\"").map { BaselinePolicy($0) }
        }
        guard let fields = reading.fields(node, BaselineKey.self, of: "\"baseline\"") else { return nil }
        let isOptional = fields[.optional].map { reading.flag($0, "\"optional\"") } ?? false
        guard let duration = fields[.duration] else {
            if node.entry(BaselineKey.duration.rawValue) == nil {
                reading.error(
                    "missing-key", "\"baseline\" does not say how long is sampled", at: node.place,
                    hint: "add for:, such as {for: 2m, optional: true}")
            }
            return nil
        }
        guard let span = reading.positiveDuration(duration, "\"for\""), let isOptional else { return nil }
        return BaselinePolicy(span, isOptional: isOptional)
    }

    /// One quantity, or one for each unit.
    private func floor(_ node: Node) -> Floor? {
        guard let nodes = reading.listOrOne(node, "\"floor\"") else { return nil }
        var floor = Floor()
        var seen: Set<Dimension> = []
        for node in nodes {
            guard
                let quantity = reading.quantity(
                    node, "\"floor\"", "a difference, such as 10ms or 0.1%",
                    { (text: String) throws(QuantityError) in try QuantityParser.quantity(text) })
            else { return nil }
            let isNew = seen.insert(quantity.dimension == .size ? .count : quantity.dimension).inserted
            guard isNew, quantity.value >= 0 else {
                reading.error(
                    "bad-quantity", "\"floor\" is one difference of each unit, and none is negative", at: node.place,
                    hint: "such as floor: [20ms, 0.5%]")
                return nil
            }
            switch quantity.dimension {
            case .time: floor.time = quantity.value
            case .ratio: floor.ratio = quantity.value
            case .size, .count: floor.count = quantity.value
            }
        }
        return floor
    }

    private func significance(_ node: Node) -> Double? {
        guard let sure = reading.quantity(node, "\"significance\"", "a number", QuantityParser.number) else {
            return nil
        }
        guard sure >= 0.5, sure < 1 else {
            reading.error(
                "bad-number", "\"significance\" must be from 0.5 to less than 1", at: node.place,
                hint: "0.98 lets chance pass for a difference in 2 of 100 cases")
            return nil
        }
        return sure
    }

    private func control(_ node: Node, _ draft: inout MonitorDraft) {
        guard let nodes = reading.listOrOne(node, "\"control\"") else { return }
        for node in nodes {
            guard let name = reading.literal(node, "a control") else { continue }
            draft.control.append(Named(name: name, place: node.place))
        }
        draft.monitor.control = draft.control.isEmpty ? nil : draft.control.map(\.name)
    }

    // MARK: Sources

    private func sources(_ node: Node, _ fields: Fields<Key>, _ draft: inout MonitorDraft) {
        guard let entries = reading.mapping(node, "\"sources\"") else { return }
        let every = fields[.every].flatMap { reading.positiveDuration($0, "\"every\"") }
        let timeout = fields[.timeout].flatMap { reading.positiveDuration($0, "\"timeout\"") }
        for entry in entries {
            _ = reading.checkName(entry.key, "a source", at: entry.keyPlace)
            draft.sources[entry.key] = .some(nil)
            guard !entry.value.isAbsent else {
                reading.empty(entry)
                continue
            }
            guard var source = source(entry) else { continue }
            if let every, entry.value.entry("every") == nil { source.every = every }
            if let timeout, entry.value.entry("timeout") == nil { source.timeout = timeout }
            draft.sources[entry.key] = source.probe.probe
            draft.monitor.sources.append(source)
        }
    }

    private func source(_ entry: Entry) -> MonitorSource? {
        let owner = "source \"\(entry.key)\""
        guard let entries = reading.mapping(entry.value, owner) else { return nil }
        let own = entries.filter { SourceKey(rawValue: $0.key) != nil }
        let asked = entries.filter { SourceKey(rawValue: $0.key) == nil }
        let question = ProbeDecoder(reading: reading).question(asked, owner, at: entry.keyPlace)
        let known = SourceKey.allCases.map(\.rawValue) + question.knownFields
        for entry in question.rest { reading.unknownKey(entry, known: known, of: owner) }
        let fields = reading.fields(own, place: entry.value.place, SourceKey.self, of: owner)
        let every = fields[.every].map { reading.positiveDuration($0, "\"every\"") }
        let timeout = fields[.timeout].map { reading.positiveDuration($0, "\"timeout\"") }
        if let probe = question.probe, !probe.samples, let subject = question.subject {
            reading.error(
                "not-a-source", "the monitor cannot sample \"\(probe.name)\"", at: subject.keyPlace,
                hint:
                    "sources: \(reading.catalog.probes.values.filter(\.samples).map(\.name).sorted().joined(separator: ", "))"
            )
            return nil
        }
        guard let request = question.request(Site(kind: .monitor)) else { return nil }
        var source = MonitorSource(name: entry.key, probe: request)
        if case .some(.some(let every)) = every { source.every = every }
        if case .some(.some(let timeout)) = timeout { source.timeout = timeout }
        return source
    }

    // MARK: Rules

    private func rules(_ node: Node, _ what: String, _ draft: inout MonitorDraft) -> [Rule] {
        guard let nodes = reading.listOrOne(node, what) else { return [] }
        var rules: [Rule] = []
        for node in nodes {
            guard let text = reading.literal(node, "a rule") else { continue }
            do throws(RuleError) {
                let rule = try RuleParser.rule(text)
                rules.append(rule)
                draft.rules.append(RuleDraft(rule: rule, place: node.place))
            } catch {
                report(error, at: node.place)
            }
        }
        return rules
    }

    private func report(_ problem: RuleError, at place: Place) {
        func part(_ text: String) -> Place { reading.source.place(of: text, from: place) ?? place }
        switch problem {
        case .malformed(let text):
            reading.error(
                "bad-rule", "\"\(text)\" is not a rule", at: place,
                hint:
                    "write SOURCE.METRIC OP VALUE [for DURATION], such as api.p95 > 200ms for 2m, or SOURCE fails N times"
            )
        case .unknownMetric(let name):
            reading.error(
                "unknown-metric", "there is no metric \"\(name)\"", at: part("." + name).dropping(1),
                hint: reading.choice(for: name, among: Rule.Metric.examples, "metrics"))
        case .badRelative(let text):
            reading.error(
                "bad-rule", "\"\(text)\" is no limit relative to the baseline", at: part(text),
                hint: "such as > baseline * 1.5, > baseline + 10% or < baseline - 5; not ==, and not of count and rate")
        case .badCount(let text):
            reading.error(
                "bad-number", "a rule counts from 1 to 1000000 failures, and this is \"\(text)\"", at: part(text))
        case .quantity(let problem, let text): reading.report(problem, "the rule", at: part(text))
        }
    }
}

extension Place {
    /// Without its first `count` characters.
    fileprivate func dropping(_ count: Int32) -> Place {
        guard length > count else { return self }
        return Place(line: line, column: column + count, length: length - count, file: file)
    }
}
