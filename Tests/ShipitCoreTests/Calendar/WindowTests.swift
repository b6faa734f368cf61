import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct WindowTests {
    private func windows(
        _ allow: [String], deny: [String] = [], fit: Bool = false
    ) throws -> Windows {
        Windows(
            zone: "Europe/Athens", allow: try allow.map(WindowParser.span), deny: try deny.map(WindowParser.closure),
            fit: fit)
    }

    private func isOpen(_ windows: Windows, _ at: String) -> Bool { windows.standing(at: utc(at), athens).isOpen }

    private func opening(_ windows: Windows, _ from: String) -> String? {
        windows.opening(from: utc(from), athens).map { String($0.description.prefix(16)) }
    }

    @Test func `a window begins at its first minute and ends before its last`() throws {
        let windows = try windows(["Tue-Thu 02:00-06:00"])
        // 2026-12-01 is a Tuesday; Athens is two hours ahead.
        #expect(!isOpen(windows, "2026-11-30T23:59"))
        #expect(isOpen(windows, "2026-12-01T00:00"))
        #expect(isOpen(windows, "2026-12-01T03:59"))
        #expect(!isOpen(windows, "2026-12-01T04:00"))
        #expect(!isOpen(windows, "2026-12-04T01:00"))
    }

    @Test func `a window over midnight belongs to the day on which it begins`() throws {
        let windows = try windows(["Fri 23:00-03:00"])
        #expect(isOpen(windows, "2026-12-04T21:00"))
        #expect(isOpen(windows, "2026-12-05T00:59"))
        #expect(!isOpen(windows, "2026-12-05T01:00"))
        #expect(!isOpen(windows, "2026-12-04T00:00"))
    }

    @Test func `a window of Sunday goes over the end of the week`() throws {
        let windows = try windows(["Sun 23:00-03:00"])
        #expect(isOpen(windows, "2026-12-07T00:59"))
        #expect(!isOpen(windows, "2026-12-07T01:00"))
    }

    @Test(arguments: [
        ("Mon 02:00-06:00", "Mon 02:00-06:00"), ("monday 2:00 - 6:00", "Mon 02:00-06:00"),
        ("02:00-06:00", "Mon-Sun 02:00-06:00"), ("Fri-Mon 00:00-24:00", "Fri-Mon"), ("Sat,Sun", "Sat,Sun"),
        ("Mon, Wed-Fri 22:00-24:00", "Mon,Wed-Fri 22:00-24:00"), ("Sat 23:00-Sun 03:00", "Sat 23:00-03:00"),
        ("Fri 18:00-Mon 06:00", "Fri 18:00-Mon 06:00"), ("Sat 00:00-Sun 24:00", "Sat 00:00-Sun 24:00"),
        ("Mon 12:00-Mon 11:00", "Mon 12:00-Mon 11:00"), ("Mon-Sun 23:30-00:30", "Mon-Sun 23:30-00:30"),
    ])
    func `a span is read and written in one way`(text: String, written: String) throws {
        let span = try WindowParser.span(text)
        #expect(span.written == written)
        #expect(try WindowParser.span(written) == span)
    }

    @Test(arguments: [
        ("Tues 02:00-06:00", WindowParser.Problem.unknownDay("Tues")), ("Tue 02:00-25:00", .badTime("25:00")),
        ("Tue 2-6", .badTime("2")), ("Tue 02:60-06:00", .badTime("02:60")), ("Tue 02:00-02:00", .noLength),
        ("Tue 24:00-03:00", .noLength), ("Tue-Thu 22:00-Fri 03:00", .severalDays), ("", .malformed),
        ("Tue at 02:00-06:00", .malformed), ("Tue 02:00", .malformed), ("Mon-Tue-Wed", .malformed),
        ("Sat 23:00-Sat 23:00", .noLength), ("Tue +2:00-06:00", .badTime("+2:00")),
    ])
    func `what is no span says why`(text: String, problem: WindowParser.Problem) {
        #expect(throws: problem) { try WindowParser.span(text) }
    }

    @Test(arguments: [
        ("2026-02-29", WindowParser.Problem.badDate("2026-02-29")), ("2027-01-03..2026-12-20", .reversed),
        ("2026-12-20..", .badDate("")), ("2026-1-1", .badDate("2026-1-1")), ("2026-12-20..1..2", .malformed),
    ])
    func `what is no date says why`(text: String, problem: WindowParser.Problem) {
        #expect(throws: problem) { try WindowParser.closure(text) }
    }

    @Test func `what is denied wins, and its last day is denied, too`() throws {
        let windows = try windows(["02:00-06:00"], deny: ["2026-12-20..2027-01-03"])
        #expect(isOpen(windows, "2026-12-19T01:00"))
        #expect(!isOpen(windows, "2026-12-20T01:00"))
        #expect(!isOpen(windows, "2027-01-03T01:00"))
        #expect(isOpen(windows, "2027-01-04T01:00"))
        #expect(opening(windows, "2026-12-19T12:00") == "2027-01-04T00:00")
        let standing = windows.standing(at: utc("2026-12-24T01:00"), athens)
        #expect(standing.closedBy?.written == "2026-12-20..2027-01-03")
    }

    @Test func `hours can be denied every week`() throws {
        let windows = try windows(["Mon-Fri 08:00-18:00"], deny: ["Fri 12:00-24:00"])
        #expect(isOpen(windows, "2026-12-04T09:59"))
        #expect(!isOpen(windows, "2026-12-04T10:00"))
        #expect(opening(windows, "2026-12-04T10:00") == "2026-12-07T06:00")
    }

    @Test func `neighbouring windows are one`() throws {
        let windows = try windows(["Sat", "Sun"])
        #expect(windows.standing(at: utc("2026-12-05T00:00"), athens).until == utc("2026-12-06T22:00"))
    }

    @Test func `always open has no end`() throws {
        let standing = try windows(["Mon-Sun"]).standing(at: utc("2026-12-05T00:00"), athens)
        #expect(standing.isOpen)
        #expect(standing.until == nil)
    }

    @Test func `deny that covers all that is allowed never opens`() throws {
        #expect(try windows(["Fri 12:00-18:00"], deny: ["Fri"]).isNeverOpen)
        #expect(try !windows(["Fri 12:00-18:00"], deny: ["Fri 12:00-17:59"]).isNeverOpen)
        #expect(try windows(["Fri 12:00-18:00"], deny: ["Fri"]).opening(from: utc("2026-12-05T00:00"), athens) == nil)
    }

    @Test func `the hour that clocks skip is no part of a window`() throws {
        let windows = try windows(["02:00-04:00"])
        let standing = windows.standing(at: utc("2026-03-29T00:00"), athens)
        #expect(standing.isOpen)
        #expect(standing.until == utc("2026-03-29T01:00"))
        // From 03:00 to 04:00 there is nothing on that day.
        #expect(opening(try self.windows(["03:00-04:00"]), "2026-03-29T00:00") == "2026-03-30T00:00")
    }

    @Test func `the hour that clocks show twice is in a window twice`() throws {
        let whole = try windows(["02:00-05:00"]).standing(at: utc("2026-10-24T23:00"), athens)
        #expect(whole.until == utc("2026-10-25T03:00"))
        let half = try windows(["03:00-03:30"])
        #expect(isOpen(half, "2026-10-25T00:29"))
        #expect(!isOpen(half, "2026-10-25T00:30"))
        #expect(isOpen(half, "2026-10-25T01:29"))
        #expect(!isOpen(half, "2026-10-25T01:30"))
    }

    @Test func `an opening that holds long enough is looked for`() throws {
        let windows = try windows(["Tue 02:00-03:00", "Wed 02:00-06:00"])
        let monday = utc("2026-11-30T12:00")
        #expect(windows.opening(from: monday, holding: .minutes(60), athens) == utc("2026-12-01T00:00"))
        #expect(windows.opening(from: monday, holding: .minutes(61), athens) == utc("2026-12-02T00:00"))
        #expect(windows.opening(from: monday, holding: .hours(5), athens) == nil)
        // From within a window whose rest is too short.
        #expect(
            windows.opening(from: utc("2026-12-01T00:30"), holding: .minutes(31), athens) == utc("2026-12-02T00:00"))
    }
}
