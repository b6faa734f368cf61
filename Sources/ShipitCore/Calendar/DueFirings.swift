/// What an entry of a schedule wants at a moment: at most one run, whatever has been missed.
public struct DueFirings: Hashable, Sendable {
    /// What is to be begun now.
    public var firing: Firing?
    /// Whether that is made up for, instead of being on time.
    public var isCatchUp = false
    /// The last time that was missed and is not made up for.
    public var lastMissed: Firing?
    /// How many are not made up for.
    public var missed = 0
    /// Whether they are more than were counted.
    public var missedMore = false

    public static let none = DueFirings()
}

extension ScheduleEntry {
    /// Whoever looks within this time after a firing is on time.
    public static let punctuality = TimeSpan.seconds(60)

    /// Nothing that is older is made up for, or counted.
    private static let horizon = TimeSpan.hours(24 * 366)
    /// Of more than these only the last day's are gone through: a year of minutes takes too long.
    private static let counted = 1000
    private static let day = TimeSpan.hours(24)

    /// The first time after a moment at which it begins, with its delay.
    public func next(after instant: Instant, _ zone: ZoneRules) -> (firing: Firing, start: Instant)? {
        // A delayed one may be of a time that is over already.
        var from = instant - jitter
        var nearest: (firing: Firing, start: Instant)?
        while let firing = cron.next(after: from, zone) {
            if let nearest, firing.at >= nearest.start { return nearest }
            let start = start(of: firing)
            if start > instant, nearest.map({ start < $0.start }) ?? true { nearest = (firing, start) }
            from = firing.at
        }
        return nearest
    }

    /// When a firing begins: delayed by its jitter, which is the same for whoever asks.
    public func start(of firing: Firing) -> Instant {
        guard jitter > .zero else { return firing.at }
        // FNV-1a: spread well enough, and the same everywhere.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(name) \(firing.nominal)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return firing.at + .milliseconds(Int64(hash % UInt64(jitter.milliseconds)))
    }

    /// What has come due since a look at the clock. Where the clock was set back nothing is due: those times have had their
    /// turn.
    public func due(after seen: Instant, until now: Instant, _ zone: ZoneRules) -> DueFirings {
        guard seen < now else { return .none }
        let survey = survey(after: seen, until: now, zone)
        guard let last = survey.last else { return .none }
        let isOnTime = now - start(of: last) <= Self.punctuality
        var due = DueFirings()
        due.missedMore = survey.isPartial
        if isOnTime || missed == .once {
            due.firing = last
            due.isCatchUp = !isOnTime
            due.missed = survey.count - 1
            due.lastMissed = survey.beforeLast
        } else {
            due.missed = survey.count
            due.lastMissed = last
        }
        return due
    }

    private struct Survey {
        var count = 0
        var last: Firing?
        var beforeLast: Firing?
        /// Whether there were more than are counted.
        var isPartial = false
    }

    /// Those that begin in between.
    private func survey(after seen: Instant, until now: Instant, _ zone: ZoneRules) -> Survey {
        var survey = Survey()
        survey.isPartial = seen < now - Self.horizon
        var from = max(seen, now - Self.horizon) - jitter
        while let firing = cron.next(after: from, zone), firing.at <= now {
            from = firing.at
            let start = start(of: firing)
            guard start > seen, start <= now else { continue }
            survey.count += 1
            (survey.beforeLast, survey.last) = (survey.last, firing)
            if survey.count == Self.counted, from < now - Self.day - jitter {
                survey.isPartial = true
                from = now - Self.day - jitter
            }
        }
        return survey
    }
}
