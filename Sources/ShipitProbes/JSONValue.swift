import FoundationEssentials

/// A JSON document, as far as checks look at one.
indirect enum JSONValue: Hashable, Sendable, Decodable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init?(parsing bytes: [UInt8]) {
        // Why it is no JSON does not matter to a check: the body is in its evidence.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // One after the other: the decoder offers no way to ask which kind it holds.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    var isNumber: Bool { if case .number = self { true } else { false } }

    /// The number that it is or that its text is.
    var number: Double? {
        switch self {
        case .number(let value): value
        case .text(let text): Double(text)
        default: nil
        }
    }

    var words: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let value): Words.rounded(value, digits: 9)
        case .text(let value): value
        case .list(let values): "a list of \(values.count)"
        case .object(let values): "an object of \(values.count)"
        }
    }
}

/// `checks.db[0].ok`, with or without `$.` in front.
struct JSONPath: CustomStringConvertible {
    private enum Step {
        case key(String)
        case index(Int)
    }

    let description: String
    private var steps: [Step] = []

    init(_ written: String) throws(BadField) {
        description = written
        var rest = Substring(written)
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        if rest.hasPrefix(".") { rest = rest.dropFirst() }
        while !rest.isEmpty {
            if rest.hasPrefix("["), let end = rest.firstIndex(of: "]"), let index = Int(rest[..<end].dropFirst()),
                index >= 0
            {
                steps.append(.index(index))
                rest = rest[rest.index(after: end)...]
                if rest.hasPrefix(".") { rest = rest.dropFirst() }
                continue
            }
            let key = rest.prefix { $0 != "." && $0 != "[" }
            guard !key.isEmpty else { throw BadField("json", "\"\(written)\" is not a path such as a.b[0].c") }
            steps.append(.key(String(key)))
            rest = rest[key.endIndex...]
            if rest.hasPrefix(".") { rest = rest.dropFirst() }
        }
    }

    func value(in document: JSONValue) -> JSONValue? {
        var value = document
        for step in steps {
            switch (step, value) {
            case (.key(let key), .object(let members)):
                guard let member = members[key] else { return nil }
                value = member
            case (.index(let index), .list(let members)):
                guard members.indices.contains(index) else { return nil }
                value = members[index]
            default: return nil
            }
        }
        return value
    }
}
