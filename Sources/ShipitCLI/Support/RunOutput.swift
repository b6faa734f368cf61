import ShipitCore
import ShipitEngine
import ShipitProcesses

/// What the commands of a run print and its actions say, by stage.
struct RunOutput: Sendable {
    let run: RunID
    let folder: String
    /// The longest first: a stage's name may begin like another's.
    private let stages: [StageName]
    private let hosts: [StageName: [String]]
    private let log: OutputLog

    init(run: RunID, plan: Plan, folder: String) {
        self.run = run
        self.folder = folder
        stages = plan.stages.map(\.name).sorted { $0.text.utf8.count > $1.text.utf8.count }
        hosts = Dictionary(
            plan.stages.compactMap { stage in stage.hosts.map { (stage.name, $0.hosts.map(\.name)) } },
            uniquingKeysWith: { first, _ in first })
        log = Wiring.output(inFolder: folder)
    }

    /// The stage that a key belongs to; `nil` for a key of another make.
    func stage(of key: CommandKey) -> StageName? {
        guard key.text.hasPrefix(run.text + "/") else { return nil }
        let rest = key.text.dropFirst(run.text.count + 1)
        return stages.first { rest.hasPrefix($0.text + "/") }
    }

    /// The host that a key belongs to, of a stage that runs on hosts.
    func host(of key: CommandKey) -> String? {
        guard let stage = stage(of: key), let hosts = hosts[stage], let slash = key.text.lastIndex(of: "/") else {
            return nil
        }
        let name = String(key.text[key.text.index(after: slash)...])
        return hosts.contains(name) ? name : nil
    }

    /// From the beginning, and on as it grows.
    func reader(of stage: StageName? = nil) -> OutputReader {
        OutputReader(log: log, folder: folder, prefix: stage.map { "\(run)/\($0)" } ?? "")
    }

    /// The end of what an attempt printed. For reports: where the log cannot be read, they do without it.
    func lastLines(of attempt: AttemptID, count: Int) -> [String] {
        let prefix = CommandKey(run: run, attempt: attempt).text
        var notes = NotesReader(inRunFolder: folder)
        let said = notes.readOn().filter { OutputReader.key($0.key, isUnder: prefix) }.suffix(count).map(\.chunk)
        let printed = (try? log.tail(of: prefix, lines: count)) ?? []
        let chunks = (printed + said).enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
        var text = ShipitProcesses.SafeText()
        var lines = ""
        for (_, chunk) in chunks {
            if chunk.stream == .note, !lines.isEmpty, !lines.hasSuffix("\n") { lines += "\n" }
            lines += text.append(chunk.bytes)
            if chunk.stream == .note { lines += "\n" }
        }
        lines += text.finish()
        return lines.split(separator: "\n").map(String.init).suffix(count)
    }
}

/// Output and notes of a run in the order in which they came.
struct OutputReader {
    private let log: OutputLog
    private let prefix: String
    private var position = OutputLog.Position.start
    private var reader: NotesReader
    private var notes: ArraySlice<RunNote> = []

    init(log: OutputLog, folder: String, prefix: String) {
        self.log = log
        self.prefix = prefix
        reader = NotesReader(inRunFolder: folder)
    }

    /// The next part.
    /// - Returns: what it holds, and whether that was everything for now.
    mutating func readOn() throws -> (chunks: [OutputChunk], isLast: Bool) {
        notes += reader.readOn().filter { Self.key($0.key, isUnder: prefix) }
        let page = try log.chunks(matching: prefix, from: position)
        position = page.next
        var chunks: [OutputChunk] = []
        for chunk in page.chunks {
            while let note = notes.first, note.at < chunk.at.milliseconds {
                chunks.append(note.chunk)
                notes.removeFirst()
            }
            chunks.append(chunk)
        }
        if page.isLast {
            chunks += notes.map(\.chunk)
            notes = []
        }
        return (chunks, page.isLast)
    }

    static func key(_ key: String, isUnder prefix: String) -> Bool {
        prefix.isEmpty || key == prefix || key.hasPrefix(prefix + "/")
    }
}

/// The newest line of each stage, read on from where the last look ended.
final class NewestLines {
    private let output: RunOutput
    private var reader: OutputReader
    private var open: [StageName: String] = [:]
    /// What of a character came last, and waits for its rest.
    private var cut: [StageName: ShipitProcesses.SafeText] = [:]
    private(set) var lines: [StageName: String] = [:]
    /// How many pages a look reads at most: a flood must not hold the screen up.
    private static let pages = 16
    /// More of a line than any screen is wide.
    private static let longest = 1000

    init(_ output: RunOutput) {
        self.output = output
        reader = output.reader()
    }

    func readOn() {
        for _ in 0..<Self.pages {
            // A log that cannot be read is no reason to end a deployment, only its last lines are not shown.
            guard let page = try? reader.readOn() else { return }
            for chunk in page.chunks { take(chunk) }
            if page.isLast { return }
        }
    }

    private func take(_ chunk: OutputChunk) {
        guard let stage = output.stage(of: chunk.key) else { return }
        let end = chunk.stream == .note ? "\n" : ""
        let text =
            open[stage, default: ""] + cut[stage, default: ShipitProcesses.SafeText()].append(chunk.bytes) + end
        let pieces = text.split(separator: "\n", omittingEmptySubsequences: false)
        open[stage] = String((pieces.last ?? "").suffix(Self.longest))
        let newest = pieces.last { !$0.allSatisfy(\.isWhitespace) }
        if let newest { lines[stage] = SafeText.outputLine(String(newest.suffix(Self.longest))) }
    }
}
