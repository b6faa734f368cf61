/// Where something stands in a file. Lines and columns count from 1; columns count characters.
public struct Span: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var column: Int
    /// How many characters to underline, at least 1.
    public var length: Int

    public init(file: String, line: Int, column: Int, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.length = max(1, length)
    }
}

/// An author's mistake (or doubtful habit): shown with its place, all of them at once. Not a thrown error.
public struct Diagnostic: Hashable, Sendable {
    public enum Severity: String, Sendable, Hashable {
        case error, warning
    }

    public var severity: Severity
    /// A stable word, such as `unknown-stage`.
    public var code: String
    public var message: String
    public var span: Span
    /// An act that mends it, such as `did you mean "build"?`.
    public var hint: String?

    public init(_ severity: Severity, _ code: String, _ message: String, at span: Span, hint: String? = nil) {
        self.severity = severity
        self.code = code
        self.message = message
        self.span = span
        self.hint = hint
    }
}
