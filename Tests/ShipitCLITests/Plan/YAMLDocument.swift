/// A document before anybody wrote it down, so that one and the same can be written in many ways.
indirect enum YAMLDocument: Hashable, Sendable {
    case scalar(String)
    case list([YAMLDocument])
    case map([Member])

    struct Member: Hashable, Sendable {
        var key: String
        var value: YAMLDocument
    }

    /// The same with the value at a path set, added or (with `nil`) taken away. Lists are indexed by numbers.
    func setting(_ path: ArraySlice<String>, to value: YAMLDocument?) -> YAMLDocument {
        guard let key = path.first else { preconditionFailure("a path names a member") }
        switch self {
        case .scalar: preconditionFailure("no \(key) in a scalar")
        case .list(var items):
            let place = Int(key)!
            if path.count > 1 {
                items[place] = items[place].setting(path.dropFirst(), to: value)
            } else if let value {
                if place < items.count { items[place] = value } else { items.append(value) }
            } else {
                items.remove(at: place)
            }
            return .list(items)
        case .map(var members):
            let place = members.firstIndex { $0.key == key }
            if path.count > 1 {
                members[place!].value = members[place!].value.setting(path.dropFirst(), to: value)
            } else if let value {
                if let place { members[place].value = value } else { members.append(Member(key: key, value: value)) }
            } else {
                members.remove(at: place!)
            }
            return .map(members)
        }
    }

    /// Every mapping and list that stands more than once.
    var repeated: Set<YAMLDocument> {
        var seen: [YAMLDocument: Int] = [:]
        count(into: &seen)
        return Set(seen.filter { $0.value > 1 }.keys)
    }

    private func count(into seen: inout [YAMLDocument: Int]) {
        switch self {
        case .scalar: return
        case .list(let items): items.forEach { $0.count(into: &seen) }
        case .map(let members): members.forEach { $0.value.count(into: &seen) }
        }
        seen[self, default: 0] += 1
    }
}

extension YAMLDocument: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral text: String) { self = .scalar(text) }
    init(arrayLiteral items: YAMLDocument...) { self = .list(items) }
    init(dictionaryLiteral members: (String, YAMLDocument)...) {
        self = .map(members.map { Member(key: $0.0, value: $0.1) })
    }
}

/// Writes a document as one of the many who write YAML would: keys in any order, blocks or flow, quoted or not, with
/// comments, with anchors where something stands twice.
struct YAMLHand {
    private var random: Chance
    private let anchored: Set<YAMLDocument>
    private var anchors: [YAMLDocument: String] = [:]
    /// A line of a literal text goes on to its end: no comment may stand there.
    private var endsInText = false

    static func text(_ document: YAMLDocument, seed: UInt64) -> String {
        var hand = YAMLHand(document, seed: seed)
        return hand.block(document, indent: 0) + "\n"
    }

    private init(_ document: YAMLDocument, seed: UInt64) {
        random = Chance(state: seed)
        anchored = seed % 2 == 0 ? [] : document.repeated
    }

    /// From where it stands on; a mapping or list begins on a line of its own.
    private mutating func block(_ value: YAMLDocument, indent: Int) -> String {
        switch value {
        case .scalar(let text): return scalar(text, indent: indent)
        case .list(let items):
            return items.map { item in line(indent) + "-" + nested(item, indent: indent + 2) }.joined()
        case .map(let members):
            return members.shuffled(using: &random).map { member in
                line(indent) + quoted(member.key) + ":" + nested(member.value, indent: indent + 2)
            }.joined()
        }
    }

    private mutating func nested(_ value: YAMLDocument, indent: Int) -> String {
        if case .scalar(let text) = value { return " " + scalar(text, indent: indent) }
        if let anchor = anchors[value] { return " *" + anchor }
        var mark = ""
        if anchored.contains(value) {
            anchors[value] = "a\(anchors.count)"
            mark = " &a\(anchors.count - 1)"
        }
        // Within flow, what stands twice is spelled out.
        if random.once(in: 3) || isEmpty(value) { return mark + " " + flow(value) }
        return mark + block(value, indent: indent)
    }

    private func isEmpty(_ value: YAMLDocument) -> Bool {
        switch value {
        case .scalar: false
        case .list(let items): items.isEmpty
        case .map(let members): members.isEmpty
        }
    }

    private mutating func flow(_ value: YAMLDocument) -> String {
        switch value {
        case .scalar(let text): return quoted(text)
        case .list(let items): return "[" + items.map { flow($0) }.joined(separator: ", ") + "]"
        case .map(let members):
            let words = members.shuffled(using: &random).map { "\(quoted($0.key)): \(flow($0.value))" }
            return "{" + words.joined(separator: ",  ") + "}"
        }
    }

    private mutating func line(_ indent: Int) -> String {
        let comment = random.once(in: 8) ? "\n# \(random.next() % 1000): a word to whoever reads this" : ""
        let remark = random.once(in: 12) && !endsInText ? " # here, too" : ""
        endsInText = false
        return remark + comment + "\n" + String(repeating: " ", count: indent)
    }

    private mutating func scalar(_ text: String, indent: Int) -> String {
        guard text.hasSuffix("\n"), random.once(in: 2) else { return quoted(text) }
        endsInText = true
        let pad = "\n" + String(repeating: " ", count: indent + 2)
        return "|" + text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map { pad + $0 }.joined()
    }

    private mutating func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./%".contains($0)) }
        if isPlain, text.first!.isLetter || text.first!.isNumber, !random.once(in: 4) { return text }
        if !text.contains("\n"), random.once(in: 2) { return "'" + text.replacing("'", with: "''") + "'" }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}

/// The same numbers from the same seed everywhere.
private struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func once(in count: UInt64) -> Bool { next() % count == 0 }
}
