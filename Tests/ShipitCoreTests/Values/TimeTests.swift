import Foundation
import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Times` {
    static let table: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_767_225_599_999, "2025-12-31T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ]

    @Test(arguments: table)
    func `are written as RFC 3339 in UTC with milliseconds`(milliseconds: Int64, text: String) {
        #expect(Instant(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: table)
    func `are read as they are written`(milliseconds: Int64, text: String) {
        #expect(Instant(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:00:00Z", "2026-13-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z",
        "2025-02-29T00:00:00.000Z", "2026-01-01T25:00:00.000Z", "2026-01-01T00:60:00.000Z", "2026/01/01T00:00:00.000Z",
        "2026-01-01T00:00:00,000Z", "2026-01-01 00:00:00.000Z", "2026-01-01T00:00:00.000+", "2026-01-01T00:00:+1.000Z",
        "2026-01-01T00:00:00.000Zx",
    ])
    func `in any other form are refused`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `of every day of four centuries go there and back`() {
        var before: Int64?
        for day in Int64(-30_000)...120_000 {
            let date = CivilDate(daysSinceEpoch: day)
            #expect(date.daysSinceEpoch == day)
            if let before { #expect(day == before + 1) }
            before = day
        }
    }

    @Test func `lengths are seconds in JSON`() throws {
        #expect(String(decoding: try JSONEncoder().encode([TimeSpan.milliseconds(1500)]), as: UTF8.self) == "[1.5]")
        #expect(
            try JSONDecoder().decode([TimeSpan].self, from: Data("[1.5, 86400]".utf8)) == [
                .milliseconds(1500), .hours(24),
            ])
    }

    @Test func `lengths without end are refused`() {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([TimeSpan].self, from: Data("[1e300]".utf8)) }
    }

    @Test func `add up and compare`() {
        let instant = Instant(milliseconds: 1000)
        #expect(instant + .seconds(1) - instant == .seconds(1))
        #expect(instant - .minutes(1) < instant)
        #expect(TimeSpan.hours(1) > .minutes(59))
    }
}
