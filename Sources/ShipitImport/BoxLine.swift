/// The boxes of one line.
struct BoxLine {
    enum Kind {
        case heading(level: Int), list, table, plain
    }

    struct Box {
        var isTicked: Bool
        var text: String
    }

    var kind: Kind
    /// In columns, before the marker of a list.
    var indent: Int
    var boxes: [Box]

    /// `nil` when the line has no box. In prose a box is one only where it begins the line or answers a colon or question:
    /// elsewhere people speak about boxes. `header` are the cells of the table that the line stands in.
    init?(_ line: String, isCode: Bool, header: [String] = []) {
        let shape = LineShape(line)
        indent = shape.indent
        switch shape.kind {
        case .heading(let level) where !isCode: kind = .heading(level: level)
        case .list: kind = .list
        case .table where !isCode: kind = .table
        default: kind = .plain
        }
        if case .table = kind {
            boxes = Self.cells(shape.rest, header)
        } else if let first = Self.leading(shape.rest, isListed: shape.kind == .list) {
            boxes = [first]
        } else {
            boxes = Self.inside(shape.rest, isProse: !isCode && shape.kind == .paragraph)
        }
        if boxes.isEmpty { return nil }
    }

    // MARK: Reading

    /// A box at the beginning, after signs of emphasis at most. Further boxes are part of its text.
    private static func leading(_ text: Substring, isListed: Bool) -> Box? {
        let emphasis = text.prefix { $0 == "*" || $0 == "_" || $0 == "~" }
        let rest = text[emphasis.endIndex...]
        guard let (isTicked, length) = sign(rest, isLeading: isListed) else { return nil }
        return Box(isTicked: isTicked, text: String(emphasis) + rest.dropFirst(length).trimmed)
    }

    private static func sign(_ text: Substring, isLeading: Bool) -> (isTicked: Bool, length: Int)? {
        let signs: [(String, Bool)] = [("[ ]", false), ("[x]", true), ("[X]", true)]
        let others: [(String, Bool)] = [
            ("[]", false), ("[-]", false), ("[~]", false), ("[✓]", true), ("[✔]", true), ("☐", false), ("☑", true),
            ("☒", true),
        ]
        for (sign, isTicked) in signs + (isLeading ? others : []) where text.hasPrefix(sign) {
            // `[x](…)`, `[x][…]` and `[x]:` are links.
            let next = text.dropFirst(sign.count).first
            if let next, "([:".contains(next) { return nil }
            return (isTicked, sign.count)
        }
        return nil
    }

    /// Boxes amid a line, each with the words up to the next one.
    private static func inside(_ text: Substring, isProse: Bool) -> [Box] {
        var found: [(start: Substring.Index, end: Substring.Index, isTicked: Bool)] = []
        var isCode = false
        var previous: Character = " "
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if character == "`" { isCode.toggle() }
            let isApart = previous.isWhitespace || ":(*_>".contains(previous)
            if character == "[", !isCode, isApart, let (isTicked, length) = sign(text[index...], isLeading: false) {
                let end = text.index(index, offsetBy: length)
                found.append((index, end, isTicked))
            }
            previous = character
            index = text.index(after: index)
        }
        guard let first = found.first else { return [] }
        let prefix = text[..<first.start].trimmed
        if isProse, prefix.last.map({ ":?".contains($0) }) != true { return [] }
        return found.enumerated().map { number, box in
            let end = number + 1 < found.count ? found[number + 1].start : text.endIndex
            return Box(isTicked: box.isTicked, text: (prefix + " " + text[box.end..<end].trimmed).trimmed)
        }
    }

    /// A row with one box is an item of all its cells; of several boxes each is an item of the row and its column.
    private static func cells(_ row: Substring, _ header: [String]) -> [Box] {
        let cells = LineShape.cells(row)
        let boxed = cells.map { cell in
            leading(cell[...], isListed: true).map { [$0] } ?? inside(cell[...], isProse: false)
        }
        let others = cells.indices.filter { boxed[$0].isEmpty && !cells[$0].isEmpty }.map { cells[$0] }
        if boxed.reduce(0, { $0 + $1.count }) == 1, let box = boxed.first(where: { !$0.isEmpty })?.first {
            let words = others + (box.text.isEmpty ? [] : [box.text])
            return [Box(isTicked: box.isTicked, text: words.joined(separator: " | "))]
        }
        return boxed.enumerated().flatMap { column, boxes in
            boxes.map { box in
                let words = [others.first, header.indices.contains(column) ? header[column] : nil, box.text]
                let text = words.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " | ")
                return Box(isTicked: box.isTicked, text: text)
            }
        }
    }
}

/// What kind of line it is, and where its words begin.
struct LineShape: Equatable {
    enum Kind: Equatable {
        case blank, heading(level: Int), list, table, rule, fence(String), paragraph
    }

    var kind: Kind
    var indent: Int
    /// Without indentation, signs of quotation and the marker.
    var rest: Substring

    init(_ line: String) {
        rest = line[...]
        indent = 0
        while let first = rest.first, first == " " || first == "\t" || first == ">" {
            indent += first == "\t" ? 4 : 1
            if first == ">" { indent = 0 }
            rest = rest.dropFirst()
            if first == ">", rest.first == " " { rest = rest.dropFirst() }
        }
        kind = .paragraph
        if rest.trimmed.isEmpty {
            kind = .blank
        } else if let fence = ["```", "~~~"].first(where: rest.hasPrefix) {
            kind = .fence(String(rest.prefix { $0 == fence.first }))
        } else if rest.first == "|" {
            kind = .table
        } else if isRule {
            kind = .rule
        } else if let level = headingLevel {
            kind = .heading(level: level)
            rest = rest.dropFirst(level)
            skipSpace()
        } else if let length = markerLength {
            kind = .list
            rest = rest.dropFirst(length)
            skipSpace()
        }
    }

    private mutating func skipSpace() {
        while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    }

    private var isRule: Bool {
        let signs = rest.filter { !$0.isWhitespace }
        return signs.count >= 3 && ["-", "*", "_", "="].contains { sign in signs.allSatisfy { String($0) == sign } }
    }

    private var headingLevel: Int? {
        let level = rest.prefix { $0 == "#" }.count
        return (1...6).contains(level) && rest.dropFirst(level).first?.isWhitespace == true ? level : nil
    }

    private var markerLength: Int? {
        var length = 0
        if let first = rest.first, "-*+•".contains(first) {
            length = 1
        } else {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }.count
            guard (1...9).contains(digits), let sign = rest.dropFirst(digits).first, ".)".contains(sign) else {
                return nil
            }
            length = digits + 1
        }
        return rest.dropFirst(length).first?.isWhitespace == true ? length : nil
    }

    static func cells(_ row: Substring) -> [String] {
        var cells = [""]
        var isEscaped = false
        for character in row {
            if character == "|", !isEscaped {
                cells.append("")
            } else {
                cells[cells.count - 1].append(character)
            }
            isEscaped = character == "\\"
        }
        cells.removeFirst()
        if cells.last?.trimmed.isEmpty == true { cells.removeLast() }
        return cells.map(\.trimmed)
    }
}
