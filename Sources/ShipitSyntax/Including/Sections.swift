import ShipitCore

/// The sections of several files, put together: mappings by their names, lists one after the other, and whatever is neither
/// in one file only. Nothing is defined twice, and nothing replaces anything.
struct Sections {
    let reading: Reading
    private(set) var entries: [Entry] = []
    /// Where a name is defined, by section.
    private var names: [String: [String: Place]] = [:]

    init(reading: Reading) { self.reading = reading }

    private enum Kind {
        case names, list, single
        /// Each file's own.
        case own
    }

    private static func kind(_ key: String) -> Kind {
        if key.hasPrefix("x-") { return .own }
        guard let key = PipelineDecoder.Key(rawValue: key) else { return .single }
        switch key.about.shape {
        case .mapping: return .names
        case .list: return .list
        default: return key == .shipit || key == .include ? .own : .single
        }
    }

    /// The pipeline's own file.
    mutating func begin(with own: [Entry]) { entries = own }

    /// - Returns: false when something in a file cannot be told, so that names may be missing.
    mutating func add(_ included: [Entry]) -> Bool {
        var isWhole = true
        for entry in included {
            switch Self.kind(entry.key) {
            case .own: isWhole = isRightVersion(entry) && isWhole
            case let kind:
                guard let place = entries.firstIndex(where: { $0.key == entry.key }) else {
                    entries.append(entry)
                    continue
                }
                isWhole = join(entry, kind, at: place) && isWhole
            }
        }
        return isWhole
    }

    private mutating func join(_ entry: Entry, _ kind: Kind, at place: Int) -> Bool {
        switch (kind, entries[place].value.value) {
        case (.names, .mapping(let present)):
            guard let added = reading.mapping(entry.value, "\"\(entry.key)\"") else { return false }
            entries[place].value.value = .mapping(present + fresh(added, in: entry.key, beside: present))
            return true
        case (.list, .sequence(let present)):
            guard let added = reading.list(entry.value, "\"\(entry.key)\"") else { return false }
            entries[place].value.value = .sequence(present + added)
            return true
        // What is no mapping or list is a mistake that its decoder reports.
        case (.names, _), (.list, _): return false
        default:
            refuse("\"\(entry.key)\"", entry.keyPlace, first: entries[place].keyPlace)
            return true
        }
    }

    /// Those that are not defined yet.
    private mutating func fresh(_ added: [Entry], in section: String, beside present: [Entry]) -> [Entry] {
        var known =
            names[section]
            ?? Dictionary(present.map { ($0.key, $0.keyPlace) }, uniquingKeysWith: { first, _ in first })
        var fresh: [Entry] = []
        for entry in added {
            if let first = known[entry.key] {
                refuse("\"\(entry.key)\" of \"\(section)\"", entry.keyPlace, first: first)
            } else {
                known[entry.key] = entry.keyPlace
                fresh.append(entry)
            }
        }
        names[section] = known
        return fresh
    }

    private func refuse(_ what: String, _ place: Place, first: Place) {
        let span = reading.source.span(first)
        reading.error(
            "defined-twice", "\(what) is defined here and at \(span.file):\(span.line):\(span.column)", at: place,
            hint: "rename or remove one of them")
    }

    private func isRightVersion(_ entry: Entry) -> Bool {
        guard entry.key == PipelineDecoder.Key.shipit.rawValue else { return true }
        guard let version = reading.text(entry.value, "\"shipit\"", "a version") else { return true }
        guard version != PipelineDecoder.version else { return true }
        reading.error(
            "unsupported-version",
            "this shipit reads version \(PipelineDecoder.version) of the language, and the file says \"\(version)\"",
            at: entry.value.place, hint: "write shipit: \(PipelineDecoder.version), or leave it out")
        return false
    }
}
