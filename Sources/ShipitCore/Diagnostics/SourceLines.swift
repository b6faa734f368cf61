/// The lines of a file, cut where YAML cuts them: at LF, CRLF and CR.
struct SourceLines: Sendable {
    private let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is no part of the first line.
        var starts = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices {
                let isEnd =
                    bytes[index] == 0x0A
                    || (bytes[index] == 0x0D && (index + 1 == bytes.count || bytes[index + 1] != 0x0A))
                if isEnd { starts.append(index + 1) }
            }
        }
        self.starts = starts
    }

    /// The line with this number, from 1, without its end; of a line with more than `widest` characters the part around
    /// a column. `nil` when there is no such line.
    func excerpt(line number: Int, around column: Int, widest: Int) -> Excerpt? {
        guard starts.indices.contains(number - 1) else { return nil }
        let start = starts[number - 1]
        var end = number < starts.count ? starts[number] : bytes.count
        while end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
        if end - start <= widest {
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            return Excerpt(scalars: Array(text.unicodeScalars), column: 1, isCutBefore: false, isCutAfter: false)
        }
        // Never the whole of a line of megabytes: only its bytes are walked, and only the window is taken apart.
        let first = max(1, column - widest / 4)
        let from = offset(ofColumn: first, from: start, to: end)
        let to = offset(ofColumn: widest + 1, from: from, to: end)
        let text = String(decoding: bytes[from..<to], as: UTF8.self)
        return Excerpt(
            scalars: Array(text.unicodeScalars), column: first, isCutBefore: first > 1, isCutAfter: to < end)
    }

    private func offset(ofColumn column: Int, from start: Int, to end: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var offset = start
            var left = column - 1
            while offset < end {
                if bytes[offset] & 0xC0 != 0x80 {
                    if left == 0 { break }
                    left -= 1
                }
                offset += 1
            }
            return offset
        }
    }
}

/// A line of a file, or a window on it.
struct Excerpt {
    var scalars: [Unicode.Scalar]
    /// Of its first character.
    var column: Int
    var isCutBefore: Bool
    var isCutAfter: Bool
}
