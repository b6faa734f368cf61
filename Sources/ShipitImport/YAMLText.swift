/// Texts as YAML that reads back as the very same texts.
enum YAMLText {
    /// In double quotes, with whatever a reader could not see as an escape.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            // No text of a pipeline may hold it.
            case "\0": quoted += "\u{FFFD}"
            case _ where isHidden(scalar): quoted += escape(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A word as it is where that is safe, else in quotes.
    static func word(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".": true
            default: false
            }
        }
        return isPlain && text.first?.isLetter == true ? text : quoted(text)
    }

    /// The value of a key: several lines as a block where their characters allow it. `indent` is the key's.
    static func value(_ text: String, indent: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let isBlock =
            lines.count > 1 && lines.first?.isEmpty == false && lines.last?.isEmpty == false
            && lines.first?.first != " " && !text.unicodeScalars.contains { $0 == "\t" || $0 != "\n" && isHidden($0) }
        guard isBlock else { return quoted(text) }
        let pad = String(repeating: " ", count: indent + 2)
        return "|-\n" + lines.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: "\n")
    }

    /// What may stand in a comment.
    static func comment(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars { line.unicodeScalars.append(isHidden(scalar) ? " " : scalar) }
        return line.trimmed
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        let (sign, width) = scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
        return "\\\(sign)" + String(repeating: "0", count: width - hex.count) + hex
    }
}
