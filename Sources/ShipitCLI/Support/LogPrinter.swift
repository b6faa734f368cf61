import ShipitCore
import ShipitEngine
import ShipitProcesses

/// Prints the output of commands: as text, each line with its stage, or as JSON, a chunk a line.
struct LogPrinter {
    private let form: StreamForm
    private let namesStages: Bool
    private let streams = Streams()
    private var chunks: [JSONValue] = []
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

    mutating func print(_ chunk: OutputChunk, of stage: StageName?) {
        switch form {
        case .text: printText(chunk, of: stage)
        case .json: chunks.append(Self.json(chunk, of: stage))
        case .jsonl: streams.result(Self.json(chunk, of: stage).compact + "\n")
        }
    }

    /// Lines that never ended.
    mutating func finish() {
        if form == .json { streams.result(JSONValue.array(chunks).pretty + "\n") }
        for source in order {
            guard var line = open[source] else { continue }
            let rest = line.text + line.safe.finish()
            if !rest.isEmpty { streams.result(line.label + rest + "\n") }
        }
        open = [:]
    }

    private mutating func printText(_ chunk: OutputChunk, of stage: StageName?) {
        let label = namesStages ? "\(SafeText.line(stage?.text ?? chunk.key.text)) | " : ""
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

    private static func json(_ chunk: OutputChunk, of stage: StageName?) -> JSONValue {
        let stream =
            switch chunk.stream {
            case .standardOutput: "stdout"
            case .standardError: "stderr"
            case .note: "note"
            }
        return .members([
            "at": .string(chunk.at.description), "stage": .text(stage?.text), "key": .string(chunk.key.text),
            "stream": .string(stream), "text": .string(String(decoding: chunk.bytes, as: UTF8.self)),
        ])
    }
}
