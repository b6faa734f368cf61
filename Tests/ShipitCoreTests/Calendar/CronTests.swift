import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct CronTests {
    private func next(_ text: String, after instant: String, _ zone: ZoneRules = athens) throws -> String? {
        try CronParser.cron(text).next(after: utc(instant), zone).map { String($0.at.description.prefix(16)) }
    }

    private func firings(_ text: String, from: String, until: String) throws -> [Firing] {
        let cron = try CronParser.cron(text)
        var firings: [Firing] = []
        var now = utc(from) - .milliseconds(1)
        while let next = cron.next(after: now, athens), next.at < utc(until) {
            firings.append(next)
            now = next.at
        }
        return firings
    }

    @Test func `a time of every day is the zone's`() throws {
        #expect(try next("0 2 * * *", after: "2026-12-01T00:00") == "2026-12-02T00:00")
        #expect(try next("0 2 * * *", after: "2026-11-30T23:59") == "2026-12-01T00:00")
        #expect(try next("0 2 * * *", after: "2026-12-01T00:00", .utc) == "2026-12-01T02:00")
    }

    @Test(arguments: [
        ("*/15 * * * *", "2026-12-01T00:15"), ("10-40/10 * * * *", "2026-12-01T00:10"),
        ("5,35 * * * *", "2026-12-01T00:05"), ("0 0 1 JAN *", "2027-01-01T00:00"),
        ("0 0 * * sun", "2026-12-06T00:00"), ("0 0 * * 7", "2026-12-06T00:00"), ("0 0 * * 0", "2026-12-06T00:00"),
        ("0 0 * * SAT-SUN", "2026-12-05T00:00"), ("0 0 * * 6-7", "2026-12-05T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        // One of the two days is enough; with a star both must fit.
        ("0 0 13 * FRI", "2026-12-04T00:00"), ("0 0 */2 * MON", "2026-12-07T00:00"),
    ])
    func `fields are read as cron reads them`(text: String, expected: String) throws {
        #expect(try next(text, after: "2026-12-01T00:00", .utc) == expected)
    }

    @Test func `a fixed time that clocks skip is made up for after the gap, once`() throws {
        let firings = try firings("30 3 * * *", from: "2026-03-28T12:00", until: "2026-03-30T12:00")
        #expect(firings.map(\.at) == [utc("2026-03-29T01:00"), utc("2026-03-30T00:30")])
        #expect(firings.map(\.nominal.description) == ["2026-03-29 03:30", "2026-03-30 03:30"])
        #expect(try self.firings("0,30 3 * * *", from: "2026-03-29T00:00", until: "2026-03-29T12:00").count == 1)
    }

    @Test func `a fixed time that clocks show twice runs the first time`() throws {
        let firings = try firings("30 3 * * *", from: "2026-10-24T12:00", until: "2026-10-26T00:00")
        #expect(firings.map(\.at) == [utc("2026-10-25T00:30")])
        #expect(try next("30 3 * * *", after: "2026-10-25T00:45") == "2026-10-26T01:30")
    }

    @Test func `stars run as the clock goes`() throws {
        #expect(try firings("0 * * * *", from: "2026-03-28T22:00", until: "2026-03-29T22:00").count == 24)
        let spring = try firings("30 * * * *", from: "2026-03-29T00:00", until: "2026-03-29T02:00")
        #expect(spring.map(\.nominal.description) == ["2026-03-29 02:30", "2026-03-29 04:30"])
        let autumn = try firings("*/30 3 * * *", from: "2026-10-24T22:00", until: "2026-10-25T22:00")
        #expect(
            autumn.map(\.at) == [
                utc("2026-10-25T00:00"), utc("2026-10-25T00:30"), utc("2026-10-25T01:00"), utc("2026-10-25T01:30"),
            ])
    }

    @Test(arguments: [
        ("0 2 * *", CronParser.Problem.Kind.fieldCount(4), "0 2 * *", 0), ("@daily", .nickname, "@daily", 0),
        ("0 24 * * *", .outOfRange(0...23), "24", 2), ("60 2 * * *", .outOfRange(0...59), "60", 0),
        ("0 2 0 * *", .outOfRange(1...31), "0", 4), ("0 2 * 13 *", .outOfRange(1...12), "13", 6),
        ("0 2 * * 8", .outOfRange(0...7), "8", 8), ("0 2 * * MOO", .malformed, "MOO", 8),
        ("0 2,, * * *", .malformed, "", 4), ("0 22-4 * * *", .reversed, "22-4", 2), ("*/0 * * * *", .badStep, "0", 2),
        ("5/10 * * * *", .badStep, "5/10", 0), ("*/90 * * * *", .badStep, "90", 2), ("0 -1 * * *", .malformed, "", 2),
        ("0 0 31 2 *", .impossible, "31", 4), ("0 0 30,31 feb *", .impossible, "30,31", 4),
        ("0 0 31 4,6,9,11 *", .impossible, "31", 4), ("", .fieldCount(0), "", 0),
    ])
    func `what is no expression says where`(
        text: String, kind: CronParser.Problem.Kind, part: String, offset: Int
    ) throws {
        let problem = try #require(throws: CronParser.Problem.self) { try CronParser.cron(text) }
        #expect(problem.kind == kind)
        #expect(problem.part == part)
        #expect(problem.offset == offset)
    }

    @Test func `a day that exists only with its weekday is possible`() throws {
        #expect(try next("0 0 31 2 MON", after: "2026-12-01T00:00", .utc) == "2027-02-01T00:00")
    }
}
