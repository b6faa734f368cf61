/// The start tags of an XML document with their attributes, in order. Enough for the reports of test tools: nothing is
/// expanded but the five entities that all XML has, so a hostile document can make nothing grow.
struct XMLTags: Sendable {
    struct Tag: Hashable, Sendable {
        var name: String
        var attributes: [String: String]
        /// The names of the tags that it stands in, the outermost first.
        var within: [String]
    }

    private(set) var tags: [Tag] = []

    /// `nil` for what is no whole document: every tag must be closed, and there must be one.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var rest = Substring(text)
        var open: [String] = []
        var isRootClosed = false
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...]
            if let after = Self.skip(&rest) {
                guard after else { return nil }
                continue
            }
            guard !isRootClosed, let end = Self.end(of: rest) else { return nil }
            var inside = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            if inside.hasPrefix("/") {
                let name = String(inside.dropFirst().prefix { !$0.isWhitespace })
                guard open.popLast() == name else { return nil }
                isRootClosed = open.isEmpty
                continue
            }
            let isEmpty = inside.hasSuffix("/")
            if isEmpty { inside = inside.dropLast() }
            guard let tag = Self.tag(inside, within: open) else { return nil }
            tags.append(tag)
            if !isEmpty {
                guard open.count < 256 else { return nil }
                open.append(tag.name)
            } else if open.isEmpty {
                isRootClosed = true
            }
        }
        guard open.isEmpty, !tags.isEmpty else { return nil }
    }

    /// Goes past a comment, CDATA, an instruction or a document type; `nil` where none begins, false where it has no end.
    private static func skip(_ rest: inout Substring) -> Bool? {
        for (begin, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!DOCTYPE", ">")]
        where rest.hasPrefix(begin) {
            guard let close = rest.firstRange(of: end) else { return false }
            // Entities of the document's own are not read: a document that declares some is not taken.
            if begin == "<!DOCTYPE", rest[..<close.lowerBound].contains("[") { return false }
            rest = rest[close.upperBound...]
            return true
        }
        return nil
    }

    /// The `>` that ends the tag: one in an attribute's value does not.
    private static func end(of tag: Substring) -> Substring.Index? {
        var quote: Character?
        for index in tag.indices {
            let character = tag[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == ">" {
                return index
            }
        }
        return nil
    }

    private static func tag(_ text: Substring, within: [String]) -> Tag? {
        var rest = text
        let name = rest.prefix { !$0.isWhitespace }
        guard let first = name.first, first.isLetter || first == "_" else { return nil }
        rest = rest[name.endIndex...].drop { $0.isWhitespace }
        var attributes: [String: String] = [:]
        while !rest.isEmpty {
            let key = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest[key.endIndex...].drop { $0.isWhitespace }
            guard !key.isEmpty, rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop { $0.isWhitespace }
            guard let quote = rest.first, quote == "\"" || quote == "'",
                let end = rest.dropFirst().firstIndex(of: quote)
            else { return nil }
            attributes[String(key)] = plain(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...].drop { $0.isWhitespace }
        }
        return Tag(name: String(name), attributes: attributes, within: within)
    }

    private static func plain(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
            .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
