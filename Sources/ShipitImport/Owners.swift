/// Who an item belongs to, from what the document says: a note, a handle, or whose sign-off it stands under.
enum Owners {
    static func find(in items: inout [ChecklistItem]) {
        /// The owners of the items that the next one stands under.
        var above: [ChecklistOwner?] = []
        for index in items.indices {
            let item = items[index]
            above = Array(above.prefix(item.level - 1))
            let inherited = above.last { $0 != nil } ?? nil
            items[index].owner =
                named(in: item) ?? handle(in: item.text) ?? signer(item.text) ?? inherited
                ?? item.section.reversed().lazy.compactMap { signer($0) }.first
            while above.count < item.level - 1 { above.append(nil) }
            above.append(items[index].owner)
        }
    }

    /// `Owner: NAME` below the item or in parentheses in it.
    private static func named(in item: ChecklistItem) -> ChecklistOwner? {
        for note in item.notes {
            if let (key, value) = Note.split(note), ["owner", "responsible", "assignee", "assigned to"].contains(key) {
                return owner(value)
            }
        }
        guard let start = item.text.lowercased().firstRange(of: "(owner:") else { return nil }
        let offset = item.text.lowercased().distance(from: item.text.lowercased().startIndex, to: start.upperBound)
        return owner(String(item.text.dropFirst(offset).prefix { $0 != ")" }))
    }

    private static func owner(_ words: String) -> ChecklistOwner? {
        let name = words.plain
        guard !name.contains("___") else { return nil }
        if let handle = handle(in: name) { return handle }
        let slug = Slug.of(name)
        return slug.isEmpty ? nil : ChecklistOwner(words: name, role: slug, person: slug)
    }

    /// `@pm (Morgan)`
    private static func handle(in text: String) -> ChecklistOwner? {
        var rest = text[...]
        var previous: Character = " "
        while let at = rest.firstIndex(of: "@") {
            if at > rest.startIndex { previous = rest[rest.index(before: at)] }
            rest = rest[rest.index(after: at)...]
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            let after = rest[name.endIndex...]
            let isApart = previous.isWhitespace || previous == "(" || previous == "*"
            guard isApart, name.first?.isLetter == true, after.first.map({ !"/.@".contains($0) }) ?? true else {
                continue
            }
            let role = Slug.of(String(name))
            guard after.hasPrefix(" (") else {
                return ChecklistOwner(words: "@\(name)", role: role, person: role)
            }
            let person = after.dropFirst(2).prefix { $0 != ")" }
            let slug = Slug.of(String(person))
            return ChecklistOwner(
                words: "@\(name) (\(person))", role: role, person: slug.isEmpty || slug.count > 24 ? role : slug)
        }
        return nil
    }

    /// `Tech Lead Approval`, `DevOps/Infrastructure Sign-Off`, `CTO reviewed and approved`.
    private static func signer(_ text: String) -> ChecklistOwner? {
        let words = text.plain
        let lower = words.lowercased()
        let acts = [
            " sign-off", " signoff", " sign off", " approval", " reviewed and approved", " - final go", " final go",
        ]
        guard let act = acts.lazy.compactMap({ lower.firstRange(of: $0) }).first else { return nil }
        var name = String(words.prefix(lower.distance(from: lower.startIndex, to: act.lowerBound)))
        while let first = name.first, !first.isLetter || !first.isASCII { name.removeFirst() }
        name = name.trimmed
        let parts = name.lowercased().split { !$0.isLetter }.map(String.init)
        guard parts.count <= 5, let last = parts.last, let first = parts.first, known.contains(last),
            !["all", "final", "missing", "both", "document", "pre", "post"].contains(first)
        else { return nil }
        return owner(name)
    }

    private static let known: Set<String> = [
        "lead", "leads", "manager", "owner", "devops", "qa", "cto", "ceo", "cfo", "ciso", "vp", "engineering",
        "engineer",
        "officer", "dba", "administrator", "security", "operations", "ops", "technical", "business", "product",
        "infrastructure", "support", "pm", "architect", "team",
    ]
}

/// `- Expected: 200 in 50ms`
enum Note {
    static func split(_ line: String) -> (key: String, value: String)? {
        let text = LineShape(line).rest
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let key = text[..<colon].plain.lowercased()
        guard !key.isEmpty, key.count <= 24, !key.contains("/") else { return nil }
        return (key, text[text.index(after: colon)...].trimmed)
    }

    /// What stands between backticks.
    static func code(in text: String) -> [String] {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.count % 2 == 1 else { return [] }
        return parts.indices.filter { $0 % 2 == 1 }.map { parts[$0].trimmed }.filter { !$0.isEmpty }
    }
}
