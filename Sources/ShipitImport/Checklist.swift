/// A Markdown checklist, taken apart: every box of it in the order of the document.
public struct Checklist: Hashable, Sendable {
    /// Its first heading.
    public var title: String?
    public var items: [ChecklistItem]
    /// Who the document says is in charge of all of it.
    public var lead: String?
    /// The hosts that its commands ask, such as `http://localhost:8080`, each once.
    public var origins: [String]
}

/// One box.
public struct ChecklistItem: Hashable, Sendable {
    /// From 1.
    public var line: Int
    public var isTicked: Bool
    /// What stands beside the box, word for word.
    public var text: String
    /// 1 for an item that stands under no other.
    public var level: Int
    /// The headings and labels above it, outermost first, without the title.
    public var section: [String]
    /// What stands below it and belongs to it, word for word, indented as there.
    public var notes: [String]
    public var owner: ChecklistOwner?
}

/// Who an item belongs to.
public struct ChecklistOwner: Hashable, Sendable {
    /// As the document says it.
    public var words: String
    /// What can be told of it as a role and as a person.
    public var role: String
    public var person: String
}

/// Names as the pipeline language wants them.
enum Slug {
    /// Lower case letters, digits, dots and dashes; empty when nothing of the text is left.
    static func of(_ text: String, atMost limit: Int = 48) -> String {
        var slug = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
            case "A"..."Z": slug += String(scalar).lowercased()
            case "." where slug.last?.isNumber == true: slug += "."
            default: if !slug.isEmpty, slug.last != "-" { slug += "-" }
            }
        }
        if slug.count > limit {
            let cut = slug.prefix(limit)
            slug = String(cut.lastIndex(of: "-").map { cut[..<$0] } ?? cut)
        }
        while let last = slug.last, last == "-" || last == "." { slug.removeLast() }
        return slug.replacing(".-", with: "-")
    }
}

extension StringProtocol {
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }

    /// Without the signs of emphasis and code.
    var plain: String {
        String(self).replacing("**", with: "").replacing("__", with: "").replacing("`", with: "").trimmed
    }
}
