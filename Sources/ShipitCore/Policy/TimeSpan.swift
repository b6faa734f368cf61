/// A length of time in milliseconds, written with units (`500ms`, `5s`, `10m`, `24h`, `7d`, `1h30m`).
///
/// In JSON it is a plain number of seconds. (Swift's own `Duration` encodes as an opaque pair.)
public struct TimeSpan: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static let zero = TimeSpan(milliseconds: 0)
    public static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }
    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 1000) }
    public static func minutes(_ count: Int64) -> TimeSpan { .seconds(count * 60) }
    public static func hours(_ count: Int64) -> TimeSpan { .minutes(count * 60) }

    public var seconds: Double { Double(milliseconds) / 1000 }

    /// Exactly, as the pipeline language writes it: `500ms`, `10m`, `1h30m`, `7d`.
    public var written: String {
        var rest = milliseconds
        if rest == 0 { return "0s" }
        if rest >= 172_800_000, rest % 86_400_000 == 0 { return "\(rest / 86_400_000)d" }
        var text = ""
        for (unit, length) in [("h", Int64(3_600_000)), ("m", 60_000), ("s", 1000), ("ms", 1)] where rest >= length {
            text += "\(rest / length)\(unit)"
            rest %= length
        }
        return text
    }

    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }
    public static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: left.milliseconds + right.milliseconds)
    }
    public static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: left.milliseconds - right.milliseconds)
    }
}

extension TimeSpan: Codable {
    public init(from decoder: any Decoder) throws {
        let seconds = try decoder.singleValueContainer().decode(Double.self)
        guard let span = Int64(exactly: (seconds * 1000).rounded()) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a length of time: \(seconds)"))
        }
        milliseconds = span
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(seconds)
    }
}
