/// What was read is not what the other side would have written.
public enum WireError: Error, Hashable, Sendable {
    case truncated
    case malformed(String)
    /// A frame longer than `FrameBuffer.limit`.
    case oversized(Int)
}

/// Appends little-endian numbers and length-prefixed text.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func put(_ byte: UInt8) { bytes.append(byte) }

    mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        let utf8 = text.utf8
        put(UInt32(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    mutating func put(_ texts: [String]) {
        put(UInt32(texts.count))
        for text in texts { put(text) }
    }
}

/// Reads what `ByteWriter` wrote. Every length is checked against what is there before anything is allocated.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    private mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(WireError) -> UInt8 { try take(1).first! }

    mutating func flag() throws(WireError) -> Bool { try byte() != 0 }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(WireError) -> Number {
        var value: Number = 0
        let source = try take(MemoryLayout<Number>.size)
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: source) }
        return Number(littleEndian: value)
    }

    mutating func text() throws(WireError) -> String {
        let count = Int(try number(UInt32.self))
        return String(decoding: try take(count), as: UTF8.self)
    }

    mutating func texts() throws(WireError) -> [String] {
        let count = Int(try number(UInt32.self))
        // Each text takes four bytes at least, so a lie about the count cannot allocate more than was sent.
        guard count <= (bytes.endIndex - position) / 4 else { throw .truncated }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count { texts.append(try text()) }
        return texts
    }
}
