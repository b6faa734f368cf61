import ShipitCore
import ShipitSyntax

/// Diagnostics for code review tools: SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format).
enum SARIF {
    static func text(_ diagnostics: [Diagnostic]) -> String {
        let codes = Set(diagnostics.map(\.code)).sorted()
        let log = JSONValue.members([
            "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"),
            "version": .string("2.1.0"),
            "runs": .array([
                .members([
                    "tool": .members([
                        "driver": .members([
                            "name": .string("shipit"), "version": .string(Wiring.version),
                            "rules": .array(codes.map(rule)),
                        ])
                    ]),
                    // Our columns count characters; the format's own default is UTF-16 units.
                    "columnKind": .string("unicodeCodePoints"),
                    "results": .array(diagnostics.map { result($0, codes) }),
                ])
            ]),
        ])
        return log.pretty + "\n"
    }

    private static func rule(_ code: String) -> JSONValue {
        let explanation = Explanation.of(code)
        return .members([
            "id": .string(code), "shortDescription": message(explanation?.meaning ?? code),
            "defaultConfiguration": .members([
                "level": .string((explanation?.severity ?? .error).rawValue)
            ]),
            "help": message(explanation?.remedy ?? "see: shipit explain \(code)"),
        ])
    }

    private static func result(_ diagnostic: Diagnostic, _ codes: [String]) -> JSONValue {
        let span = diagnostic.span
        let words = diagnostic.message + (diagnostic.hint.map { " (\($0))" } ?? "")
        return .members([
            "ruleId": .string(diagnostic.code),
            "ruleIndex": .integer(Int64(codes.firstIndex(of: diagnostic.code) ?? -1)),
            "level": .string(diagnostic.severity.rawValue),
            "message": message(words),
            "locations": .array([
                .members([
                    "physicalLocation": .members([
                        "artifactLocation": .members(["uri": .string(uri(span.file))]),
                        "region": region(span),
                    ])
                ])
            ]),
        ])
    }

    /// A span without a length reaches to the end of its line, and so does a region without an end.
    private static func region(_ span: Span) -> JSONValue {
        let end: JSONValue.Member? =
            span.length > 0 ? .init(key: "endColumn", value: .integer(Int64(span.column + span.length))) : nil
        return .object(
            [
                .init(key: "startLine", value: .integer(Int64(span.line))),
                .init(key: "startColumn", value: .integer(Int64(span.column))),
            ] + [end].compactMap(\.self))
    }

    private static func message(_ text: String) -> JSONValue { .members(["text": .string(text)]) }

    /// A path as a relative URI: what is no letter, digit or `-._~/` is written as `%XX` (RFC 3986).
    private static func uri(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                String(UnicodeScalar(byte))
            default: "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
