import ShipitCore

/// The notes of an item by their keys, and which of them a check has taken up.
struct Facts {
    let item: ChecklistItem
    private var notes: [(key: String, value: String, line: String)] = []
    private var others: [String] = []

    init(_ item: ChecklistItem) {
        self.item = item
        for note in item.notes {
            if let (key, value) = Note.split(note) { notes.append((key, value, note)) } else { others.append(note) }
        }
    }

    /// What nobody has taken.
    var left: [String] {
        let kept = Set(notes.map(\.line) + others)
        return item.notes.filter { kept.contains($0) }
    }

    /// Texts that a limit may stand in.
    var limits: [String] {
        let keys = ["expected", "threshold", "target", "response time", "latency", "time", "limit"]
        return notes.filter { keys.contains($0.key) }.map { "\($0.key): \($0.value)" }
    }

    var hasSeveralStatuses: Bool {
        notes.contains {
            ["expected", "status", "status code"].contains($0.key) && !CheckGuess.isStatus($0.value)
                && $0.value.count <= 8
        }
    }

    mutating func take(_ key: String) -> String? {
        let found = notes.indices.filter { notes[$0].key == key }
        guard found.count == 1, let index = found.first else { return nil }
        return notes.remove(at: index).value
    }

    /// Whether the notes have a command that is none, such as "Test bastion host connection".
    var namesCommand: Bool { notes.contains { ["command", "run", "test"].contains($0.key) } }

    /// The one command of the notes, if it stands there as code and alone.
    mutating func takeCommand() -> String? {
        let found = notes.indices.filter { ["command", "run"].contains(notes[$0].key) }
        guard found.count == 1, let index = found.first else { return nil }
        let value = notes[index].value
        let code = Note.code(in: value)
        guard code.count == 1, value.hasPrefix("`"), value.hasSuffix("`") else { return nil }
        notes.remove(at: index)
        return code[0]
    }

    mutating func takeStatus() -> String? {
        for key in ["status code", "status"] {
            let found = notes.firstIndex { $0.key == key }
            guard let index = found else { continue }
            let value = notes[index].value
            guard let status = CheckGuess.isStatus(value) ? value : CheckGuess.status(in: value) else { continue }
            notes.remove(at: index)
            return status
        }
        return nil
    }

    /// The condition of a note, taken only if it is measured so.
    mutating func condition(of key: String, in dimension: Dimension) -> String? {
        guard let index = notes.firstIndex(where: { $0.key == key }),
            let condition = FoundThreshold.condition(in: notes[index].value),
            (try? QuantityParser.condition(condition, in: dimension)) != nil
        else { return nil }
        notes.remove(at: index)
        return condition
    }

    /// ``File: `build/index.html` exists``
    mutating func takeExistingFile() -> String? {
        guard let index = notes.firstIndex(where: { $0.key == "file" }), notes[index].value.hasSuffix("exists"),
            let file = Note.code(in: notes[index].value).first, Note.code(in: notes[index].value).count == 1
        else { return nil }
        notes.remove(at: index)
        return file
    }
}
