/// A day of the week; Monday is the first.
public enum Weekday: Int, Hashable, Comparable, Sendable, Codable, CaseIterable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    public static func < (left: Weekday, right: Weekday) -> Bool { left.rawValue < right.rawValue }

    public init(ofDay daysSinceEpoch: Int64) {
        // 1970 began on a Thursday.
        let place = Int(((daysSinceEpoch + 3) % 7 + 7) % 7)
        self = Self.allCases[place]
    }

    /// `Mon` or `Monday`, in any case.
    public init?(_ word: some StringProtocol) {
        let word = word.lowercased()
        guard let day = Self.allCases.first(where: { $0.name.lowercased() == word || $0.short.lowercased() == word })
        else { return nil }
        self = day
    }

    public var short: String { String(name.prefix(3)) }

    public var name: String {
        switch self {
        case .monday: "Monday"
        case .tuesday: "Tuesday"
        case .wednesday: "Wednesday"
        case .thursday: "Thursday"
        case .friday: "Friday"
        case .saturday: "Saturday"
        case .sunday: "Sunday"
        }
    }

    /// From this day to another one, over the end of the week where that comes before.
    public func through(_ last: Weekday) -> [Weekday] {
        let count = (last.rawValue - rawValue + 7) % 7
        return (0...count).map { after($0) }
    }

    public func after(_ days: Int) -> Weekday { Self.allCases[(rawValue + days) % 7] }
}

/// `Mon-Thu,Sat`; days in a row, over the end of the week, too, are one range.
enum WeekdayText {
    static func text(_ days: Set<Weekday>) -> String {
        if days.count == 7 { return "Mon-Sun" }
        var parts: [String] = []
        for first in Weekday.allCases where days.contains(first) && !days.contains(first.after(6)) {
            var last = first
            while days.contains(last.after(1)) { last = last.after(1) }
            let length = first.through(last).count
            parts.append(
                length == 1
                    ? first.short : length == 2 ? "\(first.short),\(last.short)" : "\(first.short)-\(last.short)")
        }
        return parts.joined(separator: ",")
    }
}

/// `02:30`, and `24:00` where a day ends.
enum ClockText {
    static func text(_ minuteOfDay: Int) -> String {
        "\(Int64(minuteOfDay / 60).padded(2)):\(Int64(minuteOfDay % 60).padded(2))"
    }

    /// `HH:MM`, from `00:00` to `24:00`.
    static func minuteOfDay(_ text: some StringProtocol) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            let hour = Int(digits: parts[0]), let minute = Int(digits: parts[1]), minute < 60
        else { return nil }
        let time = hour * 60 + minute
        return time <= 1440 ? time : nil
    }
}

extension Int {
    /// Digits alone: no sign.
    init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = Int(text) else {
            return nil
        }
        self = number
    }
}
