/// The headings and labels that a line stands under.
struct SectionTrail {
    private(set) var title: String?
    private var headings: [(level: Int, text: String)] = []
    /// A bold line or one that ends with a colon, above a list.
    private var label: String?
    /// The same within a block of code.
    private var codeLabel: String?

    var path: [String] { headings.map(\.text) + [label, codeLabel].compactMap { $0 } }

    mutating func enter(_ text: String, level: Int) {
        clearLabel()
        let words = text.trimmed.replacing("**", with: "")
        guard !words.isEmpty else { return }
        if title == nil, headings.isEmpty, level == 1 {
            title = words
            return
        }
        headings.removeAll { $0.level >= level }
        headings.append((level, words))
    }

    mutating func clearLabel() {
        label = nil
        codeLabel = nil
    }

    mutating func leaveCode() { codeLabel = nil }

    mutating func paragraph(_ line: String) {
        if let found = Self.label(line) { label = found }
    }

    mutating func code(_ line: String) { codeLabel = line.trimmed }

    private static func label(_ line: String) -> String? {
        let text = line.trimmed
        guard text.count <= 120, !text.contains("__") else { return nil }
        let bold = text.split(separator: "**", omittingEmptySubsequences: false)
        if bold.count == 3, !bold[1].isEmpty, !bold[1].hasSuffix(".") {
            // `**Words**:`, `✅ **Words**`, `**Words** (needed):`, but not `**Words**: more words`.
            let after = bold[2].trimmed
            let isAlone = after.isEmpty || after == ":" || after.hasPrefix("(") && [":", ")"].contains(after.last)
            let isFirst = bold[0].allSatisfy { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            guard isAlone, isFirst else { return nil }
            return withoutColon(String(bold[1]) + (after.hasPrefix("(") ? " " + after : ""))
        }
        return text.hasSuffix(":") ? withoutColon(text.replacing("**", with: "")) : nil
    }

    private static func withoutColon(_ text: String) -> String? {
        let words = text.hasSuffix(":") ? text.dropLast().trimmed : text.trimmed
        return words.isEmpty ? nil : words
    }
}
