/// Text with `${{ … }}` in it, taken apart. What a reference stands for is text and stays text: the result of a
/// substitution is never read for references again.
public struct Template: Hashable, Sendable {
    public enum Part: Hashable, Sendable {
        case text(String)
        case reference(Reference, fallback: String?)
    }

    public var parts: [Part]

    public init(parts: [Part]) { self.parts = parts }
    public init(literal text: String) { parts = text.isEmpty ? [] : [.text(text)] }

    /// The text when nothing is left to be substituted, else `nil`.
    public var literal: String? {
        var text = ""
        for part in parts {
            guard case .text(let piece) = part else { return nil }
            text += piece
        }
        return text
    }

    /// As the author would write it, references and all.
    public var written: String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .reference(let reference, nil): "${{ \(reference) }}"
            case .reference(let reference, let fallback?): "${{ \(reference) || \"\(fallback)\" }}"
            }
        }.joined()
    }

    public var references: [Reference] {
        parts.compactMap { part in
            if case .reference(let reference, _) = part { return reference }
            return nil
        }
    }
}

/// What may stand between `${{` and `}}`.
public enum Reference: Hashable, Sendable {
    /// `release.tag`, `.version`, `.commit`, `.tree`.
    case release(String)
    /// `target.version`, `.tag`, `.commit`, `.tree`: this release when performing, the live one before it when undoing.
    case target(String)
    /// `previous.version`, `.tag`, `.commit`: the live release before this one.
    case previous(String)
    case variable(String)
    case output(StageName, String)
    case secret(String)
    /// `instance.index`, `.port`, `.name`: known to `rolling-restart` alone.
    case instance(String)
    case item
    case environment
    /// `run.id`; `.moment`, `.outcome`, `.reason`: known to those who tell somebody of it.
    case run(String)
}

extension Reference: CustomStringConvertible {
    public var description: String {
        switch self {
        case .release(let field): "release.\(field)"
        case .target(let field): "target.\(field)"
        case .previous(let field): "previous.\(field)"
        case .variable(let name): "vars.\(name)"
        case .output(let stage, let name): "stages.\(stage).outputs.\(name)"
        case .secret(let name): "secrets.\(name)"
        case .instance(let field): "instance.\(field)"
        case .item: "item"
        case .environment: "environment"
        case .run(let field): "run.\(field)"
        }
    }

    /// Reads what `description` writes; `nil` for anything else.
    public init?(_ text: String) {
        let words = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (words[0], words.count) {
        case ("item", 1): self = .item
        case ("environment", 1): self = .environment
        case ("release", 2) where ["tag", "version", "commit", "tree"].contains(words[1]): self = .release(words[1])
        case ("target", 2) where ["tag", "version", "commit", "tree"].contains(words[1]): self = .target(words[1])
        case ("previous", 2) where ["tag", "version", "commit"].contains(words[1]): self = .previous(words[1])
        case ("instance", 2) where ["index", "port", "name"].contains(words[1]): self = .instance(words[1])
        case ("run", 2) where ["id", "moment", "outcome", "reason"].contains(words[1]): self = .run(words[1])
        case ("vars", 2...): self = .variable(words[1...].joined(separator: "."))
        case ("secrets", 2): self = .secret(words[1])
        case ("stages", 4...):
            // Stage names may contain dots, outputs may not.
            guard words[words.count - 2] == "outputs" else { return nil }
            self = .output(StageName(words[1..<(words.count - 2)].joined(separator: ".")), words[words.count - 1])
        default: return nil
        }
    }
}

/// Why a text with `${{ … }}` cannot be read. `offset` counts characters from the start of the text.
public enum TemplateError: Error, Hashable, Sendable {
    case unclosed(offset: Int)
    case unknownReference(String, offset: Int)
    case badFallback(String, offset: Int)

    public var offset: Int {
        switch self {
        case .unclosed(let offset), .unknownReference(_, let offset), .badFallback(_, let offset): offset
        }
    }
}

extension Template {
    /// Takes a text apart at its `${{ … }}`; `${{ x || "default" }}` gives a default.
    public init(parsing text: String) throws(TemplateError) {
        var parts: [Part] = []
        var rest = Substring(text)
        func offset() -> Int { text.distance(from: text.startIndex, to: rest.startIndex) }
        while let open = rest.firstRange(of: "${{") {
            if open.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<open.lowerBound]))) }
            rest = rest[open.lowerBound...]
            let start = offset()
            guard let close = rest.firstRange(of: "}}") else { throw .unclosed(offset: start) }
            let inside = rest[open.upperBound..<close.lowerBound]
            parts.append(try Template.reference(inside, at: start))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    private static func reference(_ inside: Substring, at offset: Int) throws(TemplateError) -> Part {
        var expression = inside.trimmed
        var fallback: String?
        if let bars = expression.firstRange(of: "||") {
            let quoted = expression[bars.upperBound...].trimmed
            guard quoted.count >= 2, let quote = quoted.first, quote == "\"" || quote == "'", quoted.last == quote,
                !quoted.dropFirst().dropLast().contains(quote)
            else { throw .badFallback(String(quoted), offset: offset) }
            fallback = String(quoted.dropFirst().dropLast())
            expression = expression[..<bars.lowerBound].trimmed
        }
        guard let reference = Reference(String(expression)) else {
            throw .unknownReference(String(expression), offset: offset)
        }
        return .reference(reference, fallback: fallback)
    }
}

extension Substring {
    var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

/// A template with references left in it keeps its parts apart in JSON, so that a value which looks like a reference
/// is never taken for one; without references it is a plain string.
extension Template: Codable {
    private struct Encoded: Codable {
        var text: String?
        var reference: String?
        var fallback: String?
    }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = Template(literal: text)
            return
        }
        let encoded = try decoder.singleValueContainer().decode([Encoded].self)
        self.parts = try encoded.map { part in
            if let text = part.text { return Part.text(text) }
            guard let reference = part.reference.flatMap({ Reference($0) }) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "not a part of a template"))
            }
            return Part.reference(reference, fallback: part.fallback)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let literal {
            try container.encode(literal)
        } else {
            try container.encode(
                parts.map { part in
                    switch part {
                    case .text(let text): Encoded(text: text)
                    case .reference(let reference, let fallback):
                        Encoded(reference: reference.description, fallback: fallback)
                    }
                })
        }
    }
}
