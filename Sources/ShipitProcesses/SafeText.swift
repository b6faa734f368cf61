/// Shows bytes of any origin as text that does nothing to a terminal: what is not UTF-8 becomes `\xNN`, control
/// sequences lose their power, and only colours may stay.
///
/// Bytes arrive in pieces; a character or a sequence that is cut waits for its rest.
public struct SafeText: Sendable {
    /// A control sequence longer than this is none.
    private static let longestSequence = 32

    private let colours: Bool
    private var held: [UInt8] = []
    private var hasColour = false

    /// With `colours`, sequences that set them pass; without, they vanish.
    public init(colours: Bool = false) { self.colours = colours }

    public static func text(of bytes: some Sequence<UInt8>, colours: Bool = false) -> String {
        var text = SafeText(colours: colours)
        return text.append(bytes) + text.finish()
    }

    public mutating func append(_ bytes: some Sequence<UInt8>) -> String {
        held += bytes
        return take(isEnd: false)
    }

    /// What was waiting for its rest; and the terminal's own colours again, if they were changed.
    public mutating func finish() -> String {
        defer { hasColour = false }
        return take(isEnd: true) + (hasColour ? "\u{1b}[0m" : "")
    }

    private mutating func take(isEnd: Bool) -> String {
        var text = ""
        var rest = held[...]
        while let byte = rest.first {
            let taken: Int
            switch byte {
            case 0x0a, 0x09, 0x20...0x7e:
                text.unicodeScalars.append(Unicode.Scalar(byte))
                taken = 1
            case 0x0d:
                taken = Self.carriageReturn(rest, isEnd: isEnd, into: &text)
            case 0x1b:
                taken = escape(rest, isEnd: isEnd, into: &text)
            case 0x80...:
                taken = Self.character(rest, isEnd: isEnd, into: &text)
            default:
                text += Self.hexadecimal(byte)
                taken = 1
            }
            guard taken > 0 else { break }
            rest = rest.dropFirst(taken)
        }
        held = Array(rest)
        return text
    }

    /// Alone it would write over what stands in the line; so it begins a new one.
    private static func carriageReturn(_ rest: ArraySlice<UInt8>, isEnd: Bool, into text: inout String) -> Int {
        guard rest.count > 1 || isEnd else { return 0 }
        if rest.dropFirst().first != 0x0a { text += "\n" }
        return 1
    }

    private mutating func escape(_ rest: ArraySlice<UInt8>, isEnd: Bool, into text: inout String) -> Int {
        let sequence = rest.prefix(Self.longestSequence)
        if sequence.count == 1 || sequence.dropFirst().first == UInt8(ascii: "[") {
            let parameters = sequence.dropFirst(2).prefix { (0x20...0x3f).contains($0) }
            guard let last = sequence.dropFirst(2 + parameters.count).first else {
                if !isEnd, rest.count < Self.longestSequence { return 0 }
                text += Self.hexadecimal(0x1b)
                return 1
            }
            let isColour = parameters.allSatisfy { (0x30...0x3b).contains($0) }
            if last == UInt8(ascii: "m"), isColour {
                if colours {
                    text += "\u{1b}[" + String(decoding: parameters, as: UTF8.self) + "m"
                    hasColour = true
                }
                return 3 + parameters.count
            }
        }
        text += Self.hexadecimal(0x1b)
        return 1
    }

    private static func character(_ rest: ArraySlice<UInt8>, isEnd: Bool, into text: inout String) -> Int {
        let length = length(ofCharacter: rest.first!)
        let bytes = rest.prefix(length)
        let isCut = bytes.count < length && bytes.dropFirst().allSatisfy { $0 & 0xc0 == 0x80 }
        if length > 1, isCut, !isEnd { return 0 }
        guard length > 1, let scalar = String(validating: bytes, as: UTF8.self)?.unicodeScalars.first else {
            text += hexadecimal(rest.first!)
            return 1
        }
        if isUnsafe(scalar) {
            text += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            text.unicodeScalars.append(scalar)
        }
        return length
    }

    private static func length(ofCharacter lead: UInt8) -> Int {
        switch lead {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 1
        }
    }

    /// Controls of the second set, line ends of another kind, and what turns the direction of writing around.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x80...0x9f, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
}
