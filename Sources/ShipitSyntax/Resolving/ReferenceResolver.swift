import ShipitCore

/// Looks up each `${{ … }}`: whether what it names exists, and whether it is known where it stands.
struct ReferenceResolver {
    private let reading: Reading
    private let draft: Draft
    private let names: NameResolver
    private var ancestry: Ancestry
    /// The stages that run a suite.
    private var runners: [String: [Int]] = [:]

    init(reading: Reading, draft: Draft, names: NameResolver, graph: Graph) {
        self.reading = reading
        self.draft = draft
        self.names = names
        ancestry = Ancestry(graph)
        for (number, stage) in draft.stages.enumerated() {
            if case .checks(let suite) = stage.kind { runners[suite.name, default: []].append(number) }
        }
    }

    mutating func resolve() {
        for use in reading.references {
            switch use.reference {
            case .variable(let name): variable(name, use)
            case .secret(let name): secret(name, use)
            case .output(let stage, let output): self.output(stage.text, output, use)
            case .item: item(use)
            case .instance:
                guard !use.site.knowsInstances else { continue }
                notHere(use, "is known only to the inputs of rolling-restart")
            case .target:
                if [.condition, .items, .monitor, .notify].contains(use.site.kind) {
                    notHere(use, "is not known here")
                }
            case .run(let field): run(field, use)
            case .release(let field):
                if field == "tree", isPlanned(use) { notHere(use, "is not known while planning") }
                // It is sent whenever that is possible, and by then the tree may be gone.
                if field == "tree", use.site.kind == .notify { notHere(use, "is not known to who is told") }
            case .previous, .environment: break
            }
        }
    }

    /// `if` and `for-each` are decided before anything runs.
    private func isPlanned(_ use: ReferenceUse) -> Bool { use.site.kind == .condition || use.site.kind == .items }

    private func place(_ use: ReferenceUse) -> Place {
        // Within `if:` references stand bare.
        if use.ordinal == 0 { return reading.source.place(of: use.reference.description, from: use.place) ?? use.place }
        return reading.referencePlace(in: use.place, use.ordinal)
    }

    private func notHere(_ use: ReferenceUse, _ why: String, hint: String? = nil) {
        reading.error("reference-not-allowed", "\"\(use.reference)\" \(why)", at: place(use), hint: hint)
    }

    private func run(_ field: String, _ use: ReferenceUse) {
        if isPlanned(use) { return notHere(use, "is not known while planning") }
        guard field != "id", use.site.kind != .notify || use.site.stage != nil else { return }
        notHere(use, "is known only to the entries of notify:")
    }

    private func variable(_ name: String, _ use: ReferenceUse) {
        guard use.fallback == nil else { return }
        guard !draft.environments.isEmpty else {
            reading.error(
                "unknown-variable", "there is no variable \"\(name)\": no environment is defined", at: place(use),
                hint: "define it under environments: NAME: vars:")
            return
        }
        let lacking = draft.environments.filter { $0.vars.map { $0[name] == nil } ?? false }
        guard !lacking.isEmpty else { return }
        let quoted = lacking.prefix(5).map { "\"\($0.name)\"" } + (lacking.count > 5 ? ["others"] : [])
        let known = Set(draft.environments.flatMap { $0.vars.map { Array($0.keys) } ?? [] })
        let isUnknown = !known.contains(name)
        reading.error(
            "unknown-variable",
            "environment\(lacking.count > 1 ? "s" : "") \(quoted.joined(separator: ", ")) \(lacking.count > 1 ? "have" : "has") no variable \"\(name)\"",
            at: place(use),
            hint: isUnknown
                ? reading.choice(for: name, among: known.sorted(), "variables")
                : "define it there, or give a default: ${{ vars.\(name) || \"…\" }}")
    }

    private func secret(_ name: String, _ use: ReferenceUse) {
        guard draft.secretNames.contains(name) else {
            reading.error(
                "unknown-secret", "there is no secret \"\(name)\"", at: place(use),
                hint: reading.choice(for: name, among: draft.secretNames.sorted(), "secrets")
                    ?? "declare it under secrets:")
            return
        }
        if use.fallback != nil {
            reading.error(
                "bad-reference", "a secret has no default: without its value nothing begins", at: place(use),
                hint: "write ${{ secrets.\(name) }}")
            return
        }
        guard !use.site.isSecret else { return }
        let isOfStage = use.site.stage != nil && !isPlanned(use)
        reading.error(
            "secret-not-allowed", "a secret may stand in env:, in http headers and in inputs that are marked secret",
            at: place(use), hint: isOfStage ? "pass it by env: to a command that reads it there" : nil)
    }

