/// The ways in which a secret's value comes to stand in a command's output.
package enum MaskForms {
    /// Shorter pieces of a secret occur in innocent text; only a whole value is masked however short it is.
    static let shortestPart = 4

    package static func all(of secrets: [String]) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = []
        for secret in secrets where !secret.isEmpty {
            let value = Array(secret.utf8)
            let bare = trimmed(value[...])
            forms.insert(value)
            forms.insert(bare)
            for whole in Set([value, bare]) {
                forms.formUnion(escapings(of: whole))
                forms.formUnion(Base64.forms(of: whole))
            }
            guard bare.contains(UInt8(ascii: "\n")) else { continue }
            for piece in bare.split(separator: UInt8(ascii: "\n")) {
                let line = trimmed(piece)
                guard line.count >= shortestPart else { continue }
                forms.insert(line)
                forms.formUnion(escapings(of: line))
            }
        }
        forms.remove([])
        return forms
    }

    private static func escapings(of value: [UInt8]) -> [[UInt8]] {
        (urlEncodings(of: value) + jsonEscapings(of: value) + shellQuotings(of: value))
            .filter { $0.count >= shortestPart }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
        var rest = bytes
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        return Array(rest)
    }

    // MARK: URLs

    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// Percent-encoding as RFC 3986 has it, as browsers and libraries vary it, and as forms do.
    private static func urlEncodings(of value: [UInt8]) -> [[UInt8]] {
        var encodings: [[UInt8]] = []
        for kept in ["", "/", "!*'()", "!*'();/?:@&=+$,#"] {
            let plain = unreserved.union(kept.utf8)
            for digits in ["0123456789ABCDEF", "0123456789abcdef"] {
                let encoded = percentEncoded(value, plain: plain, digits: Array(digits.utf8), space: "%20")
                encodings.append(encoded)
                if value.contains(0x20) {
                    encodings.append(percentEncoded(value, plain: plain, digits: Array(digits.utf8), space: "+"))
                }
            }
        }
        return encodings
    }

    private static func percentEncoded(_ value: [UInt8], plain: Set<UInt8>, digits: [UInt8], space: String) -> [UInt8] {
        value.flatMap { byte -> [UInt8] in
            if byte == 0x20 { return Array(space.utf8) }
            if plain.contains(byte) { return [byte] }
            return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    // MARK: JSON

    /// With and without `\/`, `\u003c` for what HTML minds, and `\u00e9` for what is not ASCII.
    private static func jsonEscapings(of value: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: value, as: UTF8.self)
        var escapings: [[UInt8]] = []
        for slash in [false, true] {
            for html in [false, true] {
                for ascii in [false, true] {
                    escapings.append(jsonEscaped(text, slash: slash, html: html, ascii: ascii, uppercase: false))
                    if html || ascii {
                        escapings.append(jsonEscaped(text, slash: slash, html: html, ascii: ascii, uppercase: true))
                    }
                }
            }
        }
        return escapings
    }

    private static func jsonEscaped(_ text: String, slash: Bool, html: Bool, ascii: Bool, uppercase: Bool) -> [UInt8] {
        func coded(_ unit: UInt16) -> String {
            let digits = String(unit, radix: 16, uppercase: uppercase)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case "/" where slash: result += "\\/"
            case "<" where html, ">" where html, "&" where html, "'" where html: result += coded(UInt16(scalar.value))
            case _ where scalar.value < 0x20: result += coded(UInt16(scalar.value))
            case _ where ascii && !scalar.isASCII: result += String(scalar).utf16.map(coded).joined()
            default: result.unicodeScalars.append(scalar)
            }
        }
        return Array(result.utf8)
    }

    // MARK: Shells

    /// Inside single quotes (two customs), inside double quotes, behind backslashes, and inside `$'…'`.
    private static func shellQuotings(of value: [UInt8]) -> [[UInt8]] {
        let quote = UInt8(ascii: "'")
        let special = Set(" \t\n!\"#$&'()*,;<=>?[\\]^`{|}~".utf8)
        func replacing(_ body: (UInt8) -> String?) -> [UInt8] {
            value.flatMap { byte in body(byte).map { Array($0.utf8) } ?? [byte] }
        }
        func escaping(_ bytes: Set<UInt8>) -> [UInt8] { value.flatMap { bytes.contains($0) ? [0x5c, $0] : [$0] } }
        return [
            replacing { $0 == quote ? #"'\''"# : nil },
            replacing { $0 == quote ? #"'"'"'"# : nil },
            escaping(special),
            escaping(Set("\"$`\\".utf8)),
            escaping(Set("\"$`\\!".utf8)),
            replacing { byte in
                switch byte {
                case 0x0a: #"\n"#
                case 0x0d: #"\r"#
                case 0x09: #"\t"#
                case 0x1b: #"\E"#
                case quote: #"\'"#
                case 0x5c: #"\\"#
                default: nil
                }
            },
        ]
    }
}

/// Base64 of a value that stands anywhere in what was encoded: the characters that its own bytes decide.
enum Base64 {
    static func forms(of value: [UInt8]) -> Set<[UInt8]> {
        guard value.count >= MaskForms.shortestPart else { return [] }
        var forms: Set<[UInt8]> = []
        for alphabet in [standard, urlSafe] {
            for offset in 0..<3 {
                let encoded = encode([UInt8](repeating: 0, count: offset) + value, alphabet)
                // The first characters mix in what stands before the value, the last may mix in what follows.
                let begin = [0, 2, 3][offset]
                let own = (offset + value.count) * 8 / 6
                forms.insert(Array(encoded[begin..<max(begin, own)]))
                forms.insert(Array(encoded[begin...]))
                if offset == 0 { forms.formUnion(wrapped(encoded)) }
            }
        }
        return forms.filter { $0.count >= MaskForms.shortestPart }
    }

    /// The lines that `base64` and PEM make of a long value.
    private static func wrapped(_ encoded: [UInt8]) -> [[UInt8]] {
        [64, 76].filter { encoded.count > $0 }.flatMap { width in
            stride(from: 0, to: encoded.count, by: width).map { Array(encoded[$0..<min($0 + width, encoded.count)]) }
        }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standard = Array((letters + "+/").utf8)
    private static let urlSafe = Array((letters + "-_").utf8)

    /// Without padding: `=` is no secret.
    static func encode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xffff
            count += 8
            while count >= 6 {
                count -= 6
                encoded.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { encoded.append(alphabet[bits << (6 - count) & 63]) }
        return encoded
    }
}
