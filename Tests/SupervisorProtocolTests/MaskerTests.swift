import Testing

@testable import SupervisorProtocol

@Suite("The masker", .timeLimit(.minutes(3)))
struct MaskerTests {
    /// What the masker promises, said as plainly as possible: every byte of every occurrence is hidden, each unbroken run
    /// of hidden bytes is one `***`.
    private func naive(_ text: [UInt8], _ patterns: Set<[UInt8]>) -> [UInt8] {
        var isHidden = [Bool](repeating: false, count: text.count)
        for pattern in patterns where !pattern.isEmpty && pattern.count <= text.count {
            for start in 0...(text.count - pattern.count)
            where text[start..<start + pattern.count].elementsEqual(pattern) {
                for index in start..<start + pattern.count { isHidden[index] = true }
            }
        }
        var result: [UInt8] = []
        for (index, byte) in text.enumerated() {
            if !isHidden[index] {
                result.append(byte)
            } else if index == 0 || !isHidden[index - 1] {
                result += [42, 42, 42]
            }
        }
        return result
    }

    private func masked(_ pieces: [[UInt8]], _ patterns: MaskPatterns) -> [UInt8] {
        var masker = Masker(patterns)
        var output: [UInt8] = []
        for piece in pieces { piece.withUnsafeBytes { masker.feed($0, into: &output) } }
        masker.finish(into: &output)
        return output
    }

    private func masked(_ text: String, secrets: [String]) -> String {
        String(decoding: masked([Array(text.utf8)], MaskPatterns(secrets: secrets)), as: UTF8.self)
    }

    @Test func `it hides the same as a naive masker, however the stream is cut`() {
        var random = SplitMix(state: 20_260_112)
        for round in 0..<4000 {
            let letters = UInt8(random.next() % 3 + 2)
            func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in 97 + UInt8(random.next() % UInt64(letters)) } }
            let patterns = Set((0..<random.next() % 5 + 1).map { _ in bytes(Int(random.next() % 9) + 1) })
            let text = bytes(Int(random.next() % 120))
            var (pieces, rest) = ([[UInt8]](), text[...])
            while !rest.isEmpty {
                let piece = rest.prefix(Int(random.next() % 12))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            let (expected, actual) = (naive(text, patterns), masked(pieces, MaskPatterns(patterns: patterns)))
            guard expected == actual else {
                Issue.record("round \(round): \(text) with \(patterns) gave \(actual), not \(expected)")
                return
            }
        }
    }

    @Test func `every split point of a secret hides it`() {
        let text = Array("before s3cr3t-value after".utf8)
        for cut in 0...text.count {
            let shown = masked([Array(text[..<cut]), Array(text[cut...])], MaskPatterns(secrets: ["s3cr3t-value"]))
            #expect(String(decoding: shown, as: UTF8.self) == "before *** after")
        }
    }

    @Test func `only a tail that begins a secret is held back, until the stream goes on or ends`() {
        var masker = Masker(MaskPatterns(secrets: ["hunter2"]))
        var output: [UInt8] = []
        func feed(_ text: String) -> String {
            output = []
            Array(text.utf8).withUnsafeBytes { masker.feed($0, into: &output) }
            return String(decoding: output, as: UTF8.self)
        }
        #expect(feed("Password: ") == "Password: ")
        #expect(feed("hunt") == "")
        #expect(feed("er") == "")
        #expect(feed("s") == "hunters")
        #expect(feed("hunter") == "")
        output = []
        masker.finish(into: &output)
        #expect(String(decoding: output, as: UTF8.self) == "hunter")
    }

    @Test func `a secret of several lines is hidden whole and line by line`() {
        let secret = "-----BEGIN KEY-----\nabcdefgh\n  ijkl  \nxy\n-----END KEY-----\n"
        #expect(masked("<\(secret)>", secrets: [secret]) == "<***>")
        #expect(masked("it says abcdefgh and ijkl and xy", secrets: [secret]) == "it says *** and *** and xy")
        #expect(masked(secret.split(separator: "\n").joined(separator: "\\n"), secrets: [secret]) == "***")
    }

    @Test(
        arguments: [
            ("base64 alone", "cGFzcyB3J29yZCI8w6k+Lw=="),
            ("base64 after one byte", "eHBhc3MgdydvcmQiPMOpPi8="),
            ("base64 after two bytes", "eHhwYXNzIHcnb3JkIjzDqT4v"),
            ("URL", "pass%20w%27ord%22%3C%C3%A9%3E%2F"), ("URL in small letters", "pass%20w%27ord%22%3c%c3%a9%3e%2f"),
            ("form", "pass+w%27ord%22%3C%C3%A9%3E%2F"), ("URL path", "pass%20w%27ord%22%3C%C3%A9%3E/"),
            ("JSON", #"pass w'ord\"<é>/"#), ("JSON with slashes", #"pass w'ord\"<é>\/"#),
            ("JSON in ASCII", #"pass w'ord\"<\u00e9>/"#), ("JSON for HTML", #"pass w\u0027ord\"\u003cé\u003e/"#),
            ("single quotes", #"pass w'\''ord"<é>/"#), ("other single quotes", #"pass w'"'"'ord"<é>/"#),
            ("double quotes", #"pass w'ord\"<é>/"#), ("backslashes", #"pass\ w\'ord\"\<é\>/"#),
        ])
    func `a secret is known in other clothes`(form: String, text: String) {
        let shown = masked("[\(text)]", secrets: [#"pass w'ord"<é>/"#])
        // Of base64, a character that the neighbours have a part in may stay, and the padding.
        let isHidden = form.hasPrefix("base64") ? shown.contains("***") && shown.utf8.count <= 11 : shown == "[***]"
        #expect(isHidden, "\(form): \(shown)")
    }

    @Test func `wrapped base64 is hidden line by line`() {
        let secret = String(repeating: "0123456789abcdefghij", count: 10)
        let encoded = Base64.encode(
            Array(secret.utf8), Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8))
        let lines = stride(from: 0, to: encoded.count, by: 76)
            .map { String(decoding: encoded[$0..<min($0 + 76, encoded.count)], as: UTF8.self) }
        #expect(
            masked(lines.joined(separator: "\n"), secrets: [secret]) == lines.map { _ in "***" }.joined(separator: "\n")
        )
    }

    @Test func `without secrets everything passes at once`() {
        #expect(masked("hello", secrets: []) == "hello")
        #expect(masked("hello", secrets: [""]) == "hello")
        #expect(masked("", secrets: ["abcd"]) == "")
    }

    @Test func `a stream without a line end takes no memory of its size`() {
        var masker = Masker(MaskPatterns(secrets: ["aaaaaaab", "secret"]))
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 64 << 10)
        var (output, total) = ([UInt8](), 0)
        for _ in 0..<64 {
            output.removeAll(keepingCapacity: true)
            piece.withUnsafeBytes { masker.feed($0, into: &output) }
            total += output.count
            #expect(output.count <= piece.count + 8)
        }
        masker.finish(into: &output)
        #expect(total == 64 * piece.count - 7)
    }
}

/// A small generator with a seed, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
