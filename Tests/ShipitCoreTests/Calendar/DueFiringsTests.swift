import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DueFiringsTests {
    private func entry(
        _ cron: String, missed: ScheduleEntry.Missed = .skip, jitter: TimeSpan = .zero
    ) throws -> ScheduleEntry {
        ScheduleEntry(name: "nightly", cron: try CronParser.cron(cron), zone: "UTC", missed: missed, jitter: jitter)
    }

    private func due(
        _ entry: ScheduleEntry, after seen: String, until now: String, _ zone: ZoneRules = .utc
    ) -> DueFirings { entry.due(after: utc(seen), until: utc(now), zone) }

    @Test func `a time that has just come is due, once`() throws {
        let entry = try entry("0 2 * * *")

        let due = due(entry, after: "2026-01-12T01:59", until: "2026-01-12T02:00")

        #expect(due.firing?.nominal.description == "2026-01-12 02:00")
        #expect(!due.isCatchUp)
        #expect(due.missed == 0)
        #expect(self.due(entry, after: "2026-01-12T02:00", until: "2026-01-12T02:01") == .none)
    }

    @Test func `a look that is a minute late is on time`() throws {
        let due = try due(entry("0 2 * * *"), after: "2026-01-12T01:00", until: "2026-01-12T02:01")
        #expect(due.firing != nil)
        #expect(!due.isCatchUp)
    }

    @Test func `what was missed is skipped, and counted`() throws {
        let due = try due(entry("0 2 * * *"), after: "2026-01-12T01:00", until: "2026-01-15T12:00")

        #expect(due.firing == nil)
        #expect(due.missed == 4)
        #expect(due.lastMissed?.nominal.description == "2026-01-15 02:00")
    }

    @Test func `of what was missed one is made up for, and never more`() throws {
        let due = try due(entry("0 2 * * *", missed: .once), after: "2026-01-12T01:00", until: "2026-01-15T12:00")

        #expect(due.firing?.nominal.description == "2026-01-15 02:00")
        #expect(due.isCatchUp)
        #expect(due.missed == 3)
        #expect(due.lastMissed?.nominal.description == "2026-01-14 02:00")
    }

    @Test(arguments: ScheduleEntry.Missed.allCases)
    func `after days without a look, what is on time is begun and nothing else`(_ missed: ScheduleEntry.Missed) throws {
        let due = try due(entry("* * * * *", missed: missed), after: "2026-01-12T01:00", until: "2026-01-16T01:00")

        #expect(due.firing?.nominal.description == "2026-01-16 01:00")
        #expect(!due.isCatchUp)
        #expect(due.missed > 0)
        #expect(due.missedMore)
    }

    @Test func `a clock that was set back makes nothing due`() throws {
        #expect(try due(entry("* * * * *"), after: "2026-01-12T02:00", until: "2026-01-12T01:00") == .none)
    }

    @Test func `a time that comes once a year is found after months`() throws {
        let due = try due(entry("0 0 1 1 *", missed: .once), after: "2025-06-01T00:00", until: "2026-03-01T00:00")
        #expect(due.firing?.nominal.description == "2026-01-01 00:00")
        #expect(due.isCatchUp)
    }

    @Test func `a delay is less than the jitter, the same for one time and others for others`() throws {
        let entry = try entry("0 2 * * *", jitter: .minutes(10))
        let starts = (1...28).map { day -> TimeSpan in
            let firing = Firing(
                at: utc("2026-01-\(day < 10 ? "0" : "")\(day)T02:00"),
                nominal: ZoneRules.utc.local(at: utc("2026-01-\(day < 10 ? "0" : "")\(day)T02:00")))
            #expect(entry.start(of: firing) == entry.start(of: firing))
            return entry.start(of: firing) - firing.at
        }

        #expect(starts.allSatisfy { $0 >= .zero && $0 < .minutes(10) })
        #expect(Set(starts).count > 20)
    }

    @Test func `what is delayed is due when its delay is over, and not before`() throws {
        let entry = try entry("0 2 * * *", jitter: .minutes(10))
        let (firing, start) = try #require(entry.next(after: utc("2026-01-12T01:00"), .utc))
        #expect(firing.at == utc("2026-01-12T02:00"))

        #expect(entry.due(after: utc("2026-01-12T01:00"), until: start - .milliseconds(1), .utc) == .none)
        let due = entry.due(after: start - .milliseconds(1), until: start, .utc)
        #expect(due.firing == firing)
        #expect(entry.due(after: start, until: utc("2026-01-12T03:00"), .utc) == .none)
    }

    @Test func `the next one of delayed times is the one that begins first`() throws {
        let entry = try entry("* * * * *", jitter: .minutes(10))
        var now = utc("2026-01-12T00:00")
        for _ in 0..<200 {
            let next = try #require(entry.next(after: now, .utc))
            #expect(next.start > now)
            let due = entry.due(after: now, until: next.start - .milliseconds(1), .utc)
            #expect(due == .none)
            now = next.start
        }
    }

    /// A year of looks, some of them late, by clocks that are set twice: no time is begun twice, and each is begun, or counted
    /// as missed.
    @Test(arguments: ScheduleEntry.Missed.allCases)
    func `in a year of looks each time is begun once or missed`(_ missed: ScheduleEntry.Missed) throws {
        var random = Seeded(state: 42)
        let entry = try entry("30 2,3,14 * * *", missed: missed)
        var seen = utc("2026-01-01T00:00")
        let end = utc("2027-01-01T00:00")
        var begun: [String] = []
        var counted = 0
        while seen < end {
            // Seconds as a rule; an hour, or a day, when the machine slept.
            let step: TimeSpan =
                switch random.next() % 1000 {
                case 0..<5: .hours(Int64(random.next() % 70))
                case 5..<50: .minutes(Int64(random.next() % 90))
                default: .minutes(Int64(random.next() % 20) + 1)
                }
            let now = seen + step + .seconds(1)
            let due = entry.due(after: seen, until: now, athens)
            if let firing = due.firing { begun.append(firing.nominal.description) }
            counted += due.missed + (due.firing == nil ? 0 : 1)
            seen = now
        }
        #expect(Set(begun).count == begun.count)
        let all = try allFirings(entry.cron, from: utc("2026-01-01T00:00"), until: seen)
        #expect(counted == all)
        #expect(begun.count > (missed == .skip ? 30 : all / 2))
    }

    private func allFirings(_ cron: Cron, from: Instant, until: Instant) throws -> Int {
        var (count, now) = (0, from)
        while let next = cron.next(after: now, athens), next.at <= until {
            count += 1
            now = next.at
        }
        return count
    }

    private struct Seeded {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
