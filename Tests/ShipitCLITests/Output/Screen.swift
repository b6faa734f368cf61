/// As much of a terminal as a live block needs: what is written to it, and what then stands on it.
struct Screen {
    private(set) var rows: [String] = [""]
    private var row = 0
    private var column = 0
    /// Sequences that it doesn't know.
    private(set) var unknown: [String] = []

    /// What stands on it, without empty rows at the end.
    var text: [String] {
        var text = rows
        while text.last == "" { text.removeLast() }
        return text
    }

    mutating func write(_ text: String) {
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\r": column = 0
            case "\n":
                row += 1
                column = 0
                if row == rows.count { rows.append("") }
            case "\u{1B}": obey(&rest)
            default: put(character)
            }
        }
    }

    private mutating func put(_ character: Character) {
        var line = Array(rows[row])
        while line.count <= column { line.append(" ") }
        line[column] = character
        rows[row] = String(line)
        column += 1
    }

    private mutating func obey(_ rest: inout Substring) {
        let sequence = rest.prefix { !$0.isLetter }
        let command = rest.dropFirst(sequence.count).first
        rest = rest.dropFirst(sequence.count + 1)
        switch command {
        case "A": row = max(0, row - (Int(sequence.dropFirst()) ?? 1))
        case "K": rows[row] = String(rows[row].prefix(column))
        case "J":
            rows[row] = String(rows[row].prefix(column))
            rows.removeLast(rows.count - row - 1)
        default: unknown.append(sequence + String(command ?? "?"))
        }
    }
}
