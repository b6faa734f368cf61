/// Reads cron expressions: five fields of numbers, names, ranges, steps and lists.
public enum CronParser {
    /// What is wrong, and where in the text: an offset and a length in characters.
    public struct Problem: Error, Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case fieldCount(Int)
            case nickname
            case malformed
            case outOfRange(ClosedRange<Int>)
            case reversed
            case badStep
            case impossible
        }

        public var kind: Kind
        /// The part that is wrong.
        public var part: String
        /// Its field's name; `nil` where it is the whole.
        public var field: String?
        public var offset: Int
    }

    private struct Field {
        var name: String
        var range: ClosedRange<Int>
        var names: [String] = []
        /// The value of the first name.
        var firstName = 0
    }

    private static let fields = [
        Field(name: "minute", range: 0...59), Field(name: "hour", range: 0...23),
        Field(name: "day of the month", range: 1...31),
        Field(
            name: "month", range: 1...12,
            names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], firstName: 1),
        Field(name: "day of the week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    public static func cron(_ text: String) throws(Problem) -> Cron {
        let words = text.split(whereSeparator: \.isWhitespace)
        if words.first?.first == "@" { throw problem(.nickname, words[0], nil, in: text) }
        guard words.count == 5 else { throw Problem(kind: .fieldCount(words.count), part: text, offset: 0) }
        var read: [CronField] = []
        for (word, field) in zip(words, fields) { read.append(try self.field(word, field, in: text)) }
        // Both are Sunday.
        if read[4].bits.has(7) { read[4].bits = (read[4].bits | 1) & 0x7f }
        let cron = Cron(
            text: words.joined(separator: " "), minutes: read[0], hours: read[1], daysOfMonth: read[2],
            months: read[3], daysOfWeek: read[4])
        guard cron.hasDays else { throw problem(.impossible, words[2], fields[2], in: text) }
        return cron
    }

    private static func field(_ word: Substring, _ field: Field, in text: String) throws(Problem) -> CronField {
        var bits: UInt64 = 0
        for part in word.split(separator: ",", omittingEmptySubsequences: false) {
            bits |= try values(part, field, in: text)
        }
        return CronField(bits: bits, isStar: word.first == "*")
    }

    /// `*`, `5`, `1-5`, `*/15`, `10-40/10`, `MON-FRI`
    private static func values(_ part: Substring, _ field: Field, in text: String) throws(Problem) -> UInt64 {
        let halves = part.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), !halves[0].isEmpty else {
            throw problem(.malformed, part, field, in: text)
        }
        var step = 1
        if halves.count == 2 {
            guard let number = Int(digits: halves[1]), number > 0, number <= field.range.upperBound else {
                throw problem(.badStep, halves[1], field, in: text)
            }
            step = number
        }
        let range = try range(halves[0], field, in: text)
        if halves.count == 2, range.count == 1, halves[0] != "*" { throw problem(.badStep, part, field, in: text) }
        return stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    private static func range(_ text: Substring, _ field: Field, in whole: String) throws(Problem) -> ClosedRange<Int> {
        // Sunday counts once.
        if text == "*" { return field.range.lowerBound...min(field.range.upperBound, field.names.count == 7 ? 6 : 59) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else { throw problem(.malformed, text, field, in: whole) }
        let first = try value(ends[0], field, in: whole)
        guard ends.count == 2 else { return first...first }
        var last = try value(ends[1], field, in: whole)
        // SAT-SUN: a week may begin with either.
        if last == 0, first > 0, field.names.count == 7 { last = 7 }
        guard first <= last else { throw problem(.reversed, text, field, in: whole) }
        return first...last
    }

    private static func value(_ text: Substring, _ field: Field, in whole: String) throws(Problem) -> Int {
        if let place = field.names.firstIndex(of: text.lowercased()) { return place + field.firstName }
        guard let number = Int(digits: text), !text.isEmpty else { throw problem(.malformed, text, field, in: whole) }
        guard field.range.contains(number) else { throw problem(.outOfRange(field.range), text, field, in: whole) }
        return number
    }

    private static func problem(
        _ kind: Problem.Kind, _ part: Substring, _ field: Field?, in text: String
    ) -> Problem {
        Problem(
            kind: kind, part: String(part), field: field?.name,
            offset: text.distance(from: text.startIndex, to: part.startIndex))
    }
}

extension CronParser.Problem {
    public var message: String {
        switch kind {
        case .fieldCount(let count):
            "it has \(count) \(count == 1 ? "field" : "fields") instead of five: minute, hour, day of the month, month, day of the week"
        case .nickname: "\"\(part)\" is a nickname, and the five fields are wanted"
        case .malformed: "\"\(part)\" is no \(field ?? "field")"
        case .outOfRange(let range): "\(part) is no \(field ?? "field"): \(range.lowerBound) to \(range.upperBound)"
        case .reversed: "\"\(part)\" ends before it begins"
        case .badStep: "\"\(part)\" is no step of a range"
        case .impossible: "no month that it names has such a day: it would never run"
        }
    }

    public var hint: String? {
        switch kind {
        case .fieldCount, .malformed: "0 2 * * * is every day at 02:00, 30 6 * * MON-FRI on weekdays at 06:30"
        case .nickname: Self.nicknames[part].map { "write \($0)" } ?? "0 2 * * * is every day at 02:00"
        case .outOfRange, .impossible: nil
        case .reversed: "write two ranges with a comma, as in 22-23,0-4"
        case .badStep: "a step follows * or a range, as in */15 or 8-18/2, and is at least 1"
        }
    }

    private static let nicknames = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
}
