import Foundation
import ShipitCore

/// How a run's progress is shown, chosen once.
enum ProgressChoice {
    /// - Parameter jsonLines: `--output jsonl`.
    static func make(
        jsonLines: Bool, environment: [String: String] = ProcessInfo.processInfo.environment,
        isTerminal: Bool = isatty(STDERR_FILENO) == 1, usual: [StageName: TimeSpan] = [:]
    ) -> any Progress {
        if jsonLines { return JSONLinesProgress() }
        guard let style = Terminal.style(environment: environment, isTerminal: isTerminal) else {
            return PlainProgress()
        }
        return LiveProgress(.standardError, style: style, usual: usual) { Terminal.size(of: STDERR_FILENO) }
    }
}
