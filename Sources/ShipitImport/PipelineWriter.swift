import ShipitCore

/// Writes a checklist as a pipeline file.
struct PipelineWriter {
    private let checklist: Checklist
    private let name: String
    private let file: String
    private let suites: [Suites.Suite]
    private let guesses: [Guess]
    private let origins: [String]
    private let fallback: ChecklistOwner
    private var lines: [String] = []
    private(set) var summary = ChecklistImport.Summary()

    init(_ checklist: Checklist, name: String, file: String) {
        self.checklist = checklist
        self.name = name
        self.file = file
        suites = Suites(checklist.items).suites
        origins = checklist.origins
        let guess = CheckGuess(origins: Set(origins))
        guesses = checklist.items.map { guess.guess($0) }
        let lead = checklist.lead ?? "release lead"
        let slug = Slug.of(lead)
        fallback = ChecklistOwner(
            words: lead, role: slug.isEmpty ? "release-lead" : slug, person: slug.isEmpty ? "release-lead" : slug)
    }

    mutating func write() -> String {
        let title = checklist.title.map { ": \($0)" } ?? ""
        lines = [
            "# Imported from \(YAMLText.comment(file)). Each box of it is a check here; \"imported:\" says where it stood and whether",
            "# it was ticked, which decides nothing. Make checks of what a command can tell, and stages of what changes things.",
            "shipit: 1", "name: \(YAMLText.word(name))",
            "description: \(YAMLText.quoted("Imported from \(file)\(title)"))", "",
        ]
        writeEnvironment()
        writePeople()
        writeStages()
        writeChecks()
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Environment and people

    private mutating func writeEnvironment() {
        let isAsked = guesses.contains { guess in
            if case .check(let check) = guess { check.subject.hasPrefix(CheckGuess.baseURL) } else { false }
        }
        lines.append("environments:")
        if isAsked, let origin = origins.first {
            lines.append(
                "  production: {vars: {base-url: \(YAMLText.quoted(origin))}}   # the only address of the document")
        } else {
            lines.append("  production: {}")
        }
        lines.append("")
    }

    private func owner(of item: ChecklistItem) -> ChecklistOwner { item.owner ?? fallback }

    private mutating func writePeople() {
        summary.defaultRole = fallback.role
        var roles: [(name: String, people: [String])] = []
        for (item, guess) in zip(checklist.items, guesses) {
            guard case .manual = guess else { continue }
            if item.owner == nil { summary.ownerless += 1 }
            let owner = owner(of: item)
            if let index = roles.firstIndex(where: { $0.name == owner.role }) {
                if !roles[index].people.contains(owner.person) { roles[index].people.append(owner.person) }
            } else {
                roles.append((owner.role, [owner.person]))
            }
        }
        guard !roles.isEmpty else { return }
        lines.append(
            "people:   # by name alone: say how each is known, {os-user: NAME} or {ssh-key: \"ssh-ed25519 …\"}")
        var named: [String] = []
        for person in roles.flatMap(\.people) where !named.contains(person) { named.append(person) }
        lines += named.map { "  \(key($0)): {}" }
        lines.append("roles:")
        lines += roles.map { role in
            "  \(key(role.name)): {people: [\(role.people.map(YAMLText.word).joined(separator: ", "))]}"
        }
        lines.append("")
    }

    private func key(_ name: String) -> String { YAMLText.word(name) }

    // MARK: Stages

    private mutating func writeStages() {
        lines.append("stages:   # the sections in their order; put the stages that change things between them")
        let gates = suites.filter(\.isGate)
        if gates.isEmpty { lines.append("  nothing: {run: \"true\", changes: no}") }
        for (index, suite) in gates.enumerated() {
            let needs = index > 0 ? "needs: [\(key(gates[index - 1].name))], " : ""
            lines.append("  \(key(suite.name)): {\(needs)checks: \(key(suite.name))}")
            for item in suite.items {
                guard case .manual = guesses[item] else { continue }
                for command in CheckGuess.commands(of: checklist.items[item]) {
                    lines.append("  # line \(checklist.items[item].line): \(YAMLText.comment(command))")
                }
            }
        }
        let others = suites.filter { !$0.isGate }.map(\.name)
        if !others.isEmpty {
            lines.append("  # Suites of no stage, for a way back is no condition for going on:")
            lines += others.map { "  #   \($0)" }
        }
        lines.append("")
    }

    // MARK: Checks

    private mutating func writeChecks() {
        guard !suites.isEmpty else { return }
        lines.append("checks:")
        for suite in suites {
            summary.suites += 1
            lines.append("  \(key(suite.name)):")
            var names: Set<String> = []
            for (position, index) in suite.items.enumerated() {
                let section = position == 0 ? suite.section.joined(separator: " › ") : nil
                write(checklist.items[index], guesses[index], section: section, names: &names)
            }
        }
    }

    private mutating func write(_ item: ChecklistItem, _ guess: Guess, section: String?, names: inout Set<String>) {
        summary.items += 1
        if item.isTicked { summary.ticked += 1 }
        let name = CheckName.of(item, names: &names)
        lines.append("    - name: \(YAMLText.quoted(name))")
        var origin = ["line: \(item.line)"]
        if let section, !section.isEmpty { origin.append("section: \(YAMLText.quoted(section))") }
        if item.level > 1 { origin.append("level: \(min(item.level, 100))") }
        if item.isTicked { origin.append("ticked: yes") }
        switch guess {
        case .manual(let threshold):
            summary.manual += 1
            for command in CheckGuess.commands(of: item) {
                summary.leftCommands.append(.init(line: item.line, command: command))
            }
            let words = item.text.isEmpty ? name : item.text
            let text = ([words] + Self.dedented(item.notes)).joined(separator: "\n")
            lines.append("      manual: \(YAMLText.value(text, indent: 6))")
            lines.append("      role: \(YAMLText.word(owner(of: item).role))")
            if let threshold {
                summary.thresholds += 1
                lines.append("      \(threshold.field): \(YAMLText.quoted(threshold.condition))")
            }
        case .check(let check):
            summary.checks[check.probe, default: 0] += 1
            lines.append("      \(check.probe): \(YAMLText.quoted(check.subject))")
            for field in check.fields {
                let isBare = field.value.hasPrefix("{") || field.value.allSatisfy(\.isNumber) || field.value == "yes"
                lines.append("      \(field.name): \(isBare ? field.value : YAMLText.quoted(field.value))")
            }
            if check.fields.contains(where: { $0.value.hasPrefix("<") || $0.value.hasPrefix(">") }) {
                summary.thresholds += 1
            }
            if item.text != name { origin.append("text: \(YAMLText.quoted(item.text))") }
            if !check.leftOver.isEmpty { summary.partlyJudged += 1 }
            if !item.notes.isEmpty {
                origin.append("notes: \(YAMLText.quoted(Self.dedented(item.notes).joined(separator: "\n")))")
            }
        }
        if let words = item.owner?.words, words.firstRange(of: "${{") == nil {
            lines.append("      owner: \(YAMLText.quoted(words))")
        }
        lines.append("      imported: {\(origin.joined(separator: ", "))}")
    }

    /// Without the indentation that all lines have.
    private static func dedented(_ notes: [String]) -> [String] {
        func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }
        let least = notes.filter { !$0.trimmed.isEmpty }.map(indent).min() ?? 0
        return notes.map { String($0.dropFirst(min(least, indent($0)))) }
    }
}

/// Names of checks: short, and each once in its suite.
enum CheckName {
    static func of(_ item: ChecklistItem, names: inout Set<String>) -> String {
        var plain = item.text.plain.replacing("${{", with: "$ {{").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        if plain.isEmpty { plain = "Line \(item.line)" }
        if plain.count > 100 { plain = plain.prefix(99).trimmed + "…" }
        let name = names.contains(plain) ? "\(plain) (line \(item.line))" : plain
        var unique = name
        var number = 2
        while !names.insert(unique).inserted {
            unique = "\(name) \(number)"
            number += 1
        }
        return unique
    }
}
