/// Markdown → checklist. Boxes count wherever they stand: in lists, headings, tables, blocks of code and after a colon.
struct ChecklistReader {
    private var trail = SectionTrail()
    private var items: [ChecklistItem] = []
    /// Items that what follows may belong to, outermost first.
    private var open: [(indent: Int, item: Int)] = []
    private var fence: String?
    /// The item whose notes the block of code is part of.
    private var fenceOwner: Int?
    private var tableHeader: [String] = []
    /// Whether a paragraph on the next line goes on with the last item.
    private var goesOn = false
    private var lead: String?
    private var origins: [String] = []

    static func read(_ markdown: String) -> Checklist {
        var reader = ChecklistReader()
        let text = markdown.hasPrefix("\u{FEFF}") ? String(markdown.unicodeScalars.dropFirst()) : markdown
        // By bytes: to Swift "\r\n" is one character, and other signs than these end no line of Markdown.
        for (number, bytes) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            var line = String(Substring(bytes))
            if line.unicodeScalars.last == "\r" { line = String(line.unicodeScalars.dropLast()) }
            reader.take(line, number: number + 1)
        }
        for index in reader.items.indices {
            while reader.items[index].notes.last?.trimmed.isEmpty == true { reader.items[index].notes.removeLast() }
        }
        Owners.find(in: &reader.items)
        return Checklist(title: reader.trail.title, items: reader.items, lead: reader.lead, origins: reader.origins)
    }

    private mutating func take(_ line: String, number: Int) {
        takeOrigins(line)
        let shape = LineShape(line)
        if takeFence(shape, line) { return }
        if let boxes = BoxLine(line, isCode: fence != nil, header: tableHeader) {
            add(boxes, number: number)
            return
        }
        if fence != nil {
            takeCode(line, shape)
        } else {
            takeText(line, shape)
        }
    }

    private mutating func add(_ line: BoxLine, number: Int) {
        if case .heading = line.kind { open = [] }
        if case .table = line.kind { open = [] }
        open.removeAll { $0.indent >= line.indent }
        for box in line.boxes {
            let level = open.count + 1
            items.append(
                ChecklistItem(
                    line: number, isTicked: box.isTicked, text: box.text, level: level, section: trail.path, notes: []))
        }
        open.append((line.indent, items.count - 1))
        goesOn = fence == nil
        if case .heading(let level) = line.kind {
            trail.enter(line.boxes[0].text, level: level)
            open = []
            goesOn = false
        }
    }

    // MARK: Code

    private mutating func takeFence(_ shape: LineShape, _ line: String) -> Bool {
        guard case .fence(let marker) = shape.kind else { return false }
        if let open = fence {
            guard marker.hasPrefix(open), shape.rest.trimmed == marker else { return false }
            fence = nil
            if let fenceOwner { note(line, of: fenceOwner) }
            fenceOwner = nil
            trail.leaveCode()
        } else {
            fence = marker
            fenceOwner = open.last { $0.indent < shape.indent }?.item
            if let fenceOwner { note(line, of: fenceOwner) } else { open = [] }
        }
        goesOn = false
        return true
    }

    private mutating func takeCode(_ line: String, _ shape: LineShape) {
        if let fenceOwner {
            note(line, of: fenceOwner)
        } else if shape.kind != .blank {
            open.removeAll { $0.indent >= shape.indent }
            if let owner = open.last {
                note(line, of: owner.item)
            } else {
                trail.code(line)
            }
        }
    }

    // MARK: Text

    private mutating func takeText(_ line: String, _ shape: LineShape) {
        if shape.kind != .table { tableHeader = [] }
        switch shape.kind {
        case .blank: goesOn = false
        case .heading(let level):
            trail.enter(String(shape.rest), level: level)
            open = []
        case .rule:
            trail.clearLabel()
            open = []
        case .table:
            if tableHeader.isEmpty { tableHeader = LineShape.cells(shape.rest) }
            belongs(line, shape)
        default: belongs(line, shape)
        }
        if shape.kind != .paragraph { goesOn = goesOn && shape.kind == .list && !open.isEmpty }
    }

    private mutating func belongs(_ line: String, _ shape: LineShape) {
        let words = line.trimmed
        if goesOn, shape.kind == .paragraph, !words.hasPrefix("**"), let last = items.indices.last {
            note(line, of: last)
            return
        }
        open.removeAll { $0.indent >= shape.indent }
        if let owner = open.last {
            note(line, of: owner.item)
            goesOn = true
        } else if shape.kind == .paragraph {
            takeLead(words)
            trail.paragraph(words)
        }
    }

    private mutating func note(_ line: String, of item: Int) { items[item].notes.append(line) }

    private mutating func takeLead(_ line: String) {
        guard lead == nil, let colon = line.firstIndex(of: ":") else { return }
        let key = line[..<colon].plain.lowercased()
        let value = line[line.index(after: colon)...].plain
        let keys = ["owner", "document owner", "checklist owner", "team lead", "deployment lead", "release manager"]
        if keys.contains(key), !value.isEmpty, value.count <= 60, !value.contains("_"), !value.contains("[") {
            lead = value
        }
    }

    private mutating func takeOrigins(_ line: String) {
        guard line.firstRange(of: "curl ") != nil else { return }
        for word in line.split(whereSeparator: { " `\"'()<>".contains($0) }) {
            if let origin = CheckGuess.origin(of: String(word)), !origins.contains(origin) { origins.append(origin) }
        }
    }
}
