import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct QuantityParserTests {
    @Test(arguments: [
        ("500ms", 500), ("5s", 5000), ("10m", 600_000), ("24h", 86_400_000), ("7d", 604_800_000), ("0s", 0),
        ("1h30m", 5_400_000), ("1d2h3m4s5ms", 93_784_005), ("1.5s", 1500), ("0.5h", 1_800_000), ("0.001s", 1),
        ("1.1s", 1100),
    ]) func `a length of time is read`(text: String, milliseconds: Int64) throws {
        #expect(try QuantityParser.duration(text) == TimeSpan(milliseconds: milliseconds))
    }

    @Test(arguments: [
        ("", QuantityError.empty),
        ("10", .missingUnit("10", .time)),
        ("1.5", .missingUnit("1.5", .time)),
        ("1e3", .missingUnit("1e3", .time)),
        ("10min", .unknownUnit("min", .time)),
        ("1w", .unknownUnit("w", .time)),
        ("5S", .unknownUnit("S", .time)),
        ("10 m", .malformed("10 m")),
        (" 10m", .malformed(" 10m")),
        ("10m ", .malformed("10m ")),
        ("m", .malformed("m")),
        (".5s", .malformed(".5s")),
        ("5.s", .malformed("5.s")),
        ("1..5s", .malformed("1..5s")),
        ("30m1h", .malformed("30m1h")),
        ("1h1h", .malformed("1h1h")),
        ("1h30", .malformed("1h30")),
        ("1h5%", .malformed("1h5%")),
        ("+5s", .malformed("+5s")),
        ("-5s", .negative("-5s")),
        ("-5", .negative("-5")),
        ("-x", .malformed("-x")),
        ("nan", .malformed("nan")),
        ("inf", .malformed("inf")),
        ("0x10", .unknownUnit("x", .time)),
        ("50MB", .wrongDimension("50MB", .size, expected: .time)),
        ("0.1ms", .finerThanMilliseconds("0.1ms")),
        ("999999999d", .tooLarge("999999999d")),
    ]) func `what is no length of time says why`(text: String, error: QuantityError) {
        #expect(throws: error) { try QuantityParser.duration(text) }
    }

    @Test(arguments: [
        ("50MB", 50e6), ("20GB", 20e9), ("1GiB", 1_073_741_824), ("1KiB", 1024), ("1kB", 1000), ("1KB", 1000),
        ("512B", 512), ("1.5MB", 1.5e6), ("2TB", 2e12), ("1MiB", 1_048_576), ("1TiB", 1_099_511_627_776),
    ]) func `a size is read`(text: String, bytes: Double) throws {
        #expect(try QuantityParser.size(text) == bytes)
    }

    @Test func `a ratio is read as a share`() throws {
        #expect(try QuantityParser.ratio("5%") == 0.05)
        #expect(try QuantityParser.ratio("0.1%") == 0.001)
        #expect(throws: QuantityError.missingUnit("0.05", .ratio)) { try QuantityParser.ratio("0.05") }
    }

    @Test func `a plain number may be negative, and has no unit`() throws {
        #expect(try QuantityParser.number("3") == 3)
        #expect(try QuantityParser.number("-2.5") == -2.5)
        #expect(try QuantityParser.number("1e3") == 1000)
        #expect(throws: QuantityError.wrongDimension("3s", .time, expected: .count)) { try QuantityParser.number("3s") }
        #expect(throws: QuantityError.self) { try QuantityParser.number("1e999") }
    }

    @Test func `a quantity of any dimension is what its unit says`() throws {
        #expect(try QuantityParser.quantity("250ms") == Quantity(0.25, .time))
        #expect(try QuantityParser.quantity("5%") == Quantity(0.05, .ratio))
        #expect(try QuantityParser.quantity("7") == Quantity(7, .count))
    }

    @Test(arguments: [
        ("< 100ms", Comparison.less, 0.1), ("<=100ms", .atMost, 0.1), ("  >  1s ", .more, 1), (">= 1m", .atLeast, 60),
        ("== 2s", .equal, 2),
    ]) func `a condition is read`(text: String, comparison: Comparison, limit: Double) throws {
        #expect(try QuantityParser.condition(text, in: .time) == Condition(comparison, Quantity(limit, .time)))
    }

    @Test func `a condition of any dimension takes any value`() throws {
        #expect(try QuantityParser.condition("> 3") == Condition(.more, Quantity(3, .count)))
        #expect(try QuantityParser.condition("< 20GB") == Condition(.less, Quantity(20e9, .size)))
    }

    @Test(arguments: [
        ("100ms", QuantityError.missingComparison("100ms")),
        ("= 100ms", .unknownComparison("=")),
        ("=> 100ms", .unknownComparison("=>")),
        ("!= 100ms", .unknownComparison("!=")),
        ("< 100", .missingUnit("100", .time)),
        ("<", .empty),
        ("< < 5s", .malformed("< 5s")),
    ]) func `what is no condition says why`(text: String, error: QuantityError) {
        #expect(throws: error) { try QuantityParser.condition(text, in: .time) }
    }

    @Test func `every error tells what to do`() {
        #expect(QuantityError.missingUnit("0.2", .ratio).hint == "write 20%")
        #expect(QuantityError.missingUnit("5", .ratio).hint == "write 5%")
        #expect(QuantityError.unknownUnit("min", .time).hint == "did you mean \"m\"?")
        #expect(QuantityError.unknownComparison("=").hint == "write ==")
        #expect(QuantityError.missingUnit("10", .time).message == "\"10\" needs a unit: it is a length of time")
        #expect(QuantityError.missingUnit("10", .time).code == "missing-unit")
    }
}
