/// How far the clocks of a time zone are ahead of UTC, and when that changes. A value: the edge takes it from the machine's
/// time zone data.
public struct ZoneRules: Hashable, Sendable {
    public struct Change: Hashable, Sendable {
        public var at: Instant
        /// From `at` on.
        public var offset: TimeSpan

        public init(at: Instant, offset: TimeSpan) {
            self.at = at
            self.offset = offset
        }
    }

    /// The IANA name, such as `Europe/Athens`.
    public let name: String
    /// Before the first change.
    private let firstOffset: TimeSpan
    /// Oldest first.
    private let changes: [Change]

    public init(name: String, firstOffset: TimeSpan, changes: [Change] = []) {
        self.name = name
        self.firstOffset = firstOffset
        self.changes = changes.sorted { $0.at < $1.at }
    }

    public static let utc = ZoneRules(name: "UTC", firstOffset: .zero)

    public func offset(at instant: Instant) -> TimeSpan {
        let place = changesUntil(instant)
        return place == 0 ? firstOffset : changes[place - 1].offset
    }

    /// What the clocks show.
    public func local(at instant: Instant) -> LocalTime {
        LocalTime(milliseconds: instant.milliseconds + offset(at: instant).milliseconds)
    }

    /// The next moment at which the offset changes.
    public func nextChange(after instant: Instant) -> Instant? {
        let place = changesUntil(instant)
        return place < changes.count ? changes[place].at : nil
    }

    /// The first moment at which the clocks show this time or a later one: where they skip it, that is the end of the gap;
    /// where they show it twice, the first time.
    public func firstInstant(of local: LocalTime) -> Instant {
        // No zone is further from UTC than a day, so what counts lies within a day of the same time in UTC.
        var start = Instant(milliseconds: local.milliseconds) - .hours(26)
        while true {
            let end = nextChange(after: start)
            let hit = Instant(milliseconds: local.milliseconds - offset(at: start).milliseconds)
            if hit <= start { return start }
            guard let end, hit >= end else { return hit }
            start = end
        }
    }

    /// The latest time that the clocks have shown until then: later than what they show only after they were set back.
    func latestLocal(until instant: Instant) -> LocalTime {
        var latest = local(at: instant)
        var place = changesUntil(instant)
        while place > 0, changes[place - 1].at > instant - .hours(26) {
            place -= 1
            let before = changes[place].at - .milliseconds(1)
            latest = max(latest, local(at: before))
        }
        return latest
    }

    /// How many changes there have been until then.
    private func changesUntil(_ instant: Instant) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What clocks and calendars show somewhere: milliseconds since the beginning of 1970 there.
public struct LocalTime: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public static let minute: Int64 = 60_000
    public static let day: Int64 = 86_400_000

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public init(_ date: CivilDate, minuteOfDay: Int = 0) {
        milliseconds = date.daysSinceEpoch * Self.day + Int64(minuteOfDay) * Self.minute
    }

    public var daysSinceEpoch: Int64 { milliseconds.flooredQuotient(Self.day) }
    public var date: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch) }
    public var minuteOfDay: Int { Int((milliseconds - daysSinceEpoch * Self.day) / Self.minute) }

    public static func < (left: LocalTime, right: LocalTime) -> Bool { left.milliseconds < right.milliseconds }
}

/// `2026-12-01 02:00`.
extension LocalTime: CustomStringConvertible {
    public var description: String { "\(date) \(ClockText.text(minuteOfDay))" }
}

/// Which zones there are and what their clocks do: the machine's time zone data, which the core doesn't read.
public protocol ZoneSource: Sendable {
    /// `nil` for a name that the machine doesn't know.
    func rules(of zone: String) -> ZoneRules?
    /// For suggestions.
    var names: [String] { get }
}

/// Where nobody has brought time zone data.
public struct OnlyUTC: ZoneSource {
    public init() {}

    public func rules(of zone: String) -> ZoneRules? { zone == "UTC" ? .utc : nil }
    public var names: [String] { ["UTC"] }
}
