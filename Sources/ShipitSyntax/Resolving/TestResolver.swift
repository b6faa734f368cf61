import ShipitCore

/// Reads what tests are given, now that it is known what is a stage and what a source, and looks up what they name.
struct TestResolver {
    let reading: Reading
    let draft: Draft
    let names: NameResolver

    func resolve() -> [PipelineTest] { draft.tests.map(test) }

    private var sources: [String] { draft.monitor?.sources.keys.sorted() ?? [] }

    private func test(_ test: TestDraft) -> PipelineTest {
        if let environment = test.environment { lookUp(environment) }
        for (key, stage) in test.expected { lookUp(stage, "\"\(key)\" names") }
        return PipelineTest(
            name: test.name, environment: test.environment?.name, given: given(test), expect: test.expect,
            span: reading.source.span(test.place))
    }

    private func lookUp(_ environment: Named<String>) {
        let known = draft.environments.map(\.name)
        guard !known.contains(environment.name) else { return }
        reading.unknownWord(environment.name, "\"environment\"", known, at: environment.place)
    }

    private func lookUp(_ stage: Named<String>, _ phrase: String) {
        guard names.stage(stage.name) == nil else { return }
        reading.error(
            "unknown-stage", "\(phrase) \"\(stage.name)\", which no stage defines", at: stage.place,
            hint: names.stageHint(stage.name))
    }

    // MARK: Given

    /// What a key under `given` speaks of.
    private enum Subject: Hashable {
        case part(Script.StagePart)
        case verify(StageName)
        case source(String)
    }

    private func given(_ test: TestDraft) -> Script {
        var script = Script()
        var seen: Set<Subject> = []
        for entry in test.given {
            guard let subject = subject(entry) else { continue }
            guard seen.insert(subject).inserted else {
                reading.error(
                    "conflicting-keys", "\"\(entry.key)\" is given twice, under two names", at: entry.keyPlace,
                    hint: "keep one of them")
                continue
            }
            guard !entry.value.isAbsent else {
                reading.empty(entry)
                continue
            }
            switch subject {
            case .part(let part):
                script.courses[part] = course(entry).flatMap { isPossible($0, part, entry) ? $0 : nil }
            case .verify(let stage):
                script.verifications[stage] = reading.word(
                    entry.value, "\"\(entry.key)\"", Script.Verification.allCases)
            case .source(let name): script.spells[name] = SpellDecoder(self, entry).spells()
            }
        }
        return script
    }

    private func subject(_ entry: Entry) -> Subject? {
        let words = entry.key.split(separator: " ", maxSplits: 1).map(String.init)
        if words.count == 2 {
            let name = StageName(words[1])
            let place = reading.source.place(of: words[1], from: entry.keyPlace) ?? entry.keyPlace
            switch words[0] {
            case "stage": return stage(words[1], at: place) ? .part(.init(name)) : nil
            case "undo": return stage(words[1], at: place) ? .part(.init(name, .undo)) : nil
            case "finally": return stage(words[1], at: place) ? .part(.init(name, .finally)) : nil
            case "rollback-check": return stage(words[1], at: place) ? .part(.init(name, .rollbackCheck)) : nil
            case "verify": return stage(words[1], at: place) ? .verify(name) : nil
            case "source":
                if sources.contains(words[1]) { return .source(words[1]) }
                reading.error(
                    "unknown-source", "the monitor has no source \"\(words[1])\"", at: place,
                    hint: reading.choice(for: words[1], among: sources, "sources"))
                return nil
            default: break
            }
        }
        let isStage = names.stage(entry.key) != nil
        let isSource = sources.contains(entry.key)
        switch (isStage, isSource) {
        case (true, false): return .part(.init(StageName(entry.key)))
        case (false, true): return .source(entry.key)
        case (true, true):
            reading.error(
                "ambiguous-name", "\"\(entry.key)\" is a stage and a source of the monitor", at: entry.keyPlace,
                hint: "write stage \(entry.key) or source \(entry.key)")
        case (false, false):
            reading.error(
                "unknown-stage", "a test gives something to \"\(entry.key)\", which is no stage and no source",
                at: entry.keyPlace, hint: reading.suggestion(for: entry.key, among: draft.stages.map(\.name) + sources))
        }
        return nil
    }

    private func stage(_ name: String, at place: Place) -> Bool {
        lookUp(Named(name: name, place: place), "a test gives something to")
        return names.stage(name) != nil
    }

    private func course(_ entry: Entry) -> Script.Course? {
        let what = "\"\(entry.key)\""
        guard let text = reading.text(entry.value, what, "a result, such as fails") else { return nil }
        do throws(CourseParser.Problem) {
            return try CourseParser.course(text)
        } catch {
            switch error {
            case .unknown(let words):
                bad("\(what) cannot be given \"\(words)\"", entry, "results: \(CourseParser.forms)")
            case .unreachable(let words):
                bad(
                    "\(what): \"\(words)\" comes never, after a result for all attempts", entry,
                    "say how often, such as once")
            case .repeated(let word): bad("\(what) says \"\(word)\" twice", entry, "keep one of them")
            case .badCount(let text):
                bad("\(what): \"\(text)\" is no number of times (1 to 1000) and no exit status (1 to 255)", entry, nil)
            case .quantity(let problem): reading.report(problem, what, at: entry.value.place)
            }
            return nil
        }
    }

