/// A cron expression: five fields, read as Vixie's cron reads them. When both days are restricted, one of them is enough.
///
/// An expression whose minute and hour both name times runs at *fixed times*: once on days on which the clocks are set; a time
/// that they skip is made up for at the first moment after the gap, one that they show twice counts the first time. Where
/// minute or hour is a `*`, with or without a step, it runs *as the clock goes*: whenever the clocks show such a time.
public struct Cron: Hashable, Sendable {
    /// As it was written, with one space between the fields.
    public let text: String
    /// Bits 0 to 59, 0 to 23, 1 to 31, 1 to 12, and 0 (Sunday) to 6.
    let minutes: UInt64
    let hours: UInt64
    let daysOfMonth: UInt64
    let months: UInt64
    let daysOfWeek: UInt64
    let eitherDay: Bool
    public let hasFixedTimes: Bool

    init(
        text: String, minutes: CronField, hours: CronField, daysOfMonth: CronField, months: CronField,
        daysOfWeek: CronField
    ) {
        self.text = text
        self.minutes = minutes.bits
        self.hours = hours.bits
        self.daysOfMonth = daysOfMonth.bits
        self.months = months.bits
        self.daysOfWeek = daysOfWeek.bits
        eitherDay = !daysOfMonth.isStar && !daysOfWeek.isStar
        hasFixedTimes = !minutes.isStar && !hours.isStar
    }

    /// Whether there is a day on which it runs; the 30th of February is none.
    var hasDays: Bool {
        if eitherDay { return true }
        return (1...12).contains { month in
            let longest: Int = month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31
            return months.has(month) && (1...longest).contains { daysOfMonth.has($0) }
        }
    }

    func runs(on date: CivilDate, daysSinceEpoch: Int64) -> Bool {
        guard months.has(Int(date.month)) else { return false }
        let ofMonth = daysOfMonth.has(Int(date.day))
        // Sunday is 0.
        let ofWeek = daysOfWeek.has((Weekday(ofDay: daysSinceEpoch).rawValue + 1) % 7)
        return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek
    }
}

/// One of the five: which values, and whether it begins with a `*`.
struct CronField: Hashable {
    var bits: UInt64
    var isStar: Bool
}

extension UInt64 {
    func has(_ place: Int) -> Bool { self >> UInt64(place) & 1 == 1 }

    /// The first bit at `place` or above.
    func next(from place: Int) -> Int? {
        guard place < 64 else { return nil }
        let rest = self >> UInt64(place)
        return rest == 0 ? nil : place + rest.trailingZeroBitCount
    }
}
