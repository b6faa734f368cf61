/// A moment at which an entry runs, and the time of the clock that it runs for: that is what the run is known by, so that a
/// time is never run twice.
public struct Firing: Hashable, Sendable {
    public var at: Instant
    /// Otherwise than what the clocks show at `at` only where they skipped it.
    public var nominal: LocalTime

    public init(at: Instant, nominal: LocalTime) {
        self.at = at
        self.nominal = nominal
    }
}

extension Cron {
    /// How far ahead is looked: a 29th of February may be eight years away.
    private static let horizon: Int64 = 10 * 366

    /// The first firing after a moment; of several times that the clocks skipped at once, the first. `nil` where there is
    /// none within ten years.
    public func next(after instant: Instant, _ zone: ZoneRules) -> Firing? {
        hasFixedTimes ? nextFixed(after: instant, zone) : nextByClock(after: instant, zone)
    }

    private func nextFixed(after instant: Instant, _ zone: ZoneRules) -> Firing? {
        // What the clocks have shown until now has had its turn.
        let shown = zone.latestLocal(until: instant)
        guard let nominal = nextTime(after: shown) else { return nil }
        return Firing(at: zone.firstInstant(of: nominal), nominal: nominal)
    }

    private func nextByClock(after instant: Instant, _ zone: ZoneRules) -> Firing? {
        var shown = zone.local(at: instant)
        var start = instant
        // The clocks of a zone are set a few times a year.
        while start - instant < .hours(24 * Self.horizon) {
            guard let nominal = nextTime(after: shown) else { return nil }
            let at = Instant(milliseconds: nominal.milliseconds) - zone.offset(at: start)
            guard let set = zone.nextChange(after: start), at >= set else { return Firing(at: at, nominal: nominal) }
            start = set
            // What they show then counts, too.
            shown = LocalTime(milliseconds: zone.local(at: set).milliseconds - 1)
        }
        return nil
    }

    /// The first time by the clock after `time`, as if clocks were never set.
    private func nextTime(after time: LocalTime) -> LocalTime? {
        let next = LocalTime(
            milliseconds: time.milliseconds.flooredQuotient(LocalTime.minute) * LocalTime.minute + LocalTime.minute)
        let first = next.daysSinceEpoch
        for day in first...first + Self.horizon {
            let date = CivilDate(daysSinceEpoch: day)
            guard runs(on: date, daysSinceEpoch: day) else { continue }
            if let minute = minuteOfDay(from: day == first ? next.minuteOfDay : 0) {
                return LocalTime(date, minuteOfDay: minute)
            }
        }
        return nil
    }

    private func minuteOfDay(from start: Int) -> Int? {
        var hour = start / 60
        var minute = start % 60
        while let found = hours.next(from: hour) {
            if found > hour { minute = 0 }
            if let place = minutes.next(from: minute) { return found * 60 + place }
            hour = found + 1
            minute = 0
        }
        return nil
    }
}
