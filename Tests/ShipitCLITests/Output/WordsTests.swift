import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct WordsTests {
    @Test(arguments: [
        (0, "0.0s"), (310, "0.3s"), (9949, "9.9s"), (9950, "9s"), (42_900, "42s"), (65_000, "1m05s"),
        (7_380_000, "2h03m"), (273_600_000, "3d04h"),
    ])
    func `lengths of time are short`(milliseconds: Int, text: String) {
        #expect(Words.duration(.milliseconds(Int64(milliseconds))) == text)
    }

    @Test(arguments: [
        (0, "0s"), (500, "500ms"), (90_000, "1m30s"), (600_000, "10m"), (5_400_000, "1h30m"), (86_400_000, "24h"),
        (604_800_000, "7d"),
    ])
    func `settings are written as the pipeline language writes them`(milliseconds: Int, text: String) throws {
        #expect(Words.span(.milliseconds(Int64(milliseconds))) == text)
        #expect(try QuantityParser.duration(text).milliseconds == Int64(milliseconds))
    }

    @Test func `values carry the unit of their limit`() {
        #expect(Words.value(0.21, .ratio) == "21%")
        #expect(Words.value(0.0021, .ratio) == "0.21%")
        #expect(Words.value(0.2134, .time) == "213ms")
        #expect(Words.value(0.0045, .time) == "4.5ms")
        #expect(Words.value(1.25, .time) == "1.25s")
        #expect(Words.value(52_400_000, .size) == "52.4MB")
        #expect(Words.value(-3, .count) == "-3")
        #expect(Words.value(-0.5, .count) == "-0.5")
        #expect(Words.value(1e300, .count) == "1e+300")
        #expect(Words.value(.nan, .count) == "nan")
    }

    @Test func `what a rule observed is told in its own words`() {
        #expect(Words.observed(0.21, ofRule: "api.error-rate > 5% for 5m") == "21%")
        #expect(Words.observed(1, ofRule: "api fails 3 times") == "1 failure in a row")
        #expect(Words.observed(nil, ofRule: "api.p95 > 200ms") == "no data")
        #expect(Words.observed(0.5, ofRule: "a rule of some later language") == "0.5")
    }

    @Test func `times are UTC`() {
        #expect(Words.clock(Story.start) == "01:30:05")
        #expect(Words.minute(Story.start) == "2026-01-12 01:30:05")
    }
}
