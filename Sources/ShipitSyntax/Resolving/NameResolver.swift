import ShipitCore

/// Looks up the names that stages, suites and the monitor use for one another.
struct NameResolver {
    let reading: Reading
    let draft: Draft
    private let stageNames: [String]
    private let stageNumbers: [String: Int]
    private let suites: [String: SuiteDraft]

    init(reading: Reading, draft: Draft) {
        self.reading = reading
        self.draft = draft
        stageNames = draft.stages.map(\.name)
        stageNumbers = Dictionary(
            draft.stages.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        suites = Dictionary(draft.suites.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The stage of this name. An item of a group, `services[community]`, is found under its group.
    func stage(_ name: String) -> Int? {
        if let number = stageNumbers[name] { return number }
        guard name.last == "]", let bracket = name.firstIndex(of: "["),
            let group = stageNumbers[String(name[..<bracket])],
            let items = draft.stages[group].items
        else { return nil }
        let item = String(name[name.index(after: bracket)...].dropLast())
        // Items that hold references are not known before planning, and a list that could not be read is no mistake of
        // those who name its items.
        return items.isEmpty || items.contains { $0.literal == item } ? group : nil
    }

    func stageHint(_ name: String) -> String? {
        reading.suggestion(for: name, among: stageNames)
    }

    /// Checks all names, and gives the needs of each stage by numbers.
    func resolve() -> Graph {
        var edges: [[Int]] = []
        edges.reserveCapacity(draft.stages.count)
        for (number, stage) in draft.stages.enumerated() {
            edges.append(needs(of: stage, number))
            if let contract = stage.contract { lookUpContract(contract, of: stage) }
            if case .checks(let suite) = stage.kind { lookUpSuite(suite) }
        }
        if let from = draft.monitor?.from { lookUp(from, "the monitor begins from") }
        if let monitor = draft.monitor { MonitorResolver(reading: reading, draft: monitor).resolve() }
        if let verify = draft.monitor?.rollbackVerify, !isNone(verify) { lookUpSuite(verify) }
        let graph = Graph(edges)
        for cycle in graph.cycles() { report(cycle) }
        return graph
    }

    private func needs(of stage: StageDraft, _ number: Int) -> [Int] {
        var found: [Int] = []
        var names: Set<String> = []
        for need in stage.needs {
            guard let other = self.stage(need.name) else {
                reading.error(
                    "unknown-stage", "stage \"\(stage.name)\" needs \"\(need.name)\", which no stage defines",
                    at: need.place, hint: listHint(need.name) ?? stageHint(need.name))
                continue
            }
            if other == number {
                reading.error("self-need", "stage \"\(stage.name)\" needs itself", at: need.place, hint: "remove it")
            } else if !names.insert(need.name).inserted {
                reading.warning(
                    "duplicate-need", "stage \"\(stage.name)\" needs \"\(need.name)\" twice", at: need.place,
                    hint: "remove one of them")
            } else {
                found.append(other)
            }
        }
        return found
    }

    /// For several names in one text: `build, test`.
    private func listHint(_ text: String) -> String? {
        let names = text.split { $0 == " " || $0 == "," }.map(String.init)
        guard names.count > 1, names.allSatisfy({ stage($0) != nil }) else { return nil }
        return "write a list: [\(names.joined(separator: ", "))]"
    }

    private func report(_ cycle: [Int]) {
        let names = (cycle + [cycle[0]]).map { draft.stages[$0].name }
        let shown = names.count <= 12 ? names : Array(names.prefix(10)) + ["… \(names.count - 11) more …", names[0]]
        let first = draft.stages[cycle[0]]
        let next = draft.stages[cycle[1 % cycle.count]].name
        let place = first.needs.first { $0.name == next || $0.name.hasPrefix(next + "[") }?.place ?? first.place
        reading.error(
            "cycle", "stages need one another: \(shown.joined(separator: " → "))", at: place,
            hint: "remove one of these needs")
    }

    private func lookUpContract(_ contract: Named<String>, of stage: StageDraft) {
        lookUp(contract, "the contract of stage \"\(stage.name)\" is")
        guard let group = self.stage(contract.name), draft.stages[group].items != nil,
            draft.stages[group].name == contract.name
        else { return }
        reading.error(
            "ambiguous-item", "\"\(contract.name)\" is a group of stages, and a contract is one stage",
            at: contract.place, hint: "name one of them: \(contract.name)[ITEM]")
    }

    private func lookUp(_ name: Named<String>, _ phrase: String) {
        guard stage(name.name) == nil else { return }
        reading.error(
            "unknown-stage", "\(phrase) \"\(name.name)\", which no stage defines", at: name.place,
            hint: stageHint(name.name))
    }

    private func lookUpSuite(_ suite: Named<String>) {
        guard suites[suite.name] == nil else { return }
        reading.error(
            "unknown-suite", "there is no suite \"\(suite.name)\" under checks:", at: suite.place,
            hint: reading.choice(for: suite.name, among: draft.suites.map(\.name), "suites"))
    }

    /// The word that says to ask nothing after a rollback, unless a suite has that name.
    private func isNone(_ verify: Named<String>) -> Bool { verify.name == "none" && suites[verify.name] == nil }

    /// The monitor with what it asks after a rollback.
    func completed(_ draft: MonitorDraft) -> Monitor {
        var monitor = draft.monitor
        monitor.rollbackVerify = draft.rollbackVerify.map { isNone($0) ? .none : .suite($0.name) }
        return monitor
    }
}
