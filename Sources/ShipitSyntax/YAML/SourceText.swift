import ShipitCore

/// The bytes of a file and where its lines begin.
struct SourceText {
    let file: String
    let bytes: [UInt8]
    /// With a byte order mark, where there is one.
    let written: [UInt8]
    /// Among the files that were read; 0 is the pipeline's own.
    let number: Int32
    /// Offsets of the first bytes of the lines.
    private let starts: [Int]

    /// The largest file that is read: some 80,000 stages.
    static let sizeLimit = 8 << 20

    /// The longest line that is searched for the exact place of a mistake. Beyond it the start of the text has to do:
    /// many mistakes on one endless line must not take quadratic time.
    private static let searchedLine = 20_000

    /// Checks what YAML itself would let pass: the encoding, and characters that a reader of the file cannot see.
    init(_ bytes: [UInt8], file: String, number: Int32 = 0) throws(Refusal) {
        guard bytes.count <= Self.sizeLimit else {
            let size = "\(bytes.count) bytes, more than the \(Self.sizeLimit) that are read"
            throw Refusal("file-too-large", "the file has \(size)", Span(file: file, line: 1, column: 1))
        }
        self.file = file
        self.number = number
        written = bytes
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        var scan = CharacterScan()
        starts = try self.bytes.withUnsafeBufferPointer { buffer throws(Refusal) in
            try scan.run(over: buffer, file: file)
            return scan.starts
        }
    }

    func span(_ place: Place) -> Span {
        let line = Int(place.line)
        let column = Int(place.column)
        let length = place.length > 0 ? Int(place.length) : characters(ofLine: line) - column + 1
        return Span(file: file, line: line, column: column, length: length)
    }

    /// The place itself, or the end of the last line for one after it: libyaml ends an open line by one of its own.
    func inside(_ place: Place) -> Place {
        guard place.line > starts.count else { return place }
        let last = starts.count
        return Place(line: Int32(last), column: Int32(characters(ofLine: last) + 1), length: 1, file: number)
    }

    private func characters(ofLine line: Int) -> Int {
        let text = bytes(ofLine: line)
        guard text.count <= Self.searchedLine else { return 1 }
        let end = text.lastIndex { $0 > UInt8(ascii: " ") }.map { $0 + 1 } ?? text.startIndex
        return text[..<end].count { $0 & 0xC0 != 0x80 }
    }

    private func bytes(ofLine line: Int) -> ArraySlice<UInt8> {
        guard starts.indices.contains(line - 1) else { return [] }
        return bytes[starts[line - 1]..<(line < starts.count ? starts[line] : bytes.count)]
    }

    /// The place of the `count`th occurrence of `fragment` at or after `place`, not further than `limit` lines on.
    func place(of fragment: String, occurrence count: Int = 1, from place: Place, lines limit: Int = 1) -> Place? {
        let wanted = Array(fragment.utf8)
        guard !wanted.isEmpty else { return nil }
        var left = count
        for line in Int(place.line)..<(Int(place.line) + limit) {
            let text = bytes(ofLine: line)
            guard text.count <= Self.searchedLine else { return nil }
            var index = text.startIndex
            var column = 1
            while index + wanted.count <= text.endIndex {
                let isThere = line > place.line || column >= place.column
                if isThere, text[index] == wanted[0], text[index..<(index + wanted.count)].elementsEqual(wanted) {
                    left -= 1
                    if left == 0 {
                        let length = wanted.count { $0 & 0xC0 != 0x80 }
                        return Place(line: Int32(line), column: Int32(column), length: Int32(length), file: number)
                    }
                }
                if text[index] & 0xC0 != 0x80 { column += 1 }
                index += 1
                while index < text.endIndex, text[index] & 0xC0 == 0x80 { index += 1 }
            }
        }
        return nil
    }

    /// `place` made longer, up to and with the next `fragment` on its line.
    func place(_ place: Place, through fragment: String) -> Place {
        guard let end = self.place(of: fragment, from: place) else { return place }
        return Place(
            line: place.line, column: place.column, length: end.column + end.length - place.column, file: number)
    }
}

/// The one fault that keeps a file from being read further.
struct Refusal: Error {
    var diagnostic: Diagnostic

    init(_ code: String, _ message: String, _ span: Span, hint: String? = nil) {
        diagnostic = Diagnostic(.error, code, message, at: span, hint: hint)
    }
}

/// One pass over the bytes: valid UTF-8, nothing invisible, and where lines begin.
private struct CharacterScan {
    var starts = [0]
    private var line = 1
    private var column = 1

    mutating func run(over bytes: UnsafeBufferPointer<UInt8>, file: String) throws(Refusal) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte >= 0x20 && byte < 0x7F || byte == 0x09 {
                index += 1
                column += 1
            } else if byte == 0x0A || byte == 0x0D {
                index += byte == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
                starts.append(index)
                line += 1
                column = 1
            } else {
                guard let (scalar, width) = decode(bytes, at: index) else {
                    throw Refusal(
                        "invalid-utf8", "the file is not UTF-8: byte 0x\(String(byte, radix: 16)) has no meaning here",
                        Span(file: file, line: line, column: column), hint: "save the file as UTF-8")
                }
                if let name = hiddenCharacter(scalar) {
                    throw Refusal(
                        "hidden-character", "\(name) (\(codePoint(scalar))) could show the file other than it is",
                        Span(file: file, line: line, column: column),
                        hint: "remove it, or write it as an escape in double quotes")
                }
                index += width
                column += 1
            }
        }
    }

    private func decode(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (UInt32, Int)? {
        let first = bytes[index]
        let width: Int
        var scalar: UInt32
        switch first {
        case 0x00..<0x80: return (UInt32(first), 1)
        case 0xC2..<0xE0: (width, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0..<0xF0: (width, scalar) = (3, UInt32(first & 0x0F))
        case 0xF0..<0xF5: (width, scalar) = (4, UInt32(first & 0x07))
        default: return nil
        }
        guard index + width <= bytes.count else { return nil }
        for offset in 1..<width {
            guard bytes[index + offset] & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(bytes[index + offset] & 0x3F)
        }
        // Overlong forms, surrogates and what lies past Unicode are no characters.
        let least: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x1_0000
        guard scalar >= least, Unicode.Scalar(scalar) != nil else { return nil }
        return (scalar, width)
    }
}

/// What a character is called that has no place in a file people review; `nil` for all others.
func hiddenCharacter(_ scalar: UInt32) -> String? {
    switch scalar {
    case 0x00: "a NUL character"
    case 0x09, 0x0A, 0x0D: nil
    case 0x01..<0x20, 0x7F..<0xA0: "a control character"
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: "a character that turns the reading direction"
    case 0x2028, 0x2029: "a line break that editors don't count"
    case 0xFEFF: "a byte order mark inside the file"
    default: nil
    }
}

private func codePoint(_ scalar: UInt32) -> String {
    let digits = String(scalar, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
