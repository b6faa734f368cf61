import CSupervisor
import Glibc
import SupervisorProtocol

/// Writes the run's output log. Output never stops a command: where there is no room it is left out, and that is said.
struct OutputWriter {
    private let descriptor: Int32
    /// Where the next frame begins.
    private(set) var end: Int64
    private var named: Set<UInt32> = []
    /// Found no room, and nobody was told yet.
    private var lostBytes = 0

    init?() {
        descriptor = openKept(OutputFrame.fileName, O_RDWR | O_APPEND)
        guard descriptor >= 0 else { return nil }
        let size = Int64(lseek(descriptor, 0, SEEK_END))
        end = Self.endOfLastFrame(descriptor, size: size)
        // A supervisor that was killed may have left half a frame.
        if end < size { ftruncate(descriptor, off_t(end)) }
    }

    private static func endOfLastFrame(_ descriptor: Int32, size: Int64) -> Int64 {
        var position: Int64 = 0
        var header = [UInt8](repeating: 0, count: OutputFrame.headerSize)
        while position + Int64(OutputFrame.headerSize) <= size {
            guard pread(descriptor, &header, header.count, off_t(position)) == header.count,
                let frame = OutputFrame(header: header[...])
            else { break }
            let next = position + Int64(OutputFrame.headerSize + frame.length)
            guard next <= size else { break }
            position = next
        }
        return position
    }

    mutating func write(
        _ kind: OutputFrame.Kind, of command: RunningCommand, at: Int64, _ bytes: some Collection<UInt8>
    ) {
        var rest = bytes[...]
        repeat {
            let piece = rest.prefix(OutputBounds.frame)
            rest = rest.dropFirst(piece.count)
            var frames: [UInt8] = []
            frames.reserveCapacity(piece.count + 2 * OutputFrame.headerSize + 128)
            if !named.contains(command.id) {
                let key = Array(command.key.utf8.prefix(OutputBounds.frame))
                frames += OutputFrame(kind: .key, command: command.id, at: at, length: key.count).header + key
            }
            frames += OutputFrame(kind: kind, command: command.id, at: at, length: piece.count).header
            frames.append(contentsOf: piece)
            let (written, failure) = frames.withUnsafeBytes { writeAll($0, to: descriptor) }
            if failure == 0 {
                named.insert(command.id)
                end += Int64(frames.count)
                if lostBytes > 0 { tellLoss(to: command, at: at) }
            } else {
                if written > 0 { ftruncate(descriptor, off_t(end)) }
                lostBytes += piece.count
            }
        } while !rest.isEmpty
    }

    /// Output that found no room anywhere.
    mutating func lose(_ count: Int) { lostBytes += count }

    private mutating func tellLoss(to command: RunningCommand, at: Int64) {
        let count = lostBytes
        lostBytes = 0
        note("\(count) bytes of output found no room on the disk", about: command, at: at)
    }

    mutating func note(_ text: String, about command: RunningCommand, at: Int64) {
        write(.note, of: command, at: at, text.utf8)
    }
}

/// The last bytes of one long stream, in a file of fixed size.
struct RingWriter {
    private let descriptor: Int32
    private var total: Int64

    init?(command: UInt32, stream: UInt8, total: Int64) {
        let name = OutputRing.fileName(command: command, stream: stream)
        descriptor = openKept(name, O_RDWR | O_TRUNC)
        guard descriptor >= 0 else { return nil }
        self.total = total
        // Its room is taken at once, so that a disk that fills up later leaves no holes in it.
        let size = off_t(OutputRing.headerSize) + off_t(OutputRing.capacity)
        guard csup_reserve(descriptor, 0, size) != ENOSPC else {
            close(descriptor)
            unlink(name)
            return nil
        }
    }

    mutating func write(_ bytes: ArraySlice<UInt8>, at: Int64) {
        var rest = bytes
        while !rest.isEmpty {
            let place = total % OutputRing.capacity
            let piece = rest.prefix(min(OutputBounds.frame, Int(OutputRing.capacity - place)))
            // A file system that cannot reserve may still fail here; the command goes on.
            _ = piece.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress!, $0.count, off_t(place) + off_t(OutputRing.headerSize))
            }
            total += Int64(piece.count)
            rest = rest.dropFirst(piece.count)
            let header = OutputRing(total: total, at: at).header
            _ = pwrite(descriptor, header, header.count, 0)
        }
    }

    func finish() { close(descriptor) }
}