    private func item(_ use: ReferenceUse) {
        let isInGroup = use.site.stage.map { draft.stages[$0].items != nil } ?? false
        if use.site.kind == .items {
            notHere(use, "is not known in for-each itself")
        } else if !isInGroup {
            notHere(use, "has a meaning only in a stage with for-each")
        }
    }

    // MARK: Outputs

    private mutating func output(_ name: String, _ output: String, _ use: ReferenceUse) {
        if isPlanned(use) { return notHere(use, "is not known while planning") }
        guard let upper = names.stage(name) else {
            reading.error(
                "unknown-stage", "no stage is named \"\(name)\"", at: place(use), hint: names.stageHint(name))
            return
        }
        let stage = draft.stages[upper]
        guard isDeclared(output, of: stage, use) else { return }
        let ownUndo = use.site.kind == .rollback || use.site.kind == .finally
        if use.site.stage == upper, ownUndo { return }
        if stage.items != nil, name == stage.name {
            reading.error(
                "ambiguous-item", "\"\(name)\" is a group of stages, each with outputs of its own", at: place(use),
                hint: "name one of them: stages.\(name)[ITEM].outputs.\(output)")
            return
        }
        if use.site.kind == .notify, use.site.stage == nil {
            guard use.fallback == nil else { return }
            return notHere(
                use, "may not be there yet when somebody is told",
                hint: "give a default: ${{ \(use.reference) || \"none\" }}")
        }
        guard let lower = lowerStages(use), isUpstream(upper, of: lower, use) else { return }
        if stage.hasCondition, use.fallback == nil, !lower.isEmpty {
            reading.warning(
                "skipped-output", "stage \"\(stage.name)\" may be skipped by its if:, and then it has no outputs",
                at: place(use), hint: "give a default: ${{ \(use.reference) || \"none\" }}")
        }
    }

    private func isDeclared(_ output: String, of stage: StageDraft, _ use: ReferenceUse) -> Bool {
        let outputs: [String]
        switch stage.kind {
        // A host cannot write outputs; these two are the stage's own.
        case .run where stage.hosts != nil: outputs = ["hosts", "failed-hosts"]
        case .checks: outputs = reading.catalog.actions["checks"]?.outputs ?? []
        case .uses(_, let action?):
            guard let declared = action.outputs else { return true }
            outputs = declared
        case .hold, .notify: outputs = []
        default: return true
        }
        guard !outputs.contains(output) else { return true }
        reading.error(
            "unknown-output", "stage \"\(stage.name)\" has no output \"\(output)\"", at: place(use),
            hint: reading.choice(for: output, among: outputs, "outputs"))
        return false
    }

    /// The stages at whose time the value is needed.
    private func lowerStages(_ use: ReferenceUse) -> [Int]? {
        switch use.site.kind {
        case .suite(let name): runners[name] ?? []
        case .monitor: draft.monitor?.from.flatMap { names.stage($0.name) }.map { [$0] } ?? []
        default: use.site.stage.map { [$0] }
        }
    }

    private mutating func isUpstream(_ upper: Int, of lower: [Int], _ use: ReferenceUse) -> Bool {
        for stage in lower {
            // The monitor begins when its stage has succeeded, so that stage's own outputs are there.
            if stage == upper, use.site.kind == .monitor { continue }
            guard let isAncestor = ancestry.isAncestor(upper, of: stage) else { return false }
            guard !isAncestor else { continue }
            let (user, used) = (draft.stages[stage].name, draft.stages[upper].name)
            reading.error(
                "output-not-upstream",
                user == used
                    ? "stage \"\(user)\" cannot use its own outputs here"
                    : "stage \"\(user)\" uses an output of \"\(used)\", which is not among what it needs",
                at: place(use), hint: user == used ? nil : "add \"\(used)\" to the needs of \"\(user)\"")
            return false
        }
        return true
    }
}
