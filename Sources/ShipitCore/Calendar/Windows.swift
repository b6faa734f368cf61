/// `windows:` of an environment: when a deployment may begin there. By the clocks of `zone`: what they show decides, so a
/// window is shorter where they skip an hour and longer where they show one twice.
public struct Windows: Hashable, Sendable, Codable {
    public var zone: String
    public var allow: [WeeklySpan]
    /// Wins over `allow`.
    public var deny: [Closure]
    /// Begin only if the run and its rollback usually fit in before the window closes.
    public var fit: Bool

    public init(zone: String, allow: [WeeklySpan], deny: [Closure] = [], fit: Bool = false) {
        self.zone = zone
        self.allow = allow
        self.deny = deny
        self.fit = fit
    }
}

/// From a time of day on each of some days of the week, for a while. Its end is outside.
public struct WeeklySpan: Hashable, Sendable {
    public var days: Set<Weekday>
    /// Minutes from midnight, by the clock.
    public var start: Int
    /// In minutes by the clock, at most a week's.
    public var length: Int

    static let week = 7 * 1440

    public init(days: Set<Weekday>, start: Int, length: Int) {
        self.days = days
        self.start = start
        self.length = length
    }

    /// As the language writes it.
    public var written: String {
        let days = WeekdayText.text(days)
        if start == 0, length == 1440 { return days }
        let end = start + length
        if end <= 1440 { return "\(days) \(ClockText.text(start))-\(ClockText.text(end))" }
        if length < 1440 { return "\(days) \(ClockText.text(start))-\(ClockText.text(end - 1440))" }
        let last = self.days.first.map { $0.after((end - 1) / 1440) } ?? .monday
        let time = (end - 1) % 1440 + 1
        return "\(days) \(ClockText.text(start))-\(last.short) \(ClockText.text(time))"
    }

    /// Minutes of the week, Monday's midnight first; what goes over the end of the week is two.
    var minutes: [Range<Int>] {
        days.flatMap { day -> [Range<Int>] in
            let first = day.rawValue * 1440 + start
            let end = first + length
            if end <= Self.week { return [first..<end] }
            return [first..<Self.week, 0..<end - Self.week]
        }
    }
}

/// When nothing may begin, whatever is allowed.
public enum Closure: Hashable, Sendable {
    case weekly(WeeklySpan)
    /// Whole days; the last one, too.
    case dates(first: CivilDate, last: CivilDate)

    public var written: String {
        switch self {
        case .weekly(let span): span.written
        case .dates(let first, let last): first == last ? "\(first)" : "\(first)..\(last)"
        }
    }
}

extension CivilDate {
    /// `2026-12-20`, of a day that exists.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            let year = Int(digits: parts[0]), let month = Int(digits: parts[1]), let day = Int(digits: parts[2]),
            (1...12).contains(month), day >= 1, Int64(day) <= Self.days(inMonth: Int64(month), of: Int64(year))
        else { return nil }
        self.init(year: Int64(year), month: Int64(month), day: Int64(day))
    }

    static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        let next =
            month == 12
            ? CivilDate(year: year + 1, month: 1, day: 1) : CivilDate(year: year, month: month + 1, day: 1)
        return next.daysSinceEpoch - CivilDate(year: year, month: month, day: 1).daysSinceEpoch
    }
}

// In a plan they stand as the language writes them.

extension WeeklySpan: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(WindowParser.Problem) {
            self = try WindowParser.span(text)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(written)
    }
}

extension Closure: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(WindowParser.Problem) {
            self = try WindowParser.closure(text)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(written)
    }
}
