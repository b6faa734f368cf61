import ShipitCore

/// `stages:`
struct StageDecoder {
    let reading: Reading
    let defaults: StageDefaults

    enum Key: String, SectionKey {
        case needs, run, uses, with, checks, env, retry, timeout, deadline, killAfter = "kill-after"
        case onInterrupt = "on-interrupt", onExhausted = "on-exhausted", verify, rollback, finally
        case forEach = "for-each", maxParallel = "max-parallel", workdir, reversible, contract, changes
        case leavesRunning = "leaves-running", condition = "if"
        case on, batches, maxFailures = "max-failures"
        case approval, wait, notify, approvals, windows
        case tests

        var isLater: Bool {
            switch self {
            case .approvals, .windows, .tests: true
            default: false
            }
        }

        /// What a stage does, or what it is for where it does nothing itself.
        static let kinds: [Key] = [.run, .uses, .checks, .approval, .wait, .notify]
    }

    func stages(_ node: Node) -> [StageDraft] {
        guard let entries = reading.mapping(node, "\"stages\"") else { return [] }
        if entries.isEmpty {
            reading.error("empty-value", "the pipeline has no stages", at: node.place, hint: "write at least one")
        }
        var drafts: [StageDraft] = []
        drafts.reserveCapacity(entries.count)
        for entry in entries {
            var draft = StageDraft(name: entry.key, place: entry.keyPlace)
            let isNamed = reading.checkName(entry.key, "a stage", at: entry.keyPlace)
            decode(entry, into: &draft, index: drafts.count)
            if !isNamed { draft.stage = nil }
            drafts.append(draft)
        }
        return drafts
    }

    private func decode(_ entry: Entry, into draft: inout StageDraft, index: Int) {
        let owner = "stage \"\(entry.key)\""
        if entry.value.isAbsent {
            reading.empty(entry)
            return
        }
        guard let entries = reading.mapping(entry.value, owner) else { return }
        let fields = reading.fields(entries, place: entry.value.place, Key.self, of: owner)
        draft.hasCondition = fields[.condition] != nil
        draft.needs = needs(fields)
        var stage = Stage(
            name: StageName(entry.key), perform: .script(""), retry: defaults.retry, timeout: defaults.timeout,
            deadline: defaults.deadline, killAfter: defaults.killAfter, onExhausted: defaults.onExhausted,
            span: reading.source.span(entry.keyPlace))
        stage.needs = draft.needs.map { StageName($0.name) }

        var isRight = work(fields, entries, owner, entry.keyPlace, index, &stage, &draft)
        isRight = settings(fields, &stage) && isRight
        isRight = values(fields, index, &stage, &draft) && isRight
        isRight = hosts(fields, &stage, &draft) && isRight
        isRight = wayBack(fields, index, &stage, &draft) && isRight
        draft.stage = isRight ? stage : nil
    }

    private func needs(_ fields: Fields<Key>) -> [Named<String>] {
        guard let node = fields[.needs], let nodes = reading.listOrOne(node, "\"needs\"") else { return [] }
        return nodes.compactMap { node in
            reading.literal(node, "a need").map { Named(name: $0, place: node.place) }
        }
    }

