/// Text from outside (a stage's output, a reason, a tag's name) as it may stand on a screen: nothing in it can steer the
/// terminal, turn the reading direction or break the line.
enum SafeText {
    /// One line of it. Colours are dropped, tabs are spaces, every other control character is shown escaped.
    static func line(_ text: String) -> String {
        // Nearly every text is harmless, and then there is nothing to build.
        if text.unicodeScalars.allSatisfy(isHarmless) { return text }
        var safe = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.first {
            if let after = afterColour(rest) {
                rest = after
                continue
            }
            rest.removeFirst()
            if isHarmless(scalar) {
                safe.append(scalar)
            } else {
                safe.append(contentsOf: escaped(scalar).unicodeScalars)
            }
        }
        return String(safe)
    }

    /// Several lines as one, for where there is room for one.
    static func joined(_ text: String) -> String { lines(text).joined(separator: "; ") }

    /// Each line made safe; empty ones are left out.
    static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line(String($0)) }.filter { !$0.allSatisfy(\.isWhitespace) }
    }

    /// What a terminal would show of a line that a program overwrites in place, as progress bars do.
    static func outputLine(_ text: String) -> String {
        let pieces = text.split(separator: "\r", omittingEmptySubsequences: true)
        return line(pieces.last.map(String.init) ?? "")
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\t": return "  "
        case "\n": return "\\n"
        case "\r": return "\\r"
        default:
            let digits = String(scalar.value, radix: 16)
            if scalar.value > 0xFF { return "\\u{\(digits)}" }
            return "\\x" + (digits.count < 2 ? "0" : "") + digits
        }
    }

    /// What follows a colour sequence (`ESC [ … m`); `nil` where none begins.
    private static func afterColour(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView? {
        guard text.first == "\u{1B}" else { return nil }
        var rest = text.dropFirst()
        guard rest.first == "[" else { return nil }
        rest = rest.dropFirst().drop { ("0"..."9").contains($0) || $0 == ";" || $0 == ":" }
        return rest.first == "m" ? rest.dropFirst() : nil
    }
}
