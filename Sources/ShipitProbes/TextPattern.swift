/// What a text must hold: words contained in it, or a regular expression between slashes.
struct TextPattern {
    private enum Kind {
        case contained(String)
        // Built anew from its source at each use: a compiled `Regex` is not Sendable.
        case regex(String)
    }

    private let kind: Kind

    init(_ written: String, field: String) throws(BadField) {
        guard written.count >= 2, written.hasPrefix("/"), written.hasSuffix("/") else {
            kind = .contained(written)
            return
        }
        let source = String(written.dropFirst().dropLast())
        do {
            _ = try Regex<AnyRegexOutput>(source)
        } catch {
            throw BadField(field, "\(written) is not a regular expression: \(error)")
        }
        kind = .regex(source)
    }

    func matches(_ text: String) -> Bool {
        switch kind {
        case .contained(let words): return words.isEmpty || text.contains(words)
        case .regex(let source):
            guard let regex = try? Regex<AnyRegexOutput>(source) else {
                preconditionFailure("the initializer has compiled this expression")
            }
            return text.firstMatch(of: regex) != nil
        }
    }

    /// As in "lacks …".
    var words: String {
        switch kind {
        case .contained(let words): "\"\(words)\""
        case .regex(let source): "/\(source)/"
        }
    }
}
