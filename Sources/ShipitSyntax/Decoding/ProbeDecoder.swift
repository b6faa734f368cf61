import ShipitCore

/// Finds in a mapping what is asked of which probe.
struct ProbeDecoder {
    let reading: Reading

    /// One probe with its fields, and what else stands in the mapping.
    struct Question {
        let reading: Reading
        let owner: String
        var probe: ProbeDescription?
        var subject: Entry?
        var fields: [(FieldDescription, Entry)] = []
        /// What is neither the probe nor one of its fields.
        var rest: [Entry] = []
        var isRight = true

        /// For hints at misspelt keys.
        var knownFields: [String] { probe?.fields.map(\.name) ?? reading.catalog.probes.keys.sorted() }

        func request(_ site: Site) -> ProbeRequest? {
            guard let probe, let subject, isRight else { return nil }
            let values = ValueDecoder(reading: reading)
            var isRight = true
            if subject.value.isAbsent {
                reading.empty(subject)
                isRight = false
            }
            let isManual = probe == ManualCheck.description
            if !isManual, probe.subject.isWords, subject.value.isBlank {
                reading.error("empty-value", "\"\(probe.name)\" is empty", at: subject.value.place, hint: probe.help)
                isRight = false
            }
            let asked =
                !isRight
                ? nil
                : isManual
                    ? ManualCheck.words(subject.value, reading)
                    : values.value(subject.value, probe.subject, "\"\(probe.name)\"", site)
            var decoded: [String: InputValue] = [:]
            for (field, entry) in fields {
                if isManual, !ManualCheck.isRight(entry, reading) { isRight = false }
                decoded[entry.key] = values.field(entry, field, site)
                if decoded[entry.key] == nil { isRight = false }
            }
            for field in probe.fields where field.required && !fields.contains(where: { $0.0.name == field.name }) {
                reading.error(
                    "missing-field", "\(owner) needs \"\(field.name)\"", at: subject.keyPlace,
                    hint: "\(field.name): \(field.help)")
                isRight = false
            }
            guard let asked, isRight else { return nil }
            return ProbeRequest(probe: probe.name, subject: asked, fields: decoded)
        }
    }

    /// Takes a mapping apart. That it asks nothing, or two things, is reported here. Only in suites can people be asked.
    func question(_ entries: [Entry], _ owner: String, at place: Place, asksPeople: Bool = false) -> Question {
        var question = Question(reading: reading, owner: owner)
        let manual = ManualCheck.description
        let subject = entries.first {
            reading.catalog.probes[$0.key] != nil || asksPeople && $0.key == manual.name
        }
        guard let subject else {
            // Fields whose probe is missing are no mistakes of their own.
            let fields = Set(reading.catalog.probes.values.flatMap { $0.fields.map(\.name) })
            question.rest = entries.filter { !fields.contains($0.key) }
            question.isRight = false
            let isMisspelt = question.rest.contains { CheckDecoder.Key(rawValue: $0.key) == nil && $0.key != "every" }
            if !isMisspelt {
                reading.error(
                    "missing-key", "\(owner) asks nothing", at: place,
                    hint: "give it one of: \(reading.catalog.probes.keys.sorted().joined(separator: ", "))")
            }
            return question
        }
        question.subject = subject
        question.probe = asksPeople && subject.key == manual.name ? manual : reading.catalog.probes[subject.key]
        for entry in entries where entry.key != subject.key {
            sort(entry, into: &question, owner)
        }
        return question
    }

    private func sort(_ entry: Entry, into question: inout Question, _ owner: String) {
        if let field = question.probe?.fields.first(where: { $0.name == entry.key }) {
            question.fields.append((field, entry))
        } else if let first = question.subject, reading.catalog.probes[entry.key] != nil {
            reading.error(
                "conflicting-keys", "\(owner) asks two things: \(first.key) and \(entry.key)", at: entry.keyPlace,
                hint: "make two of it")
            question.isRight = false
        } else {
            question.rest.append(entry)
        }
    }
}

extension FieldType {
    /// Whether nothing but blanks says nothing. A manual check and a command see to that themselves.
    fileprivate var isWords: Bool {
        switch self {
        case .text, .textOrPattern, .url, .path: true
        default: false
        }
    }
}

extension Node {
    fileprivate var isBlank: Bool {
        guard case .scalar(let scalar) = value else { return false }
        return !isAbsent && scalar.text.allSatisfy(\.isWhitespace)
    }
}
