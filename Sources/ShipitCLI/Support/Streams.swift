import Foundation

/// Standard output for results, standard error for everything else. That one of them is gone never changes what a
/// deployment does.
struct Streams: Sendable {
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    static let isInputTerminal = isatty(STDIN_FILENO) == 1

    /// Results: standard output and nothing else.
    func result(_ text: String) { OutputSink.standardOutput.write(text) }

    /// Progress, warnings and refusals.
    func progress(_ text: String) { OutputSink.standardError.write(text) }

    func warning(_ text: String) { progress("warning: \(SafeText.line(text))\n") }
}
