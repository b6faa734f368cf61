import ShipitCore

/// `if:`: values compared by `==` and `!=`, joined by `&&` and `||`, turned round by `!( … )`; nothing else. Values are
/// references (with or without `${{ }}`), quoted texts and numbers.
struct ConditionParser {
    private let tokens: [Token]
    private var next = 0
    private var depth = 0
    private let site: Site
    private let place: Place
    private let reading: Reading

    private enum Token: Equatable {
        case word(String)
        case text(String)
        case sign(String)
    }

    private struct Problem: Error {
        var message: String
        var hint: String?
    }

    /// `nil` when it cannot be read; that is reported.
    static func condition(_ node: Node, _ site: Site, _ reading: Reading) -> StageCondition? {
        guard let text = reading.text(node, "\"if\"", "a condition") else { return nil }
        do throws(Problem) {
            guard text.utf8.count <= 4096 else { throw Problem(message: "it is longer than 4096 bytes") }
            var parser = ConditionParser(
                tokens: try scan(text), site: site, place: node.place, reading: reading)
            let condition = try parser.either()
            if let token = parser.peek { throw parser.unexpected(token) }
            return condition
        } catch {
            reading.error("bad-condition", "\"if\" cannot be read: \(error.message)", at: node.place, hint: error.hint)
            return nil
        }
    }

    private init(tokens: [Token], site: Site, place: Place, reading: Reading) {
        self.tokens = tokens
        self.site = site
        self.place = place
        self.reading = reading
    }

    // MARK: Grammar

    private var peek: Token? { next < tokens.count ? tokens[next] : nil }

    private mutating func take(_ sign: String) -> Bool {
        guard peek == .sign(sign) else { return false }
        next += 1
        return true
    }

    private mutating func either() throws(Problem) -> StageCondition {
        var condition = try both()
        while take("||") { condition = .or(condition, try both()) }
        return condition
    }

    private mutating func both() throws(Problem) -> StageCondition {
        var condition = try one()
        while take("&&") { condition = .and(condition, try one()) }
        return condition
    }

    private mutating func one() throws(Problem) -> StageCondition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 32 else { throw Problem(message: "its parentheses are nested too deep") }
        if take("!") {
            guard peek == .sign("(") || peek == .sign("!") else {
                throw Problem(message: "! turns round what stands in parentheses", hint: "write !(a == b), or a != b")
            }
            return .not(try one())
        }
        if take("(") {
            let condition = try either()
            guard take(")") else { throw Problem(message: "a parenthesis is not closed") }
            return condition
        }
        let left = try value()
        if take("==") { return .equal(left, try value()) }
        if take("!=") { return .notEqual(left, try value()) }
        if let token = peek, case .sign(let sign) = token, sign != "&&", sign != "||", sign != ")" {
            throw unexpected(token)
        }
        throw Problem(
            message: "a value alone is no condition", hint: "compare it, such as environment == \"production\"")
    }

    private mutating func value() throws(Problem) -> Template {
        guard let token = peek else { throw Problem(message: "a value is missing at its end") }
        next += 1
        switch token {
        case .text(let text): return Template(literal: text)
        case .sign: throw unexpected(token)
        case .word(let word):
            if word.first?.isNumber == true { return Template(literal: word) }
            guard let reference = Reference(word) else {
                throw Problem(
                    message: "\"\(word)\" is nothing that can be compared",
                    hint: word.contains(".") ? reading.referenceHint(word) : "write text in quotes: \"\(word)\"")
            }
            reading.references.append(
                ReferenceUse(reference: reference, fallback: nil, place: place, ordinal: 0, site: site))
            return Template(parts: [.reference(reference, fallback: nil)])
        }
    }

    private func unexpected(_ token: Token) -> Problem {
        switch token {
        case .sign(let sign):
            Problem(
                message: "\(sign) is not expected here",
                hint: ["=", "<", ">", "<=", ">=", "&", "|"].contains(sign) ? "known here: == != && || ! ( )" : nil)
        case .word(let text), .text(let text):
            Problem(
                message: "\"\(text)\" is not expected here",
                hint: ["and": "write && for and", "or": "write || for or", "is": "write == for is"][text])
        }
    }

    // MARK: Tokens

    private static func scan(_ text: String) throws(Problem) -> [Token] {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "\"" || first == "'" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: first) else { throw Problem(message: "a quotation is not closed") }
                tokens.append(.text(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else if rest.hasPrefix("${{") {
                // Whole conditions are written in it elsewhere, single values here: it groups like a parenthesis, and
                // around a single value it says nothing.
                let inside = rest.dropFirst(3).prefix { $0 != "}" }
                let word = inside.filter { !$0.isWhitespace }
                guard rest.dropFirst(3 + inside.count).hasPrefix("}}") else {
                    throw Problem(message: "${{ is not closed", hint: "close it with }}")
                }
                if word.allSatisfy(isWordCharacter), !word.isEmpty {
                    tokens.append(.word(String(word)))
                } else {
                    tokens += [.sign("(")] + (try scan(String(inside))) + [.sign(")")]
                }
                rest = rest.dropFirst(3 + inside.count + 2)
            } else if let sign = ["&&", "||", "==", "!=", "<=", ">=", "!", "(", ")"].first(where: rest.hasPrefix) {
                tokens.append(.sign(sign))
                rest = rest.dropFirst(sign.count)
            } else if isWordCharacter(first) {
                let word = rest.prefix(while: isWordCharacter)
                tokens.append(.word(String(word)))
                rest = rest[word.endIndex...]
            } else {
                tokens.append(.sign(String(first)))
                rest.removeFirst()
            }
        }
        return tokens
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "._-[]".contains(character)
    }
}
