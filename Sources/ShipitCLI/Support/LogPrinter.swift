import ShipitCore
import ShipitEngine
import ShipitProcesses

/// Prints the output of commands: as text, each line with its stage, or as JSON, a piece of output a line.
///
/// Text is what a screen would show: what is not UTF-8 as `\xNN`, and no sequence that a terminal would obey.
struct LogPrinter {
    private let form: StreamForm
    private let namesStages: Bool
    private let streams = Streams()
    private var chunks: [JSONValue] = []
    /// Characters and sequences that were cut at the end of a chunk; their text comes with the next one.
    private var cut: [Source: (safe: ShipitProcesses.SafeText, stage: StageName?, at: Instant)] = [:]
    /// What waits for the rest of its line, by command and stream: commands that run side by side must not mix in a line.
    private var open: [Source: Line] = [:]
    /// So that what is left at the end comes in the order in which it began.
    private var order: [Source] = []

    private struct Source: Hashable {
        var key: CommandKey
        var stream: OutputStream
    }

    private struct Line {
        var safe = ShipitProcesses.SafeText()
        var text = ""
        var label: String
    }

    init(form: StreamForm, namesStages: Bool) {
        self.form = form
        self.namesStages = namesStages
    }

    mutating func print(_ chunk: OutputChunk, of stage: StageName?, on host: String? = nil) {
        switch form {
        case .text: printText(chunk, of: stage, on: host)
        case .json, .jsonl: printJSON(chunk, of: stage)
        }
    }

    private mutating func printJSON(_ chunk: OutputChunk, of stage: StageName?) {
        let source = Source(key: chunk.key, stream: chunk.stream)
        if chunk.stream == .note {
            let text = SafeText.line(String(decoding: chunk.bytes, as: UTF8.self))
            return tell(source, stage, at: chunk.at, bytes: chunk.bytes.count, text)
        }
        var safe = cut[source]?.safe ?? ShipitProcesses.SafeText()
        let text = safe.append(chunk.bytes)
        cut[source] = (safe, stage, chunk.at)
        tell(source, stage, at: chunk.at, bytes: chunk.bytes.count, text)
    }

    /// `bytes` is how many of the command's own these are; the text of what is not UTF-8 is longer.
    private mutating func tell(_ source: Source, _ stage: StageName?, at: Instant, bytes: Int, _ text: String) {
        let stream =
            switch source.stream {
            case .standardOutput: "stdout"
            case .standardError: "stderr"
            case .note: "note"
            }
        let value = JSONValue.members([
            "at": .string(at.description), "stage": .text(stage?.text), "key": .string(source.key.text),
            "stream": .string(stream), "bytes": .integer(Int64(bytes)), "text": .string(text),
        ])
        if form == .json { chunks.append(value) } else { streams.result(value.compact + "\n") }
    }

    /// Lines that never ended.
    mutating func finish() {
        for (source, rest) in cut.sorted(by: { $0.value.at < $1.value.at }) {
            var safe = rest.safe
            let text = safe.finish()
            if !text.isEmpty { tell(source, rest.stage, at: rest.at, bytes: 0, text) }
        }
        cut = [:]
        if form == .json { streams.result(JSONValue.array(chunks).pretty + "\n") }
        for source in order {
            guard var line = open[source] else { continue }
            let rest = line.text + line.safe.finish()
            if !rest.isEmpty { streams.result(line.label + rest + "\n") }
        }
        open = [:]
    }

    private mutating func printText(_ chunk: OutputChunk, of stage: StageName?, on host: String?) {
        let names = [namesStages ? stage?.text ?? chunk.key.text : nil, host].compactMap(\.self)
        let label = names.isEmpty ? "" : SafeText.line(names.joined(separator: " ")) + " | "
        if chunk.stream == .note {
            let lines = String(decoding: chunk.bytes, as: UTF8.self).split(separator: "\n")
            streams.result(lines.map { "\(label)\(SafeText.line(String($0)))\n" }.joined())
            return
        }
        let source = Source(key: chunk.key, stream: chunk.stream)
        if open[source] == nil { order.append(source) }
        var line = open[source] ?? Line(label: label)
        line.text += line.safe.append(chunk.bytes)
        var printed = ""
        var pieces = line.text.split(separator: "\n", omittingEmptySubsequences: false)
        line.text = String(pieces.removeLast())
        for piece in pieces { printed += label + piece + "\n" }
        open[source] = line
        streams.result(printed)
    }
}
