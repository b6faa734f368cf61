import ShipitCore

/// Scalars are text until the language says what they mean at their place; here is what it can say.
extension Reading {
    /// Text that is not empty, without looking at what it holds.
    func text(_ node: Node, _ what: String, _ wanted: String = "text") -> String? {
        guard case .scalar(let scalar) = node.value, !scalar.isAbsent else {
            wrongType(what, wanted, node)
            return nil
        }
        return scalar.text
    }

    /// Text in which nothing is substituted, and which must say something.
    func literal(_ node: Node, _ what: String) -> String? {
        guard let text = text(node, what) else { return nil }
        guard !text.isEmpty else {
            error("empty-value", "\(what) is empty", at: node.place)
            return nil
        }
        if holdsReference(text) {
            error(
                "reference-not-allowed", "\(what) is read as it stands: ${{ … }} is not substituted in it",
                at: referencePlace(in: node))
            return nil
        }
        return text
    }

    /// A list of texts in which nothing is substituted.
    func literals(_ node: Node, _ what: String) -> [String]? {
        guard let nodes = listOrOne(node, what) else { return nil }
        let texts = nodes.map { literal($0, "an item of \(what)") }
        return texts.contains { $0 == nil } ? nil : texts.compactMap { $0 }
    }

    func flag(_ node: Node, _ what: String) -> Bool? {
        guard let text = text(node, what, "yes or no") else { return nil }
        guard let value = Self.flag(text) else {
            error("bad-boolean", "\(what) must be yes or no, and this is \"\(text)\"", at: node.place)
            return nil
        }
        return value
    }

    static func flag(_ text: String) -> Bool? {
        switch text {
        case "yes", "true": true
        case "no", "false": false
        default: nil
        }
    }

    func whole(_ node: Node, _ what: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(node, what, "a whole number") else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let wanted = "from \(range.lowerBound) to \(range.upperBound)"
            error("bad-number", "\(what) must be a whole number, \(wanted), and this is \"\(text)\"", at: node.place)
            return nil
        }
        return number
    }

    func duration(_ node: Node, _ what: String) -> TimeSpan? {
        quantity(node, what, "a length of time", QuantityParser.duration)
    }

    /// A length of time that must not be nothing.
    func positiveDuration(_ node: Node, _ what: String) -> TimeSpan? {
        guard let span = duration(node, what) else { return nil }
        guard span > .zero else {
            error("bad-quantity", "\(what) must be longer than nothing", at: node.place)
            return nil
        }
        return span
    }

    func quantity<Value>(
        _ node: Node, _ what: String, _ wanted: String, _ parse: (String) throws(QuantityError) -> Value
    ) -> Value? {
        guard let text = text(node, what, wanted) else { return nil }
        do throws(QuantityError) {
            return try parse(text)
        } catch {
            report(error, what, at: node.place)
            return nil
        }
    }

    func report(_ quantity: QuantityError, _ what: String, at place: Place) {
        error(quantity.code, "\(what): \(quantity.message)", at: place, hint: quantity.hint)
    }

    /// One of the words of an enumeration.
    func word<Word: RawRepresentable<String>>(_ node: Node, _ what: String, _ words: [Word]) -> Word? {
        guard let text = text(node, what, "a word") else { return nil }
        guard let word = words.first(where: { $0.rawValue == text }) else {
            unknownWord(text, what, words.map(\.rawValue), at: node.place)
            return nil
        }
        return word
    }

    func unknownWord(_ text: String, _ what: String, _ words: [String], at place: Place) {
        error(
            "unknown-word", "\(what) cannot be \"\(text)\"", at: place, hint: choice(for: text, among: words, "choices")
        )
    }

    /// Whether a name may name a stage, suite, source or environment; a mistake is reported.
    func checkName(_ name: String, _ kind: String, at place: Place) -> Bool {
        guard !isName(name) else { return true }
        error(
            "bad-name", "\"\(name)\" cannot name \(kind)", at: place,
            hint: "use letters, digits, dots, dashes and underscores, at most 64, and begin with a letter or digit")
        return false
    }

    /// Whether a name is one of an environment variable.
    func checkVariableName(_ name: String, _ kind: String, at place: Place) -> Bool {
        let letters = name.utf8
        let isRight =
            letters.count <= 256 && letters.first.map { isLetter($0) || $0 == UInt8(ascii: "_") } == true
            && letters.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
        guard !isRight else { return true }
        error(
            "bad-name", "\"\(name)\" cannot name \(kind)", at: place,
            hint: "use letters, digits and underscores, and don't begin with a digit")
        return false
    }
}

/// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`
func isName(_ text: String) -> Bool {
    let letters = text.utf8
    guard let first = letters.first, letters.count <= 64, isLetter(first) || isDigit(first) else { return false }
    return letters.allSatisfy {
        isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
}

private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
