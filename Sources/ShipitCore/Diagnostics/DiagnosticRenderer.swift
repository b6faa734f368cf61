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
            "\(gutter)--> \(span.file):\(span.line):\(span.column)",
        ]
        if let source = sources[span.file]?.line(span.line) {
            let (text, underline) = Self.excerpt(source, span)
            lines.append("\(gutter) |")
            lines.append("\(gutter.dropFirst(number.count))\(number) | \(text)")
            lines.append("\(gutter) | \(underline)")
        }
        if let hint = diagnostic.hint { lines.append("\(gutter) = hint: \(Self.visible(hint))") }
        return lines.joined(separator: "\n")
    }

    /// The line, or the part of it around the place, and the line that underlines it.
    private static func excerpt(_ source: String, _ span: Span) -> (text: String, underline: String) {
        var line = Array(source.unicodeScalars)
        var start = min(span.column - 1, line.count)
        var (before, after) = ("", "")
        if line.count > widest {
            let from = max(0, min(start - widest / 4, line.count - widest))
            let to = min(line.count, from + widest)
            before = from > 0 ? "…" : ""
            after = to < line.count ? "…" : ""
            line = Array(line[from..<to])
            start = start - from
        }
        let length = max(1, min(span.length, line.count - start))
        // Tabs stay tabs in the padding, so that the carets stand below what they mean at any tab width.
        let padding = before.map { _ in " " } + line[..<start].map { $0 == "\t" ? "\t" : " " }
        return (
            before + visible(line) + after,
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

/// The lines of a file, cut where YAML cuts them: at LF, CRLF and CR.
struct SourceLines: Sendable {
    private let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is no part of the first line.
        var starts = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
        for (index, byte) in bytes.enumerated() {
            let isEnd =
                byte == UInt8(ascii: "\n")
                || (byte == UInt8(ascii: "\r") && (index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "\n")))
            if isEnd { starts.append(index + 1) }
        }
        self.starts = starts
    }

    /// The line with this number, from 1, without its end.
    func line(_ number: Int) -> String? {
        guard starts.indices.contains(number - 1) else { return nil }
        var end = number < starts.count ? starts[number] : bytes.count
        while end > starts[number - 1], bytes[end - 1] == UInt8(ascii: "\n") || bytes[end - 1] == UInt8(ascii: "\r") {
            end -= 1
        }
        return String(decoding: bytes[starts[number - 1]..<end], as: UTF8.self)
    }
}