    /// What the stage does: exactly one of `run`, `uses` and `checks`.
    private func work(
        _ fields: Fields<Key>, _ entries: [Entry], _ owner: String, _ place: Place, _ index: Int, _ stage: inout Stage,
        _ draft: inout StageDraft
    ) -> Bool {
        let written = entries.filter { entry in Key.kinds.contains { $0.rawValue == entry.key } }
        guard let first = written.first else {
            let isMisspelt = Key.kinds.contains { reading.isMisspelt($0, in: entries) }
            if isMisspelt { return false }
            reading.error(
                "stage-kind", "\(owner) does nothing", at: place, hint: "give it one of run:, uses: and checks:")
            return false
        }
        if written.count > 1 {
            reading.error(
                "stage-kind", "\(owner) does two things: \(first.key) and \(written[1].key)", at: written[1].keyPlace,
                hint: "make two stages of it")
            return false
        }
        var isRight = true
        if first.key != "uses", let place = fields.keyPlace(.with) {
            reading.error(
                "misplaced-key", "\"with\" gives an action its inputs, and \(owner) has no uses:", at: place,
                hint: first.key == "run" ? "pass values to a command by env:" : nil)
            isRight = false
        }
        let calls = CallDecoder(reading: reading)
        let site = Site(kind: .perform, stage: index)
        if let node = fields[.run] {
            draft.kind = .run
            guard let call = calls.run(node, "\"run\"", site) else { return false }
            stage.perform = call
        } else if let node = fields[.uses] {
            guard let (name, call) = calls.uses(node, with: fields[.with], site) else { return false }
            draft.kind = .uses(name, reading.catalog.actions[name.name])
            guard let call else { return false }
            stage.perform = call
        } else if let node = fields[.checks] {
            guard let suite = reading.literal(node, "\"checks\"") else { return false }
            draft.kind = .checks(Named(name: suite, place: node.place))
            stage.perform = .checks(suite)
        } else if fields[.approval] != nil || fields[.wait] != nil || fields[.notify] != nil {
            isRight = HoldDecoder(reading: reading).decode(fields, owner, index, &stage, &draft) && isRight
        } else {
            // Without a value, which is reported.
            isRight = false
        }
        applyKind(draft.kind, &stage)
        return isRight
    }

    /// What a stage of its kind does unless it says otherwise.
    private func applyKind(_ kind: StageDraft.Kind?, _ stage: inout Stage) {
        switch kind {
        case .checks:
            stage.changes = false
            stage.onInterrupt = .rerun
        case .uses(_, let action?):
            stage.changes = action.changes
            stage.onInterrupt = defaults.onInterrupt ?? action.onInterrupt
        case .hold, .notify:
            stage.changes = false
            stage.onInterrupt = .rerun
            // What the defaults say of work says nothing about waiting.
            (stage.retry, stage.timeout, stage.deadline) = (RetryPolicy(), .hours(1), nil)
            (stage.killAfter, stage.onExhausted) = (.seconds(10), .rollback)
        default: stage.onInterrupt = defaults.onInterrupt ?? .ask
        }
    }

    private func settings(_ fields: Fields<Key>, _ stage: inout Stage) -> Bool {
        var isRight = true
        func set<Value>(_ path: WritableKeyPath<Stage, Value>, _ key: Key, _ read: (Node) -> Value?) {
            guard let node = fields[key] else { return }
            if let value = read(node) { stage[keyPath: path] = value } else { isRight = false }
        }
        set(\.retry, .retry) { RetryDecoder(reading: reading).retry($0, base: defaults.retry) }
        set(\.timeout, .timeout) { reading.positiveDuration($0, "\"timeout\"") }
        if let node = fields[.deadline] { stage.deadline = reading.positiveDuration(node, "\"deadline\"") }
        set(\.killAfter, .killAfter) { reading.duration($0, "\"kill-after\"") }
        set(\.onExhausted, .onExhausted) { reading.word($0, "\"on-exhausted\"", [OnExhausted.rollback, .pause]) }
        set(\.changes, .changes) { reading.flag($0, "\"changes\"") }
        set(\.leavesRunning, .leavesRunning) { reading.flag($0, "\"leaves-running\"") }
        if let node = fields[.workdir] { stage.workdir = reading.literal(node, "\"workdir\"") }
        let isUnread =
            (fields[.deadline] != nil && stage.deadline == nil && defaults.deadline == nil)
            || (fields[.workdir] != nil && stage.workdir == nil)
        return isRight && !isUnread
    }

