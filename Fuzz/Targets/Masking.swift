import Foundation
import SupervisorProtocol

/// The masker hides the same as a naive one that has the whole text before it, however the stream is cut; and a secret in
/// clothes that other programs put on it.
@Sendable func checkMasker(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let secrets = (0..<Int(input.byte() % 4)).map { _ in input.text(Int(input.byte() % 32)) }
    let forms = MaskForms.all(of: secrets)
    let text = text(&input, forms.sorted { $0.lexicographicallyPrecedes($1) })
    var masker = Masker(MaskPatterns(secrets: secrets))
    var shown: [UInt8] = []
    for piece in pieces(of: text) { piece.withUnsafeBytes { masker.feed($0, into: &shown) } }
    masker.finish(into: &shown)
    let expected = naivelyMasked(text, forms)
    try expect(shown == expected, "\(secrets) in \(text): \(shown) instead of \(expected)")
    for secret in secrets { try checkClothes(of: secret, MaskPatterns(secrets: secrets), forms) }
}

/// Bytes of the input, and forms of the secrets where it says so: whole, begun, or without their beginning.
private func text(_ input: inout Input, _ forms: [[UInt8]]) -> [UInt8] {
    var text: [UInt8] = []
    while !input.isAtEnd, text.count < 2048 {
        let byte = input.byte()
        guard byte < 0x20, !forms.isEmpty else {
            text.append(byte)
            continue
        }
        let form = forms[input.number(below: forms.count)]
        switch byte % 3 {
        case 0: text += form
        case 1: text += form.prefix(form.count - min(form.count, Int(byte) / 3))
        default: text += form.dropFirst(Int(byte) / 3)
        }
    }
    return text
}

/// Every byte of every occurrence is hidden, each unbroken run of hidden bytes is one `***`.
private func naivelyMasked(_ text: [UInt8], _ patterns: Set<[UInt8]>) -> [UInt8] {
    var isHidden = [Bool](repeating: false, count: text.count)
    for pattern in patterns where !pattern.isEmpty && pattern.count <= text.count {
        for start in 0...(text.count - pattern.count)
        where text[start] == pattern[0] && text[start..<start + pattern.count].elementsEqual(pattern) {
            for index in start..<start + pattern.count { isHidden[index] = true }
        }
    }
    var result: [UInt8] = []
    for (index, byte) in text.enumerated() {
        if !isHidden[index] {
            result.append(byte)
        } else if index == 0 || !isHidden[index - 1] {
            result += Array("***".utf8)
        }
    }
    return result
}

/// What Foundation makes of a secret is hidden, too. Between two characters that stand in no form.
private func checkClothes(of secret: String, _ patterns: MaskPatterns, _ forms: Set<[UInt8]>) throws {
    guard secret.utf8.count >= 4,
        let edge = "|#@~`".utf8.first(where: { edge in forms.allSatisfy { !$0.contains(edge) } })
    else { return }
    let mark = String(decoding: [edge], as: UTF8.self)
    func expectHidden(_ clothes: String) throws {
        let shown = Masker.masked(mark + clothes + mark, patterns)
        try expect(shown == "\(mark)***\(mark)", "\(secret.debugDescription) is seen in \(shown.debugDescription)")
    }
    try expectHidden(secret)
    try expectHidden(
        secret.addingPercentEncoding(
            withAllowedCharacters: CharacterSet(
                charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) ?? secret)
    for options: JSONEncoder.OutputFormatting in [[], .withoutEscapingSlashes] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = options
        let json = try encoder.encode(secret)
        try expectHidden(String(decoding: json.dropFirst().dropLast(), as: UTF8.self))
    }
    try expectHidden(String(Data(secret.utf8).base64EncodedString().prefix { $0 != "=" }))
}
