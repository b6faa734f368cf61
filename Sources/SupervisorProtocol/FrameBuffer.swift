/// Cuts a stream of bytes into frames: four bytes of length, then that many bytes.
public struct FrameBuffer: Sendable {
    /// Linux limits argv and the environment together to 6 MiB; a frame also carries the secrets.
    public static let limit = 32 << 20

    private var bytes: [UInt8] = []
    private var start = 0

    public init() {}

    public mutating func append(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }

    /// The next whole frame, or `nil` until more has arrived.
    public mutating func next() throws(WireError) -> ArraySlice<UInt8>? {
        guard bytes.count - start >= 4 else {
            compact()
            return nil
        }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        guard length <= Self.limit else { throw .oversized(length) }
        guard bytes.count - start - 4 >= length else {
            compact()
            return nil
        }
        defer { start += 4 + length }
        return bytes[start + 4..<start + 4 + length]
    }

    private mutating func compact() {
        guard start > 0 else { return }
        bytes.removeSubrange(0..<start)
        start = 0
    }

    static func frame(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(UInt32(0))
        write(&writer)
        let length = UInt32(writer.bytes.count - 4)
        for index in 0..<4 { writer.bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
        return writer.bytes
    }
}
