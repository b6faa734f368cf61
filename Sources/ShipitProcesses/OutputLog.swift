import Glibc
import ShipitCore
public import ShipitEngine
import SupervisorProtocol

/// The output of a run's commands, for people: it can be read while the supervisor writes it, and when everything else
/// is gone. Secrets were masked before any of it reached the disk.
public struct OutputLog: Sendable {
    /// Up to where a reader has come.
    public struct Position: Hashable, Sendable {
        public static let start = Position()

        var offset: Int64 = 0
        var keys: [UInt32: String] = [:]
        /// Streams that go on in a ring, and how far into each stream the reader is.
        var rings: [RingID: Int64] = [:]

        init(offset: Int64 = 0) { self.offset = offset }
    }

    struct RingID: Hashable {
        var command: UInt32
        var stream: OutputStream
    }

    public struct Page: Sendable {
        public var chunks: [OutputChunk]
        public var next: Position
        /// Whether this was everything there is for now.
        public var isLast: Bool
    }

    private let folder: RunFolder

    /// `folder` is the run's.
    public init(folder: String) { self.folder = RunFolder(folder) }

    /// What was written after `position` by commands whose key is `prefix` or stands under it. To follow the log, ask again
    /// from `next`.
    public func chunks(
        matching prefix: String = "", from position: Position = .start
    ) throws(ProcessesError) -> Page {
        var pieces: [Piece] = []
        var reader = try PieceReader(folder: folder, position: position)
        let isLast = try reader.read(matching: prefix, into: &pieces)
        return Page(chunks: pieces.map(\.chunk), next: reader.position, isLast: isLast)
    }

    /// The last `lines` lines, of all streams together.
    public func tail(of prefix: String = "", lines: Int) throws(ProcessesError) -> [OutputChunk] {
        var tail = LineTail(lines: lines)
        var reader = try PieceReader(folder: folder, position: .start)
        var isLast = false
        while !isLast {
            var pieces: [Piece] = []
            isLast = try reader.read(matching: prefix, into: &pieces)
            for piece in pieces { tail.add(piece.chunk) }
        }
        return tail.chunks
    }

    func output(of key: String, limit: Int, extent: OutputExtent?) throws(ProcessesError) -> CommandOutput {
        var (output, error) = (Ends(limit: limit), Ends(limit: limit))
        var reader = try PieceReader(folder: folder, position: Position(offset: extent?.start ?? 0), end: extent?.end)
        var isLast = false
        while !isLast {
            var pieces: [Piece] = []
            isLast = try reader.read(matching: key, into: &pieces)
            for piece in pieces where piece.key == key {
                switch piece.stream {
                case .standardOutput: output.add(piece)
                case .standardError: error.add(piece)
                case .note: break
                }
            }
        }
        return CommandOutput(
            standardOutput: output.bytes, standardError: error.bytes,
            truncated: output.isTruncated || error.isTruncated)
    }
}

/// A piece of output, or a gap in it.
struct Piece {
    var key: String
    var at: Int64
    var stream: OutputStream
    var bytes: [UInt8]
    /// How many bytes of the stream are missing here.
    var missing: Int64 = 0

    var chunk: OutputChunk {
        let isGap = missing > 0
        return OutputChunk(
            key: CommandKey(key), at: Instant(milliseconds: at), stream: isGap ? .note : stream,
            bytes: isGap ? Array("\(missing) bytes of output are left out here".utf8) : bytes)
    }
}

/// The first and the last bytes of a stream.
private struct Ends {
    let limit: Int
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private(set) var isTruncated = false
    private var isHeadOver = false

    init(limit: Int) { self.limit = max(0, limit) }

    mutating func add(_ piece: Piece) {
        if piece.missing > 0 {
            isTruncated = true
            isHeadOver = true
            return
        }
        var rest = piece.bytes[...]
        if !isHeadOver {
            let taken = rest.prefix(limit - head.count)
            head += taken
            rest = rest.dropFirst(taken.count)
            isHeadOver = head.count == limit
        }
        tail += rest
        if tail.count > 2 * limit + OutputBounds.frame { trim() }
    }

    private mutating func trim() {
        guard tail.count > limit else { return }
        isTruncated = true
        tail.removeFirst(tail.count - limit)
    }

    var bytes: [UInt8] {
        mutating get {
            trim()
            return head + tail
        }
    }
}

/// Keeps the last lines of what passes by.
private struct LineTail {
    let lines: Int
    private var kept: [(chunk: OutputChunk, ends: Int)] = []
    private var first = 0
    private var ends = 0

    init(lines: Int) { self.lines = max(0, lines) }

    mutating func add(_ chunk: OutputChunk) {
        // A note is a line of its own, without a line end.
        let count = chunk.stream == .note ? 1 : chunk.bytes.count { $0 == UInt8(ascii: "\n") }
        kept.append((chunk, count))
        ends += count
        while first < kept.count - 1, ends - kept[first].ends > lines {
            ends -= kept[first].ends
            first += 1
        }
        if first > 256 {
            kept.removeFirst(first)
            first = 0
        }
    }

    var chunks: [OutputChunk] {
        guard lines > 0 else { return [] }
        var result = kept[first...].map(\.chunk)
        // A last line without a line end counts, too.
        let isOpen = result.last.map { $0.stream != .note && $0.bytes.last != UInt8(ascii: "\n") } ?? false
        var excess = ends + (isOpen ? 1 : 0) - lines
        while excess > 0, let chunk = result.first {
            if chunk.stream != .note, let end = chunk.bytes.firstIndex(of: UInt8(ascii: "\n")),
                end + 1 < chunk.bytes.count
            {
                result[0].bytes.removeFirst(end + 1)
                excess -= 1
            } else {
                let isLine = chunk.stream == .note || chunk.bytes.last == UInt8(ascii: "\n")
                result.removeFirst()
                excess -= isLine ? 1 : 0
            }
        }
        return result
    }
}
