/// JSON whose keys keep their order, and whose nulls are written.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Hashable, Sendable {
        var key: String
        var value: JSONValue
    }

    /// In the order given.
    static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { Member(key: $0.key, value: $0.value) })
    }

    /// An object with one more member, where there is one.
    func adding(_ key: String, _ value: JSONValue?) -> JSONValue {
        guard let value, case .object(let members) = self else { return self }
        return .object(members + [Member(key: key, value: value)])
    }

    /// Sorted by key.
    static func map(_ values: [String: String]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { Member(key: $0.key, value: .string($0.value)) })
    }

    static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
}

extension JSONValue: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = .string(text) }
}

// MARK: Writing

extension JSONValue {
    /// On one line, as JSON lines need it.
    var compact: String {
        var text = ""
        write(to: &text, separator: ",", colon: ":")
        return text
    }

    /// For people and programs alike: what fits on a line stands on one, the rest is indented.
    var pretty: String {
        var text = ""
        writePretty(to: &text, indent: 0, reserved: 0)
        return text
    }

    private static let widest = 100

    private func write(to text: inout String, separator: String, colon: String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.number(value)
        case .string(let value): Self.quote(value, to: &text)
        case .array(let values):
            text += "["
            for (place, value) in values.enumerated() {
                if place > 0 { text += separator }
                value.write(to: &text, separator: separator, colon: colon)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (place, member) in members.enumerated() {
                if place > 0 { text += separator }
                Self.quote(member.key, to: &text)
                text += colon
                member.value.write(to: &text, separator: separator, colon: colon)
            }
            text += "}"
        }
    }

    private func writePretty(to text: inout String, indent: Int, reserved: Int) {
        var line = ""
        write(to: &line, separator: ", ", colon: ": ")
        if indent + reserved + line.utf8.count <= Self.widest {
            text += line
            return
        }
        let padding = String(repeating: " ", count: indent + 2)
        switch self {
        case .array(let values):
            text += "["
            for (place, value) in values.enumerated() {
                text += (place > 0 ? "," : "") + "\n" + padding
                value.writePretty(to: &text, indent: indent + 2, reserved: 1)
            }
            text += "\n" + padding.dropLast(2) + "]"
        case .object(let members):
            text += "{"
            for (place, member) in members.enumerated() {
                text += (place > 0 ? "," : "") + "\n" + padding
                var key = ""
                Self.quote(member.key, to: &key)
                text += key + ": "
                member.value.writePretty(to: &text, indent: indent + 2, reserved: key.utf8.count + 3)
            }
            text += "\n" + padding.dropLast(2) + "}"
        default: text += line
        }
    }

    /// Whole numbers without a fraction; what JSON cannot say is null.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    /// Beside what JSON demands, everything that could steer a terminal or turn the reading direction is escaped.
    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator:
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16)
                        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}

// MARK: Reading

extension JSONValue: Decodable {
    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Objects get their keys sorted: a decoder doesn't tell their order.
    init(from decoder: any Decoder) throws {
        // A decoder cannot be asked what comes next, only whether it is this or that.
        if let object = try? decoder.container(keyedBy: AnyKey.self) {
            self = .object(
                try object.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Member(key: $0.stringValue, value: try object.decode(JSONValue.self, forKey: $0))
                })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var values: [JSONValue] = []
            while !list.isAtEnd { values.append(try list.decode(JSONValue.self)) }
            self = .array(values)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let value = try? single.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? single.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? single.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try single.decode(String.self))
        }
    }
}
