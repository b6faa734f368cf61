import ShipitCore

/// A check that says what an item says. There is one only where the expectation could be told as a whole: a check that
/// asks less than the words would be green when they are not.
struct GuessedCheck {
    var probe: String
    var subject: String
    var fields: [(name: String, value: String)] = []
    /// Notes that the check does not judge.
    var leftOver: [String] = []
}

/// What came of an item.
enum Guess {
    case check(GuessedCheck)
    case manual(FoundThreshold?)
}

/// Finds the check in an item's words and notes.
struct CheckGuess {
    /// `https://host` of every command of the document; a path alone can be asked only if there is one.
    let origins: Set<String>

    static let baseURL = "${{ vars.base-url }}"

    /// The commands of an item, to be shown where it stays with a person.
    static func commands(of item: ChecklistItem) -> [String] {
        let noted = item.notes.compactMap { note in
            Note.split(note).flatMap { ["command", "run", "cmd"].contains($0.key) ? $0.value : nil }
        }
        let found = noted.flatMap { value in value.contains("`") ? Note.code(in: value) : [] }
        return found + Note.code(in: item.text).filter { $0.contains(" ") && !$0.hasPrefix("/") }
    }

    static func origin(of url: String) -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), let colon = url.firstRange(of: "://") else {
            return nil
        }
        let host = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        return host.isEmpty || host.contains("$") ? nil : String(url[..<host.endIndex])
    }

    func guess(_ item: ChecklistItem) -> Guess {
        var facts = Facts(item)
        let isRisky = ["restore", "rollback", "roll back", "drop ", "delete", "restart"].contains {
            item.text.lowercased().firstRange(of: $0) != nil
        }
        if !isRisky, var check = check(&facts),
            !([check.subject] + check.fields.map(\.value)).contains(where: holdsReference)
        {
            check.leftOver = facts.left
            return .check(check)
        }
        let found = [item.text] + Facts(item).limits
        return .manual(found.lazy.compactMap { FoundThreshold.find(in: $0) }.first)
    }

    private func holdsReference(_ text: String) -> Bool {
        text.replacing(Self.baseURL, with: "").firstRange(of: "${{") != nil
    }

    private func check(_ facts: inout Facts) -> GuessedCheck? {
        if let command = facts.takeCommand() {
            let command = CommandText(command)
            guard command.onlyLooks else { return nil }
            switch command.parts[0][0] {
            case "curl": return http(command, &facts)
            case "df": return disk(command, &facts)
            case "ls": return file(command, &facts)
            default: return run(command, &facts)
            }
        }
        guard !facts.namesCommand else { return nil }
        return named(&facts)
    }

    // MARK: With a command

    private func http(_ command: CommandText, _ facts: inout Facts) -> GuessedCheck? {
        let urls = command.parts[0].filter { Self.origin(of: $0) != nil }
        guard urls.count == 1, !command.parts[0].contains("-L"), command.parts.count <= 2 else { return nil }
        var check = GuessedCheck(probe: "http", subject: urls[0])
        if command.parts.count == 2 {
            switch command.parts[1].first {
            case "jq": break
            case "grep" where command.parts[1].count == 2 && !command.text.contains("-I"):
                check.fields.append(("body", command.parts[1][1]))
            default: return nil
            }
        }
        let expected = facts.take("expected")
        if let value = expected.flatMap(Self.jsonMember) { check.fields.append(("json", value)) }
        var status = facts.takeStatus()
        if status == nil, let expected { status = Self.status(in: expected) }
        if let status { check.fields.append(("status", status)) }
        guard !check.fields.isEmpty, !facts.hasSeveralStatuses else { return nil }
        takeTime(&facts, &check)
        return check
    }

    private func disk(_ command: CommandText, _ facts: inout Facts) -> GuessedCheck? {
        guard command.parts.count == 1, let path = command.parts[0].last, path.hasPrefix("/"),
            let expected = facts.take("expected"), let free = FoundThreshold.condition(in: expected),
            (try? QuantityParser.condition(free, in: .size)) != nil
        else { return nil }
        return GuessedCheck(probe: "disk", subject: path, fields: [("free", free)])
    }

    /// `ls -lh backups/*.sql` with an age or a size.
    private func file(_ command: CommandText, _ facts: inout Facts) -> GuessedCheck? {
        let paths = command.parts[0].dropFirst().filter { !$0.hasPrefix("-") }
        guard paths.count == 1, let expected = facts.take("expected") else { return nil }
        var check = GuessedCheck(probe: "file", subject: paths[0])
        if let start = expected.lowercased().firstRange(of: "last ") {
            let rest = expected.lowercased()[start.upperBound...]
            let number = rest.prefix { $0.isNumber }
            if !number.isEmpty, rest[number.endIndex...].hasPrefix(" hour") {
                check.fields.append(("age", "< \(number)h"))
            }
        }
        if let size = facts.condition(of: "size", in: .size) { check.fields.append(("size", size)) }
        return check.fields.isEmpty ? nil : check
    }

    private func run(_ command: CommandText, _ facts: inout Facts) -> GuessedCheck? {
        guard let expected = facts.take("expected") else { return nil }
        var check = GuessedCheck(probe: "run", subject: command.text)
        let words = expected.split(separator: " ").map(String.init)
        if words.count == 2, words[0].lowercased() == "returns", let number = Int(words[1]) {
            check.fields.append(("number", "== \(number)"))
        } else if words.count == 2, words[1].lowercased() == "response", words[0].allSatisfy({ $0.isUppercase }) {
            check.fields.append(("stdout", words[0]))
        } else if command.parts.last == ["wc", "-l"], expected.first.map({ "<>".contains($0) }) == true,
            let number = FoundThreshold.condition(in: expected),
            (try? QuantityParser.condition(number, in: .count)) != nil
        {
            check.fields.append(("number", number))
        } else {
            return nil
        }
        takeTime(&facts, &check)
        return check
    }

    private func takeTime(_ facts: inout Facts, _ check: inout GuessedCheck) {
        if let time = facts.condition(of: "response time", in: .time) { check.fields.append(("time", time)) }
    }

    // MARK: Without one

    private func named(_ facts: inout Facts) -> GuessedCheck? {
        let text = facts.item.text
        let lower = text.lowercased()
        let code = Note.code(in: text)
        if let file = facts.takeExistingFile() {
            return GuessedCheck(probe: "file", subject: file, fields: [("exists", "yes")])
        }
        if lower.firstRange(of: "disk") != nil,
            lower.firstRange(of: "free") != nil || lower.firstRange(of: "space") != nil,
            let free = FoundThreshold.condition(in: text), free.hasPrefix(">"),
            (try? QuantityParser.condition(free, in: .size)) != nil
        {
            let path = text.split(separator: " ").first { $0.hasPrefix("/") }.map { $0.plain } ?? "/"
            return GuessedCheck(probe: "disk", subject: path, fields: [("free", free)])
        }
        if let command = code.first, code.count == 1, command.hasPrefix("curl "), let status = Self.status(in: text) {
            let parsed = CommandText(command)
            let urls = parsed.parts.first?.filter { Self.origin(of: $0) != nil } ?? []
            guard parsed.onlyLooks, parsed.parts.count == 1, urls.count == 1 else { return nil }
            return GuessedCheck(probe: "http", subject: urls[0], fields: [("status", status)])
        }
        return endpoint(&facts)
    }

    /// ``Health endpoint `/health` responding``, or a note `Endpoint:`.
    private func endpoint(_ facts: inout Facts) -> GuessedCheck? {
        let words = facts.take("endpoint") ?? facts.item.text
        let lower = (words + " " + facts.item.text).lowercased()
        guard lower.firstRange(of: "endpoint") != nil || lower.firstRange(of: "health") != nil else { return nil }
        let code = Note.code(in: words)
        let urls = words.split(whereSeparator: { " `".contains($0) }).map(String.init).filter {
            Self.origin(of: $0) != nil
        }
        let status = Self.status(in: words)
        let answers = ["responding", "responds", "reachable", "accessible"].contains { lower.firstRange(of: $0) != nil }
        guard status != nil || answers else { return nil }
        var check: GuessedCheck
        if urls.count == 1 {
            check = GuessedCheck(probe: "http", subject: urls[0])
        } else if code.count == 1, code[0].hasPrefix("/"), !code[0].contains(" "), origins.count == 1 {
            check = GuessedCheck(probe: "http", subject: Self.baseURL + code[0])
        } else {
            return nil
        }
        if let status { check.fields.append(("status", status)) }
        if let limit = FoundThreshold.find(in: words), limit.field == "time" {
            check.fields.append(("time", limit.condition))
        }
        return check
    }

    // MARK: Words

    /// `Status 200`, `returns 200`, `→ 200`, `200 response`; `nil` for two of them, and for a redirection.
    static func status(in text: String) -> String? {
        let lower = text.lowercased()
        guard lower.firstRange(of: "redirect") == nil else { return nil }
        var found: [String] = []
        let words = lower.split { !($0.isLetter || $0.isNumber || "/→>".contains($0)) }.map(String.init)
        for (index, word) in words.enumerated() where isStatus(word) {
            let before = index > 0 ? words[index - 1] : ""
            let after = index + 1 < words.count ? words[index + 1] : ""
            let isSaid =
                ["status", "code", "returns", "returning", "return", "→", ">", "http", "respond", "responds", "with"]
                .contains(before) || ["response", "ok", "status"].contains(after) || words.count == 1
            if isSaid { found.append(word) }
        }
        return found.count == 1 ? found[0] : nil
    }

    static func isStatus(_ word: String) -> Bool {
        word.count == 3 && Int(word).map { (100..<600).contains($0) } == true
    }

    /// `JSON response with status: "healthy"` as a member to be found in it.
    private static func jsonMember(_ text: String) -> String? {
        guard text.firstRange(of: "JSON") != nil, let colon = text.firstRange(of: ": \"") else { return nil }
        let key = text[..<colon.lowerBound].split(separator: " ").last.map { $0.plain } ?? ""
        let value = text[colon.upperBound...].prefix { $0.isLetter || $0.isNumber }
        guard !key.isEmpty, key.allSatisfy({ $0.isLetter || $0 == "_" }), !value.isEmpty,
            text[value.endIndex...].first == "\""
        else { return nil }
        return "{\(key): \(value)}"
    }
}
