import ShipitCore
import ShipitSyntax

/// What a diagnostic means, for a person and for an editor.
enum ExplanationWords {
    static func text(_ explanation: Explanation) -> String {
        """
        \(explanation.severity.rawValue)[\(explanation.code)]
          \(plain(explanation.meaning))
          = \(plain(explanation.remedy))

        """
    }

    /// All of them, by chapter.
    static var list: String {
        Explanation.chapters.map { chapter in
            var table = Table(indent: "  ")
            for explanation in chapter.explanations { table.add(explanation.code, plain(explanation.meaning)) }
            return "\(chapter.title)\n\(table.text)"
        }.joined(separator: "\n")
    }

    static func json(_ explanation: Explanation) -> String { value(explanation).pretty + "\n" }

    static func json(_ explanations: [Explanation]) -> String {
        JSONValue.array(explanations.map(value)).pretty + "\n"
    }

    private static func value(_ explanation: Explanation) -> JSONValue {
        .members([
            "code": .string(explanation.code), "severity": .string(explanation.severity.rawValue),
            "meaning": .string(plain(explanation.meaning)), "remedy": .string(plain(explanation.remedy)),
        ])
    }

    /// Without the marks of Markdown.
    private static func plain(_ text: String) -> String { text.filter { $0 != "`" } }
}