    /// A plugin gets the secrets that its manifest names and no others, not even from the author.
    private func checkSecrets(of node: Node, _ env: [String: Template], for kind: StageDraft.Kind?) -> Bool {
        guard case .uses(_, let action?) = kind, let access = action.access, case .mapping(let entries) = node.value
        else { return true }
        var isRight = true
        for entry in entries where !access.secrets.contains(entry.key) {
            for case .secret(let name) in env[entry.key]?.references ?? [] where !access.secrets.contains(name) {
                reading.error(
                    "plugin-secret", "action \"\(action.name)\" gets no secret \"\(name)\": its manifest names none so",
                    at: entry.value.place, hint: "name it under secrets: in the plugin's plugin.yaml, or remove it here"
                )
                isRight = false
            }
        }
        return isRight
    }

    /// What holds values that are substituted: `env`, `if`, `for-each`.
    private func values(_ fields: Fields<Key>, _ index: Int, _ stage: inout Stage, _ draft: inout StageDraft) -> Bool {
        var isRight = true
        if let node = fields[.env] {
            if let env = environment(node, Site(kind: .env, stage: index, isSecret: true)) {
                stage.env = env
                isRight = checkSecrets(of: node, env, for: draft.kind)
            } else {
                isRight = false
            }
        }
        if let node = fields[.forEach] {
            stage.forEach = items(node, Site(kind: .items, stage: index))
            // A list that could not be read still makes it a group: `item` in it is no mistake of its own.
            draft.items = stage.forEach ?? []
            isRight = isRight && stage.forEach != nil
        }
        if let node = fields[.maxParallel] {
            stage.maxParallel = reading.whole(node, "\"max-parallel\"", in: 1...1_000_000)
            if fields[.forEach] == nil, fields[.on] == nil {
                reading.error(
                    "misplaced-key", "\"max-parallel\" limits the items of for-each, and there is none",
                    at: fields.keyPlace(.maxParallel)!,
                    hint: fields[.uses] != nil ? "an action's own max-parallel stands under with:" : nil)
                isRight = false
            }
            isRight = isRight && stage.maxParallel != nil
        }
        if let node = fields[.condition] {
            stage.condition = ConditionParser.condition(node, Site(kind: .condition, stage: index), reading)
            isRight = isRight && stage.condition != nil
        }
        return isRight
    }

    private func environment(_ node: Node, _ site: Site) -> [String: Template]? {
        guard let entries = reading.mapping(node, "\"env\"") else { return nil }
        var env: [String: Template] = [:]
        var isRight = true
        for entry in entries {
            guard reading.checkVariableName(entry.key, "an environment variable", at: entry.keyPlace) else {
                isRight = false
                continue
            }
            if entry.key.hasPrefix("SHIPIT_") {
                reading.error(
                    "reserved-name",
                    "\"\(entry.key)\" is shipit's own: variables that begin with SHIPIT_ are set by it",
                    at: entry.keyPlace)
                isRight = false
            } else if entry.value.isAbsent {
                reading.error(
                    "empty-value", "\"\(entry.key)\" has no value", at: entry.keyPlace,
                    hint: "write \"\" for an empty text")
                isRight = false
            } else if let value = reading.template(entry.value, "variable \"\(entry.key)\"", site) {
                env[entry.key] = value
            } else {
                isRight = false
            }
        }
        return isRight ? env : nil
    }

    private func items(_ node: Node, _ site: Site) -> [Template]? {
        guard let nodes = reading.list(node, "\"for-each\"") else { return nil }
        guard !nodes.isEmpty else {
            reading.error("empty-value", "\"for-each\" has no items", at: node.place)
            return nil
        }
        var items: [Template] = []
        var seen: Set<Template> = []
        for node in nodes {
            guard let item = reading.template(node, "an item", site) else { continue }
            if let text = item.literal,
                text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "]") })
            {
                reading.error("bad-name", "\"\(text)\" cannot be an item: stages are named after it", at: node.place)
            } else if !seen.insert(item).inserted {
                reading.error(
                    "duplicate-name", "the item \"\(item.literal ?? "${{ … }}")\" stands twice", at: node.place)
            } else {
                items.append(item)
            }
        }
        return items.count == nodes.count ? items : nil
    }
}
