/// Takes an input apart. What is asked for beyond its end is zero.
struct Input {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func number(below limit: Int) -> Int {
        let number = (0..<3).reduce(0) { number, _ in number << 8 | Int(byte()) }
        return limit > 0 ? number % limit : 0
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = rest.prefix(count)
        rest = rest.dropFirst(taken.count)
        return Array(taken)
    }

    mutating func text(_ count: Int) -> String { String(decoding: bytes(count), as: UTF8.self) }
}

/// Cuts bytes into pieces, the same ones for the same bytes: streams arrive in any pieces, empty ones included.
func pieces(of bytes: [UInt8], longest: Int = 12) -> [[UInt8]] {
    var state = bytes.reduce(UInt64(bytes.count)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let piece = rest.prefix(Int(state >> 33) % (longest + 1))
        pieces.append(Array(piece))
        rest = rest.dropFirst(piece.count)
    }
    return pieces
}

/// The parts of an input between line ends.
func lines(of bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
}
