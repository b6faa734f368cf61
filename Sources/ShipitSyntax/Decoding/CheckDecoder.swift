import ShipitCore

/// `checks:`, and whatever else asks a probe: the health of an action's inputs and the sources of the monitor.
struct CheckDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case name, severity, owner, dependsOn = "depends-on", retries, timeout, remediation
        case ttl, blocks, waiver, imported
    }

    func suites(_ node: Node) -> [SuiteDraft] {
        guard let entries = reading.mapping(node, "\"checks\"") else { return [] }
        return entries.map { entry in
            let isNamed = reading.checkName(entry.key, "a suite", at: entry.keyPlace)
            var draft = suite(entry)
            if !isNamed { draft.checks = nil }
            return draft
        }
    }

    private func suite(_ entry: Entry) -> SuiteDraft {
        var suite = SuiteDraft(name: entry.key, place: entry.keyPlace)
        guard !entry.value.isAbsent else {
            reading.empty(entry)
            return suite
        }
        guard let nodes = reading.list(entry.value, "suite \"\(entry.key)\"") else { return suite }
        guard !nodes.isEmpty else {
            reading.error(
                "empty-value", "suite \"\(entry.key)\" has no checks, so it could never say anything",
                at: entry.value.place)
            return suite
        }
        var drafts: [CheckDraft] = []
        for (index, node) in nodes.enumerated() {
            drafts.append(check(node, number: index + 1, suite: entry.key))
        }
        let isRight = lookUpNames(drafts, suite: entry.key)
        suite.roles = drafts.compactMap(\.role)
        let isWhole = drafts.allSatisfy { $0.check != nil }
        if isRight && isWhole { suite.checks = drafts.compactMap(\.check) }
        return suite
    }

    private struct CheckDraft {
        var name: Named<String>?
        var dependsOn: [Named<String>] = []
        var check: Check?
        /// Of a manual check.
        var role: Named<String>?
    }

    private func check(_ node: Node, number: Int, suite: String) -> CheckDraft {
        var draft = CheckDraft()
        var owner = "check \(number) of suite \"\(suite)\""
        guard let entries = reading.mapping(node, owner) else { return draft }
        if let named = entries.first(where: { $0.key == Key.name.rawValue }),
            let name = reading.literal(named.value, "\"name\"")
        {
            draft.name = Named(name: name, place: named.value.place)
            owner = "check \"\(name)\""
        }
        let question = ProbeDecoder(reading: reading).question(entries, owner, at: node.place, asksPeople: true)
        let isManual = question.probe == ManualCheck.description
        let common = question.rest.filter { $0.key != Key.name.rawValue }
        let fields = reading.fields(common, place: node.place, Key.self, of: owner, alsoKnown: question.knownFields)
        var check = Check(name: draft.name?.name ?? "", probe: ProbeRequest(probe: "", subject: .list([])))
        var isRight = settings(fields, &check, &draft)
        let site = Site(kind: .suite(suite))
        if let node = fields[.blocks] {
            check.blocks = BlocksDecoder(reading: reading).blocks(node, question, site)
            isRight = isRight && check.blocks != nil
        }
        guard let request = question.request(site) else { return draft }
        check.probe = request
        if isManual, case .text(let role)? = request.fields["role"], let name = role.literal,
            let place = entries.first(where: { $0.key == "role" })?.value.place
        {
            draft.role = Named(name: name, place: place)
        }
        if draft.name == nil { check.name = request.title }
        let hasNameKey = entries.contains { $0.key == Key.name.rawValue }
        draft.check = isRight && hasNameKey == (draft.name != nil) ? check : nil
        return draft
    }

    private func settings(_ fields: Fields<Key>, _ check: inout Check, _ draft: inout CheckDraft) -> Bool {
        var isRight = true
        func set<Value>(_ path: WritableKeyPath<Check, Value>, _ key: Key, _ read: (Node) -> Value?) {
            guard let node = fields[key] else { return }
            if let value = read(node) { check[keyPath: path] = value } else { isRight = false }
        }
        set(\.severity, .severity) { reading.word($0, "\"severity\"", [Check.Severity.critical, .high, .medium]) }
        set(\.retries, .retries) { reading.whole($0, "\"retries\"", in: 0...1000) }
        set(\.timeout, .timeout) { reading.positiveDuration($0, "\"timeout\"") }
        if let node = fields[.ttl] {
            check.ttl = reading.positiveDuration(node, "\"ttl\"")
            isRight = isRight && check.ttl != nil
        }
        if let node = fields[.waiver] {
            check.waiver = WaiverDecoder(reading: reading).waiver(node)
            isRight = isRight && check.waiver != nil
        }
        if let node = fields[.owner] {
            check.owner = reading.literal(node, "\"owner\"")
            isRight = isRight && check.owner != nil
        }
        if let node = fields[.remediation] {
            check.remediation = reading.literal(node, "\"remediation\"")
            isRight = isRight && check.remediation != nil
        }
        if let node = fields[.imported] {
            check.imported = ChecklistOriginDecoder(reading: reading).origin(node)
            isRight = isRight && check.imported != nil
        }
        if let node = fields[.dependsOn], let nodes = reading.listOrOne(node, "\"depends-on\"") {
            draft.dependsOn = nodes.compactMap { node in
                reading.literal(node, "a check in \"depends-on\"").map { Named(name: $0, place: node.place) }
            }
            check.dependsOn = draft.dependsOn.map(\.name)
        }
        return isRight
    }

    /// Names of checks are told apart and looked up within their suite.
    private func lookUpNames(_ drafts: [CheckDraft], suite: String) -> Bool {
        var seen: [String: Int] = [:]
        var isRight = true
        for (index, draft) in drafts.enumerated() {
            guard let name = draft.name else { continue }
            if seen[name.name] == nil {
                seen[name.name] = index
            } else {
                reading.error(
                    "duplicate-name", "suite \"\(suite)\" has two checks named \"\(name.name)\"", at: name.place)
                isRight = false
            }
        }
        var edges: [[Named<Int>]] = []
        for draft in drafts {
            var found: [Named<Int>] = []
            for need in draft.dependsOn {
                if let index = seen[need.name] {
                    found.append(Named(name: index, place: need.place))
                } else {
                    reading.error(
                        "unknown-check", "suite \"\(suite)\" has no check \"\(need.name)\"", at: need.place,
                        hint: reading.suggestion(for: need.name, among: drafts.compactMap { $0.name?.name }))
                    isRight = false
                }
            }
            edges.append(found)
        }
        for cycle in Graph(edges.map { $0.map(\.name) }).cycles() {
            let names = (cycle + [cycle[0]]).map { drafts[$0].name?.name ?? "" }
            let place = edges[cycle[0]].first { $0.name == cycle[1 % cycle.count] }?.place ?? .start
            reading.error("cycle", "checks depend on one another: \(names.joined(separator: " → "))", at: place)
            isRight = false
        }
        return isRight
    }

    /// A check without its name, as the input of an action: `{http: …, time: …}`. Of what all checks have, an asker that
    /// does its own repeating and judging needs only the timeout.
    func body(_ node: Node, _ what: String, _ site: Site) -> InputValue? {
        guard let entries = reading.mapping(node, what) else { return nil }
        let question = ProbeDecoder(reading: reading).question(entries, what, at: node.place)
        let timeout = question.rest.first { $0.key == Key.timeout.rawValue }
        let unknown = question.rest.filter { $0.key != Key.timeout.rawValue }
        let known = question.knownFields + [Key.timeout.rawValue]
        for entry in unknown { reading.unknownKey(entry, known: known, of: what) }
        let limit = timeout.flatMap { ValueDecoder(reading: reading).value($0.value, .duration, "\"timeout\"", site) }
        guard let request = question.request(site), unknown.isEmpty, (timeout == nil) == (limit == nil) else {
            return nil
        }
        var values = request.fields
        values[request.probe] = request.subject
        values[Key.timeout.rawValue] = limit
        return .map(values)
    }
}

extension ProbeRequest {
    /// What a check without a name is called.
    fileprivate var title: String {
        let asked: String? =
            switch subject {
            case .text(let template): template.literal
            case .list(let values):
                values.compactMap { if case .text(let word) = $0 { word.literal } else { nil } }.joined(separator: " ")
            case .map: nil
            }
        return asked.map { "\(probe) \($0)" } ?? probe
    }
}
