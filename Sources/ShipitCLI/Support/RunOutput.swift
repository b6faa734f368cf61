import ShipitCore
import ShipitEngine
import ShipitProcesses

/// What the commands of a run print, by stage.
struct RunOutput: Sendable {
    let run: RunID
    /// The longest first: a stage's name may begin like another's.
    private let stages: [StageName]
    private let log: OutputLog

    init(run: RunID, plan: Plan, folder: String) {
        self.run = run
        stages = plan.stages.map(\.name).sorted { $0.text.utf8.count > $1.text.utf8.count }
        log = Wiring.output(inFolder: folder)
    }

    /// The stage that a key belongs to; `nil` for a key of another make.
    func stage(of key: CommandKey) -> StageName? {
        guard key.text.hasPrefix(run.text + "/") else { return nil }
        let rest = key.text.dropFirst(run.text.count + 1)
        return stages.first { rest.hasPrefix($0.text + "/") }
    }

    /// What was written after a position.
    func page(after position: OutputLog.Position, stage: StageName? = nil) throws -> OutputLog.Page {
        try log.chunks(matching: stage.map { "\(run)/\($0)" } ?? "", from: position)
    }

    /// The end of what an attempt printed. For reports: where the log cannot be read, they do without it.
    func lastLines(of attempt: AttemptID, count: Int) -> [String] {
        guard let chunks = try? log.tail(of: CommandKey(run: run, attempt: attempt).text, lines: count) else {
            return []
        }
        var text = ShipitProcesses.SafeText()
        var lines = ""
        for chunk in chunks {
            lines += text.append(chunk.bytes)
            if chunk.stream == .note { lines += "\n" }
        }
        lines += text.finish()
        return lines.split(separator: "\n").map(String.init).suffix(count)
    }
}

/// The newest line of each stage, read on from where the last look ended.
final class NewestLines {
    private let output: RunOutput
    private var position = OutputLog.Position.start
    private var open: [StageName: String] = [:]
    private(set) var lines: [StageName: String] = [:]
    /// How many pages a look reads at most: a flood must not hold the screen up.
    private static let pages = 16

    init(_ output: RunOutput) { self.output = output }

    func readOn() {
        for _ in 0..<Self.pages {
            // A log that cannot be read is no reason to end a deployment, only its last lines are not shown.
            guard let page = try? output.page(after: position) else { return }
            position = page.next
            for chunk in page.chunks { take(chunk) }
            if page.isLast { return }
        }
    }

    private func take(_ chunk: OutputChunk) {
        guard let stage = output.stage(of: chunk.key) else { return }
        let end = chunk.stream == .note ? "\n" : ""
        let text = open[stage, default: ""] + String(decoding: chunk.bytes, as: UTF8.self) + end
        let pieces = text.split(separator: "\n", omittingEmptySubsequences: false)
        open[stage] = String((pieces.last ?? "").suffix(1000))
        let newest = pieces.last { !$0.allSatisfy(\.isWhitespace) }
        if let newest { lines[stage] = SafeText.outputLine(String(newest.suffix(1000))) }
    }
}
