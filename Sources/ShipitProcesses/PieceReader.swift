import Glibc
import ShipitEngine
import SupervisorProtocol

/// Walks through the frames of the log and, where a stream was too long for it, through the stream's ring.
struct PieceReader: ~Copyable {
    private static let budget = 1 << 20

    private(set) var position: OutputLog.Position
    private let folder: RunFolder
    private let end: Int64
    /// -1 while there is no log.
    private let descriptor: Int32

    init(folder: RunFolder, position: OutputLog.Position, end: Int64? = nil) throws(ProcessesError) {
        self.folder = folder
        self.position = position
        self.end = end ?? .max
        let place = folder.place(OutputFrame.fileName)
        descriptor = open(place, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno != ENOENT { throw .unavailable(RunFolder.words(place, errno)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads a good piece further; whether it came to the end.
    mutating func read(matching prefix: String, into pieces: inout [Piece]) throws(ProcessesError) -> Bool {
        guard descriptor >= 0 else { return true }
        let wanted = Int(min(Int64(Self.budget), max(0, end - position.offset)))
        var buffer = [UInt8](repeating: 0, count: wanted)
        let count = pread(descriptor, &buffer, wanted, off_t(position.offset))
        guard count >= 0 else { throw .unavailable(RunFolder.words(folder.place(OutputFrame.fileName), errno)) }
        var start = 0
        while start + OutputFrame.headerSize <= count,
            let frame = OutputFrame(header: buffer[start..<start + OutputFrame.headerSize])
        {
            let body = start + OutputFrame.headerSize
            // A frame that is not whole yet is read the next time.
            guard body + frame.length <= count else { break }
            take(frame, buffer[body..<body + frame.length], matching: prefix, into: &pieces)
            start = body + frame.length
        }
        position.offset += Int64(start)
        guard start == 0 || position.offset >= end || count < wanted else { return false }
        for ring in position.rings.keys.sorted(by: {
            ($0.command, $0.stream.rawValue) < ($1.command, $1.stream.rawValue)
        }) {
            readRing(ring, into: &pieces)
        }
        return true
    }

    private mutating func take(
        _ frame: OutputFrame, _ bytes: ArraySlice<UInt8>, matching prefix: String, into pieces: inout [Piece]
    ) {
        if frame.kind == .key {
            position.keys[frame.command] = String(decoding: bytes, as: UTF8.self)
            return
        }
        guard let key = position.keys[frame.command], SupervisorProtocol.key(key, isUnder: prefix) else { return }
        switch frame.kind {
        case .standardOutput, .standardError, .note:
            guard let stream = OutputStream(rawValue: frame.kind.rawValue) else { return }
            pieces.append(Piece(key: key, at: frame.at, stream: stream, bytes: Array(bytes)))
        case .ring, .ringClosed:
            guard let stream = bytes.first.flatMap(OutputStream.init(rawValue:)) else { return }
            let ring = OutputLog.RingID(command: frame.command, stream: stream)
            if frame.kind == .ring {
                position.rings[ring] = OutputBounds.head
            } else {
                readRing(ring, into: &pieces)
                position.rings[ring] = nil
            }
        case .key: break
        }
    }

    /// What stands in the ring beyond where the reader is. A ring that is gone has nothing to tell.
    private mutating func readRing(_ ring: OutputLog.RingID, into pieces: inout [Piece]) {
        guard let from = position.rings[ring], let key = position.keys[ring.command] else { return }
        let place = folder.place(OutputRing.fileName(command: ring.command, stream: ring.stream.rawValue))
        let descriptor = open(place, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // After power loss a header may say anything: of a stream that is shorter than what was read nothing is left to read.
        guard let header = Self.header(descriptor), header.total > from else { return }
        var begin = max(from, header.total - OutputBounds.tail)
        var bytes = [UInt8](repeating: 0, count: Int(header.total - begin))
        var read = 0
        while read < bytes.count {
            let place = (begin + Int64(read)) % OutputRing.capacity
            let length = min(bytes.count - read, Int(OutputRing.capacity - place))
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + read, length, off_t(place) + off_t(OutputRing.headerSize))
            }
            guard count > 0 else { break }
            read += count
        }
        bytes.removeLast(bytes.count - read)
        // What was overwritten while it was read is as good as missing.
        let safe =
            (Self.header(descriptor)?.total ?? header.total) - OutputRing.capacity + Int64(2 * OutputBounds.frame)
        if safe > begin {
            bytes.removeFirst(min(bytes.count, Int(safe - begin)))
            begin = safe
        }
        if begin > from {
            pieces.append(Piece(key: key, at: header.at, stream: ring.stream, bytes: [], missing: begin - from))
        }
        for start in stride(from: 0, to: bytes.count, by: OutputBounds.frame) {
            let piece = bytes[start..<min(start + OutputBounds.frame, bytes.count)]
            pieces.append(Piece(key: key, at: header.at, stream: ring.stream, bytes: Array(piece)))
        }
        position.rings[ring] = begin + Int64(bytes.count)
    }

    private static func header(_ descriptor: Int32) -> OutputRing? {
        var bytes = [UInt8](repeating: 0, count: OutputRing.headerSize)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return nil }
        return OutputRing(header: bytes[...])
    }
}