    /// Time passes whatever happens; what can happen meanwhile is that something dies.
    private func isPossible(_ course: Script.Course, _ part: Script.StagePart, _ entry: Entry) -> Bool {
        let stage = draft.stages.first { $0.name == part.stage.text }
        if part.part == .perform, case .notify? = stage?.kind {
            bad("\"\(entry.key)\" only notifies, and the run goes on however that goes", entry, nil)
            return false
        }
        guard part.part == .perform, case .hold(nil)? = stage?.kind else { return true }
        let isDeath = course.first.allSatisfy { $0 == .engineDies || $0 == .machineDies } && course.then == .succeeds
        if isDeath, course.takes == nil { return true }
        bad("\"\(entry.key)\" only waits, and time passes whatever happens", entry, "results: dies, engine dies")
        return false
    }

    private func bad(_ message: String, _ entry: Entry, _ hint: String?) {
        reading.error("bad-result", message, at: entry.value.place, hint: hint)
    }
}

/// What a test gives to a source of the monitor.
struct SpellDecoder {
    private let resolver: TestResolver
    private let reading: Reading
    private let entry: Entry

    enum Key: String, SectionKey {
        case during, after, from, duration = "for", errorRate = "error-rate", time, value, noData = "no-data"
    }

    init(_ resolver: TestResolver, _ entry: Entry) {
        self.resolver = resolver
        reading = resolver.reading
        self.entry = entry
    }

    func spells() -> [Script.Spell] {
        switch entry.value.value {
        case .scalar: return worded().map { [$0] } ?? []
        case .mapping: return spell(entry.value).map { [$0] } ?? []
        case .sequence(let nodes): return nodes.compactMap(spell)
        }
    }

    /// `fails`, `gives nothing after restart`.
    private func worded() -> Script.Spell? {
        guard let text = reading.text(entry.value, "\"\(entry.key)\"") else { return nil }
        var words = text.split(separator: " ").map(String.init)
        var spell = Script.Spell()
        if words.count >= 3, words[words.count - 2] == "after" {
            let name = words[words.count - 1]
            guard isStage(name, at: reading.source.place(of: name, from: entry.value.place) ?? entry.value.place) else {
                return nil
            }
            spell.after = StageName(name)
            words.removeLast(2)
        }
        switch words {
        case ["fails"]: spell.errorRate = 1
        case ["gives", "nothing"]: spell.isSilent = true
        default:
            reading.error(
                "bad-result", "source \"\(entry.key)\" cannot be given \"\(text)\"", at: entry.value.place,
                hint: "write fails, gives nothing, either with after STAGE, or {from: 2m, for: 5m, error-rate: 100%}")
            return nil
        }
        return spell
    }

    private func isStage(_ name: String, at place: Place) -> Bool {
        guard resolver.names.stage(name) == nil else { return true }
        reading.error(
            "unknown-stage", "\"\(entry.key)\" is to fail after \"\(name)\", which no stage defines", at: place,
            hint: resolver.names.stageHint(name))
        return false
    }

    private func spell(_ node: Node) -> Script.Spell? {
        guard let fields = reading.fields(node, Key.self, of: "what \"\(entry.key)\" is given") else { return nil }
        var spell = Script.Spell()
        if let node = fields[.after], let name = reading.literal(node, "\"after\""), isStage(name, at: node.place) {
            spell.after = StageName(name)
        }
        if let node = fields[.during] {
            spell.isBeforeChange = reading.word(node, "\"during\"", [Script.Phase.baseline]) != nil
            if let place = fields.keyPlace(.after) {
                reading.error(
                    "conflicting-keys", "nothing is \"after\" a stage during the baseline", at: place,
                    hint: "keep one of them")
            } else if resolver.draft.monitor?.isBaselineWritten != true {
                reading.error("no-baseline", "a test speaks of the baseline, and none is taken", at: node.place)
            }
        }
        if let node = fields[.from] { spell.from = reading.duration(node, "\"from\"") ?? .zero }
        spell.duration = fields[.duration].flatMap { reading.positiveDuration($0, "\"for\"") }
        if let node = fields[.errorRate] { spell.errorRate = share(node) ?? 0 }
        spell.time = fields[.time].flatMap { reading.duration($0, "\"time\"") }
        spell.value = fields[.value].flatMap { reading.quantity($0, "\"value\"", "a number", QuantityParser.number) }
        if let node = fields[.noData] { spell.isSilent = reading.flag(node, "\"no-data\"") ?? false }
        let answers: [Key] = [.errorRate, .time, .value, .noData].filter { fields.keyPlace($0) != nil }
        if answers.isEmpty, !hasMistake(node) {
            reading.error(
                "missing-key", "\"\(entry.key)\" is not told what it answers", at: node.place,
                hint: "add error-rate, time, value or no-data")
        } else if spell.isSilent, answers.count > 1 {
            reading.error(
                "conflicting-keys", "\"no-data\" excludes \"\(answers[0].rawValue)\"",
                at: fields.keyPlace(.noData) ?? node.place, hint: "keep one of them")
        }
        return spell
    }

    private func share(_ node: Node) -> Double? {
        guard let share = reading.quantity(node, "\"error-rate\"", "a ratio", QuantityParser.ratio) else { return nil }
        guard (0...1).contains(share) else {
            reading.error("bad-quantity", "\"error-rate\" must be from 0% to 100%", at: node.place)
            return nil
        }
        return share
    }

    /// A misspelt or empty key was meant for something.
    private func hasMistake(_ node: Node) -> Bool {
        guard case .mapping(let entries) = node.value else { return true }
        return entries.contains { Key(rawValue: $0.key) == nil || $0.value.isAbsent }
    }
}
