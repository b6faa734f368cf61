/// The name of a stage. After expansion of `for-each` it carries its item: `services[community]`.
public struct StageName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }
    public static func < (left: StageName, right: StageName) -> Bool { left.text < right.text }
}

/// The id of a run: sorts by time and is easy to say, `20260112-0130-7f3k`.
public struct RunID: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }
    public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }
}

/// How often an environment's lock has changed hands. Every append carries it; an old one is refused.
public struct Epoch: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) { self.number = number }

    public var description: String { String(number) }
    public static func < (left: Epoch, right: Epoch) -> Bool { left.number < right.number }
    public init(from decoder: any Decoder) throws { number = try decoder.singleValueContainer().decode(Int64.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

extension StageName: Codable, CodingKeyRepresentable {
    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
    public var codingKey: any CodingKey { TextKey(text) }
    public init?<Key: CodingKey>(codingKey: Key) { text = codingKey.stringValue }
}

extension RunID: Codable {
    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A coding key that is only text, for maps keyed by names.
struct TextKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
