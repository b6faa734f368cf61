public import ShipitCore

/// What every diagnostic means and what to do about it, in the order of docs/diagnostics.md, which is made of it.
public struct Explanation: Hashable, Sendable {
    public let code: String
    public let severity: Diagnostic.Severity
    /// Markdown, without a full stop.
    public let meaning: String
    public let remedy: String

    public static let all: [Explanation] = chapters.flatMap(\.explanations)

    public static func of(_ code: String) -> Explanation? { all.first { $0.code == code } }

    static func error(_ code: String, _ meaning: String, _ remedy: String) -> Explanation {
        Explanation(code: code, severity: .error, meaning: meaning, remedy: remedy)
    }

    static func warning(_ code: String, _ meaning: String, _ remedy: String) -> Explanation {
        Explanation(code: code, severity: .warning, meaning: meaning, remedy: remedy)
    }
}

/// A chapter of docs/diagnostics.md.
public struct ExplanationChapter: Sendable {
    public let title: String
    public let explanations: [Explanation]
}
