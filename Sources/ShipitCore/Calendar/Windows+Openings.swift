extension Windows {
    /// Where the windows stand at a moment.
    public struct Standing: Hashable, Sendable {
        public var isOpen: Bool
        /// The next moment at which that changes; `nil` where it doesn't within ten years.
        public var until: Instant?
        /// What closes it now, though it is allowed; `nil` where nothing is allowed at all.
        public var closedBy: Closure?
    }

    /// How far ahead openings are looked for.
    private static let horizon = TimeSpan.hours(24 * 3653)

    public func standing(at now: Instant, _ zone: ZoneRules) -> Standing {
        let clock = WindowClock(self)
        let local = zone.local(at: now)
        let isOpen = clock.isOpen(local)
        let closedBy = isOpen || !clock.isAllowed(local) ? nil : clock.closure(at: local)
        return Standing(isOpen: isOpen, until: change(from: isOpen, after: now, clock, zone), closedBy: closedBy)
    }

    /// When the next window opens; `now` where one is open.
    public func opening(from now: Instant, _ zone: ZoneRules) -> Instant? {
        let standing = standing(at: now, zone)
        return standing.isOpen ? now : standing.until
    }

    /// The first moment at which a window is open and stays so for that long; `nil` where none does.
    public func opening(from now: Instant, holding span: TimeSpan, _ zone: ZoneRules) -> Instant? {
        var start = opening(from: now, zone)
        while let open = start {
            guard let end = standing(at: open, zone).until else { return open }
            if end - open >= span { return open }
            start = opening(from: end, zone)
            guard end - now < Self.horizon else { return nil }
        }
        return nil
    }

    /// Whether what is denied every week covers all that is allowed.
    public var isNeverOpen: Bool {
        let closed = deny.flatMap { closure in
            if case .weekly(let span) = closure { return span.minutes }
            return []
        }
        return allow.flatMap(\.minutes).allSatisfy { allowed in
            allowed.allSatisfy { minute in closed.contains { $0.contains(minute) } }
        }
    }

    private func change(from isOpen: Bool, after now: Instant, _ clock: WindowClock, _ zone: ZoneRules) -> Instant? {
        var instant = now
        while instant - now < Self.horizon {
            // Until the clocks are set, local time runs as UTC does.
            let set = zone.nextChange(after: instant)
            let boundary = clock.boundary(after: zone.local(at: instant))
            let next = boundary.map { Instant(milliseconds: $0.milliseconds) - zone.offset(at: instant) }
            guard let soonest = [set, next].compactMap(\.self).min() else { return nil }
            instant = soonest
            if clock.isOpen(zone.local(at: instant)) != isOpen { return instant }
        }
        return nil
    }
}

/// The windows as the clocks of their zone see them.
private struct WindowClock {
    private let allowed: [Range<Int>]
    private let deny: [(closure: Closure, weekly: [Range<Int>], dates: Range<Int64>?)]

    init(_ windows: Windows) {
        allowed = windows.allow.flatMap(\.minutes)
        deny = windows.deny.map { closure in
            switch closure {
            case .weekly(let span): (closure, span.minutes, nil)
            case .dates(let first, let last):
                (closure, [], first.daysSinceEpoch * LocalTime.day..<(last.daysSinceEpoch + 1) * LocalTime.day)
            }
        }
    }

    func isOpen(_ local: LocalTime) -> Bool { isAllowed(local) && closure(at: local) == nil }

    func isAllowed(_ local: LocalTime) -> Bool {
        let minute = local.minuteOfWeek
        return allowed.contains { $0.contains(minute) }
    }

    func closure(at local: LocalTime) -> Closure? {
        let minute = local.minuteOfWeek
        return deny.first { closure in
            closure.dates?.contains(local.milliseconds) ?? closure.weekly.contains { $0.contains(minute) }
        }?.closure
    }

    /// The next time at which anything begins or ends.
    func boundary(after local: LocalTime) -> LocalTime? {
        // Within days that are closed as a whole, nothing else counts.
        if case .dates(_, let last)? = closure(at: local) {
            return LocalTime(milliseconds: (last.daysSinceEpoch + 1) * LocalTime.day)
        }
        let week = local.startOfWeek
        let length = Int64(WeeklySpan.week) * LocalTime.minute
        let weekly = (allowed + deny.flatMap(\.weekly)).flatMap { [$0.lowerBound, $0.upperBound] }.map { minute in
            let time = week + Int64(minute) * LocalTime.minute
            return time > local.milliseconds ? time : time + length
        }
        let dates = deny.compactMap(\.dates).flatMap { [$0.lowerBound, $0.upperBound] }
        return (weekly + dates).filter { $0 > local.milliseconds }.min().map(LocalTime.init(milliseconds:))
    }
}

extension LocalTime {
    fileprivate var minuteOfWeek: Int { Weekday(ofDay: daysSinceEpoch).rawValue * 1440 + minuteOfDay }

    fileprivate var startOfWeek: Int64 {
        (daysSinceEpoch - Int64(Weekday(ofDay: daysSinceEpoch).rawValue)) * Self.day
    }
}
