/// Diagnostics as a person reads them: what, where, the line itself with the place underlined, and what to do.
///
///     error[unknown-stage]: stage "release" needs "biuld", which no stage defines
///       --> pipelines/web.yaml:14:13
///        |
///     14 |     needs: [biuld]
///        |             ^^^^^
///        = hint: did you mean "build"?
public struct DiagnosticRenderer: Sendable {
    private var sources: [String: SourceLines]

    /// The widest piece of a source line that is shown; longer ones are cut around the place.
    private static let widest = 160

    public init(sources: [String: [UInt8]]) {
        self.sources = sources.mapValues(SourceLines.init)
    }

    /// All of them, one after another with an empty line between; empty when there are none.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map { render($0) + "\n" }.joined(separator: "\n")
    }

    /// One, without a line break at its end.
    public func render(_ diagnostic: Diagnostic) -> String {
        let span = diagnostic.span
        let number = String(span.line)
        let gutter = String(repeating: " ", count: max(2, number.count))
        var lines = [
            "\(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(Self.visible(diagnostic.message))",
            "\(gutter)--> \(Self.visible(span.file)):\(span.line):\(span.column)",
        ]
        if let line = sources[span.file]?.excerpt(line: span.line, around: span.column, widest: Self.widest) {
            let (text, underline) = Self.underlined(line, span)
            lines.append("\(gutter) |")
            lines.append("\(gutter.dropFirst(number.count))\(number) | \(text)")
            lines.append("\(gutter) | \(underline)")
        }
        if let hint = diagnostic.hint { lines.append("\(gutter) = hint: \(Self.visible(hint))") }
        return lines.joined(separator: "\n")
    }

    /// The line, or the part of it around the place, and the line that underlines it.
    private static func underlined(_ line: Excerpt, _ span: Span) -> (text: String, underline: String) {
        let start = min(span.column - line.column, line.scalars.count)
        let length = max(1, min(span.length, line.scalars.count - start))
        let before = line.isCutBefore ? "…" : ""
        // Tabs stay tabs in the padding, so that the carets stand below what they mean at any tab width.
        let padding = before.map { _ in " " } + line.scalars[..<start].map { $0 == "\t" ? "\t" : " " }
        return (
            before + visible(line.scalars) + (line.isCutAfter ? "…" : ""),
            padding.joined() + String(repeating: "^", count: length)
        )
    }

    private static func visible(_ text: String) -> String { visible(Array(text.unicodeScalars)) }

    /// What could steer a terminal or turn the reading direction is shown as a replacement character.
    private static func visible(_ scalars: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        for scalar in scalars {
            let harmless =
                switch scalar.properties.generalCategory {
                case .control: scalar == "\t"
                case .format, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            text.append(harmless ? scalar : "\u{FFFD}")
        }
        return String(text)
    }
}
