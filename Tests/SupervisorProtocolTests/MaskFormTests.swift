import Foundation
import SupervisorProtocol
import Testing

/// Random secrets in the clothes that real encoders give them, in random surroundings, cut at random places.
/// `SHIPIT_MASK_TRIALS=N` tries more.
@Suite("A secret in any clothes", .timeLimit(.minutes(60)))
struct MaskFormTests {
    private static let variables = ProcessInfo.processInfo.environment
    private static let trials = Int(variables["SHIPIT_MASK_TRIALS"] ?? "") ?? 100_000
    private static let seed = UInt64(variables["SHIPIT_MASK_SEED"] ?? "") ?? 7

    @Test func `what real encoders make of a secret is hidden, wherever it stands and however it is cut`() throws {
        var random = SplitMix(state: Self.seed)
        var done = 0
        var (output, text) = ([UInt8](), [UInt8]())
        while done < Self.trials {
            let secret = Self.secret(&random)
            let patterns = MaskPatterns(secrets: [secret])
            let forms = try Self.forms(of: secret)
            for _ in 0..<500 {
                let (name, form) = forms[Int(random.next() % UInt64(forms.count))]
                text.removeAll(keepingCapacity: true)
                Self.noise(&random, into: &text)
                text += form
                Self.noise(&random, into: &text)
                output.removeAll(keepingCapacity: true)
                Self.mask(text, patterns, &random, into: &output)
                done += 1
                guard Self.holds(output, form) || !Self.holds(output, [42, 42, 42]) else { continue }
                Issue.record("\(name) of \(secret.debugDescription) in \(text): \(output), seed \(Self.seed)")
                return
            }
        }
        print("masker: \(done) secrets in other clothes, 0 seen, seed \(Self.seed)")
    }

    private static func secret(_ random: inout SplitMix) -> String {
        let alphabets = [
            "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFabcdef0123456789+/=", "p4ss w0rd'\"\\$`!&<>#%/?;:@",
            "äöüß€𝄞日本語abc ", "line\none\ttwo\r\n x",
        ].map(Array.init)
        let letters = alphabets[Int(random.next() % UInt64(alphabets.count))]
        while true {
            let value = String(
                (0..<6 + random.next() % 40).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
            // What is blank around a value is not masked, and what is left must be a secret.
            let bare = value.trimmingCharacters(in: .whitespacesAndNewlines)
            if bare.utf8.count >= 6 { return bare }
        }
    }

    private static func forms(of secret: String) throws -> [(String, [UInt8])] {
        let quoted = secret.replacing("'", with: #"'\''"#)
        let plain = try #require(String(data: JSONEncoder().encode([secret]), encoding: .utf8))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let slashes = try #require(String(data: encoder.encode([secret]), encoding: .utf8))
        let everything = try #require(secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        var unreserved = CharacterSet(charactersIn: "-._~")
        unreserved.formUnion(
            CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
        let url = try #require(secret.addingPercentEncoding(withAllowedCharacters: unreserved))
        var forms = [
            ("plain", Array(secret.utf8)), ("shell-quoted", Array(quoted.utf8)),
            ("JSON", Array(plain.dropFirst(2).dropLast(2).utf8)),
            ("JSON with slashes", Array(slashes.dropFirst(2).dropLast(2).utf8)), ("URL", Array(url.utf8)),
            ("form", Array(url.replacing("%20", with: "+").utf8)),
        ]
        // Where nothing but letters and digits passes, those of other scripts pass, too.
        if secret.utf8.allSatisfy({ $0 < 0x80 }), !secret.contains(where: { "-._~".contains($0) }) {
            forms.append(("URL, every sign", Array(everything.utf8)))
        }
        for offset in 0..<3 {
            let bytes = [UInt8](repeating: 0x41, count: offset) + Array(secret.utf8) + [0x42, 0x43]
            for (name, encoded) in [
                ("base64", Data(bytes).base64EncodedString()),
                ("base64url", Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")),
            ] {
                // Only what the secret's own bits decide is its own.
                let own = Array(encoded.utf8)[(offset * 8 + 5) / 6..<(offset + secret.utf8.count) * 8 / 6]
                forms.append(("\(name) at \(offset)", Array(own)))
            }
        }
        return forms
    }

    /// Nothing in it is part of a secret.
    private static func noise(_ random: inout SplitMix, into text: inout [UInt8]) {
        for _ in 0..<random.next() % 24 { text.append([0x7c, 0x0a, 0x00, 0xff, 0x5f][Int(random.next() % 5)]) }
    }

    private static func mask(
        _ text: [UInt8], _ patterns: MaskPatterns, _ random: inout SplitMix, into output: inout [UInt8]
    ) {
        var masker = Masker(patterns)
        text.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + 1 + Int(random.next() % 16))
                masker.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &output)
                start = end
            }
        }
        masker.finish(into: &output)
    }

    private static func holds(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard text.count >= part.count else { return false }
        return text.withUnsafeBytes { text in
            part.withUnsafeBytes { part in
                (0...text.count - part.count).contains {
                    memcmp(text.baseAddress! + $0, part.baseAddress!, part.count) == 0
                }
            }
        }
    }
}
