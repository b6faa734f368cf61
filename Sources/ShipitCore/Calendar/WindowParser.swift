/// Reads the entries of `windows:`.
public enum WindowParser {
    /// For hints.
    public static let spanForms =
        "Tue-Thu 02:00-06:00, Fri 23:00-03:00 (until Saturday), Sat 22:00-Mon 04:00, 02:00-06:00 (every day), Sat-Sun (all day)"
    public static let dateForms = "2026-12-24, 2026-12-20..2027-01-03"

    public enum Problem: Error, Hashable, Sendable {
        case malformed
        case unknownDay(String)
        case badTime(String)
        /// It ends when it begins: nothing, or all day?
        case noLength
        /// A day on which a span of several days begins, and others beside it.
        case severalDays
        case badDate(String)
        case reversed
    }

    /// `[DAYS] [HH:MM-HH:MM]` or `DAY HH:MM-DAY HH:MM`.
    public static func span(_ text: String) throws(Problem) -> WeeklySpan {
        // Only the hyphens that join need no spaces around them.
        let words = text.replacing(" - ", with: "-").replacing(", ", with: ",").split(separator: " ")
        switch words.count {
        case 1 where words[0].contains(":"):
            return try WeeklySpan(days: Set(Weekday.allCases), times: words[0])
        case 1: return WeeklySpan(days: try days(words[0]), start: 0, length: 1440)
        case 2: return try WeeklySpan(days: try days(words[0]), times: words[1])
        case 3: return try longSpan(words)
        default: throw .malformed
        }
    }

    /// A span of every week, a date, or dates from the first to the last.
    public static func closure(_ text: String) throws(Problem) -> Closure {
        guard text.first?.isNumber == true, !text.contains(":") else { return .weekly(try span(text)) }
        let parts = text.split(separator: "..", omittingEmptySubsequences: false).map {
            $0.split(separator: " ").joined(separator: " ")
        }
        guard parts.count <= 2 else { throw .malformed }
        let first = try date(parts[0])
        let last = parts.count == 2 ? try date(parts[1]) : first
        guard first.daysSinceEpoch <= last.daysSinceEpoch else { throw .reversed }
        return .dates(first: first, last: last)
    }

    private static func date(_ text: String) throws(Problem) -> CivilDate {
        guard let date = CivilDate(text) else { throw .badDate(text) }
        return date
    }

    /// `Sat 22:00-Mon 04:00`
    private static func longSpan(_ words: [Substring]) throws(Problem) -> WeeklySpan {
        let middle = words[1].split(separator: "-", omittingEmptySubsequences: false)
        guard middle.count == 2 else { throw .malformed }
        guard !words[0].contains("-"), !words[0].contains(",") else { throw .severalDays }
        let (first, last) = (try day(words[0]), try day(middle[1]))
        let (start, end) = (try time(middle[0]), try time(words[2]))
        let length = (last.rawValue - first.rawValue) * 1440 + end - start
        guard length != 0, start < 1440 else { throw .noLength }
        return WeeklySpan(
            days: [first], start: start, length: length > 0 ? length : length + WeeklySpan.week)
    }

    /// `Mon`, `Mon-Fri`, `Fri-Mon`, `Mon,Wed-Fri`
    private static func days(_ text: Substring) throws(Problem) -> Set<Weekday> {
        var days: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2 else { throw .malformed }
            days.formUnion(try day(ends[0]).through(try day(ends[ends.count - 1])))
        }
        return days
    }

    private static func day(_ word: Substring) throws(Problem) -> Weekday {
        guard let day = Weekday(word) else { throw .unknownDay(String(word)) }
        return day
    }

    fileprivate static func time(_ word: Substring) throws(Problem) -> Int {
        guard let time = ClockText.minuteOfDay(word) else { throw .badTime(String(word)) }
        return time
    }
}

extension WeeklySpan {
    /// `22:00-02:00` ends on the day after.
    fileprivate init(days: Set<Weekday>, times: Substring) throws(WindowParser.Problem) {
        let ends = times.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { throw .malformed }
        let (start, end) = (try WindowParser.time(ends[0]), try WindowParser.time(ends[1]))
        guard start != end, start < 1440 else { throw .noLength }
        self.init(days: days, start: start, length: end > start ? end - start : end - start + 1440)
    }
}

extension WindowParser.Problem {
    public var message: String {
        switch self {
        case .malformed: "this is no window"
        case .unknownDay(let word): "\"\(word)\" is no day of the week"
        case .badTime(let word): "\"\(word)\" is no time of day"
        case .noLength: "a window that ends when it begins is nothing, or is it all day?"
        case .severalDays: "a window over several days begins on one day"
        case .badDate(let word): "\"\(word)\" is no date"
        case .reversed: "the last day comes before the first"
        }
    }

    /// `nil` where the forms say it.
    public var hint: String? {
        switch self {
        case .malformed, .unknownDay: nil
        case .badTime: "write hours and minutes, from 00:00 to 24:00"
        case .noLength: "for all day write the day alone, or 00:00-24:00"
        case .severalDays: "write a line for each"
        case .badDate: "write a day that exists as YYYY-MM-DD"
        case .reversed: "write the earlier day first"
        }
    }
}
