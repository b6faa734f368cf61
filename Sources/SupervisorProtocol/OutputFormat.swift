/// Where a command's output lies in the log: no frame of it is outside.
public struct OutputExtent: Hashable, Sendable {
    public var start: Int64
    public var end: Int64

    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }
}

/// How much of each stream of each command is kept.
public enum OutputBounds {
    /// The first bytes of a stream stand in the log.
    public static let head: Int64 = 2 << 20
    /// The last bytes of a longer stream stand in a ring of its own.
    public static let tail: Int64 = 2 << 20
    /// Frames are no longer than this, however long a line is.
    public static let frame = 64 << 10
}

/// The log of a run's commands: frames of all of them in the order in which their output arrived.
public struct OutputFrame: Hashable, Sendable {
    public static let fileName = "output.log"

    public enum Kind: UInt8, Hashable, Sendable {
        case standardOutput = 1
        case standardError = 2
        /// Shipit's own words about the command.
        case note = 3
        /// The payload is the key that the frame's command id stands for.
        case key = 4
        /// The stream that the payload names goes on in its ring.
        case ring = 5
        /// The stream that the payload names is over; its ring changes no more.
        case ringClosed = 6
    }

    public static let headerSize = 17

    public var kind: Kind
    public var command: UInt32
    /// Milliseconds since 1970.
    public var at: Int64
    public var length: Int

    public init(kind: Kind, command: UInt32, at: Int64, length: Int) {
        self.kind = kind
        self.command = command
        self.at = at
        self.length = length
    }

    public var header: [UInt8] {
        var writer = ByteWriter()
        writer.put(UInt32(length))
        writer.put(kind.rawValue)
        writer.put(command)
        writer.put(at)
        return writer.bytes
    }

    /// `nil` where no frame begins.
    public init?(header: ArraySlice<UInt8>) {
        var reader = ByteReader(header)
        guard let length = try? reader.number(UInt32.self), let raw = try? reader.byte(),
            let kind = Kind(rawValue: raw), let command = try? reader.number(UInt32.self),
            let at = try? reader.number(Int64.self), length <= OutputBounds.frame
        else { return nil }
        self.init(kind: kind, command: command, at: at, length: Int(length))
    }
}

/// The file that keeps the last bytes of a stream that was longer than the log keeps: a header, then a ring in which the
/// byte at `position` of the stream stands at `position % OutputRing.capacity`.
public struct OutputRing: Hashable, Sendable {
    public static let headerSize = 16
    /// More than is shown, so that a reader is not overtaken by the piece that is just being written.
    public static let capacity = OutputBounds.tail + 4 * Int64(OutputBounds.frame)

    /// How long the stream is so far.
    public var total: Int64
    /// When its last byte arrived, in milliseconds since 1970.
    public var at: Int64

    public init(total: Int64, at: Int64) {
        self.total = total
        self.at = at
    }

    public static func fileName(command: UInt32, stream: UInt8) -> String { "output-\(command)-\(stream).ring" }

    public var header: [UInt8] {
        var writer = ByteWriter()
        writer.put(total)
        writer.put(at)
        return writer.bytes
    }

    public init?(header: ArraySlice<UInt8>) {
        var reader = ByteReader(header)
        guard let total = try? reader.number(Int64.self), let at = try? reader.number(Int64.self) else { return nil }
        self.init(total: total, at: at)
    }
}

/// The supervisor's socket in the run's folder.
public let supervisorSocketName = "supervisor.sock"

/// Whether a key is `prefix` or stands under it: `run/stage/1` covers `run/stage/1/step` and not `run/stage/12`.
public func key(_ key: String, isUnder prefix: String) -> Bool {
    guard key.utf8.starts(with: prefix.utf8) else { return false }
    let rest = key.utf8.dropFirst(prefix.utf8.count)
    return prefix.isEmpty || rest.isEmpty || prefix.utf8.last == UInt8(ascii: "/") || rest.first == UInt8(ascii: "/")
}
