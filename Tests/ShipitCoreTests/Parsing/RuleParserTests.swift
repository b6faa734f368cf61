import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RuleParserTests {
    private func kind(_ text: String) throws -> Rule.Kind { try RuleParser.rule(text).kind }

    @Test func `a threshold with a hold is read`() throws {
        let rule = try RuleParser.rule("api.error-rate > 5% for 5m")
        #expect(rule.text == "api.error-rate > 5% for 5m")
        #expect(rule.source == "api")
        #expect(rule.kind == .metric(.errorRate, Condition(.more, Quantity(0.05, .ratio)), hold: .minutes(5)))
    }

    @Test func `a threshold without a hold is read`() throws {
        #expect(
            try kind("api.p99 > 1000ms") == .metric(.quantile(0.99), Condition(.more, Quantity(1, .time)), hold: nil))
        #expect(try kind("api.mean>=2s") == .metric(.mean, Condition(.atLeast, Quantity(2, .time)), hold: nil))
    }

    @Test func `a value is compared in whatever unit it has`() throws {
        #expect(try kind("queue.value > 100") == .metric(.value, Condition(.more, Quantity(100, .count)), hold: nil))
        #expect(
            try kind("disk.value < 1GB for 1m")
                == .metric(.value, Condition(.less, Quantity(1e9, .size)), hold: .minutes(1)))
    }

    @Test func `failures are counted`() throws {
        #expect(
            try RuleParser.rule("db fails 3 times")
                == Rule(text: "db fails 3 times", source: "db", kind: .fails(times: 3)))
        #expect(try kind("db fails 1 time") == .fails(times: 1))
    }

    @Test func `dots in sources and in quantiles are told apart`() throws {
        let rule = try RuleParser.rule("eu.api.p99.9 > 1s")
        #expect(rule.source == "eu.api")
        #expect(try RuleParser.rule("eu.p95.mean > 1s").source == "eu.p95")
        guard case .metric(.quantile(let quantile), _, _) = rule.kind else {
            Issue.record("not a quantile: \(rule.kind)")
            return
        }
        #expect(abs(quantile - 0.999) < 1e-9)
    }

    @Test(arguments: [
        ("api.p95 > baseline * 1.5 for 2m", Rule.Metric.quantile(0.95), RelativeLimit(.more, .times(1.5))),
        ("api.p95 > baseline for 2m", .quantile(0.95), RelativeLimit(.more, .times(1))),
        ("api.p95 >= baseline + 50ms for 2m", .quantile(0.95), RelativeLimit(.atLeast, .plus(0.05))),
        ("queue.value < baseline - 5 for 2m", .value, RelativeLimit(.less, .plus(-5))),
        ("queue.value < baseline - 25% for 2m", .value, RelativeLimit(.less, .times(0.75))),
        // Of a share, a share is added.
        ("api.error-rate > baseline + 25% for 2m", .errorRate, RelativeLimit(.more, .plus(0.25))),
    ]) func `a limit may be relative to the baseline`(text: String, metric: Rule.Metric, limit: RelativeLimit) throws {
        #expect(try kind(text) == .relative(metric, limit, hold: .minutes(2)))
    }

    @Test(arguments: ["error-rate", "p50", "p99.9", "p99.95", "p7", "mean", "value", "count", "rate"])
    func `a metric says its name as rules write it`(name: String) {
        #expect(Rule.Metric(name)?.name == name)
    }

    @Test(arguments: [
        ("", RuleError.malformed("")),
        ("api", .malformed("api")),
        ("p95 > 200ms", .malformed("p95 > 200ms")),
        (".p95 > 200ms", .malformed(".p95 > 200ms")),
        ("api. > 200ms", .malformed("api. > 200ms")),
        ("my api.p95 > 200ms", .malformed("my api.p95 > 200ms")),
        ("api.p95 > 200ms for", .malformed("api.p95 > 200ms for")),
        ("db fails", .malformed("db fails")),
        ("db fails 3 times in 1m", .malformed("db fails 3 times in 1m")),
        ("api.p95x > 1s", .unknownMetric("p95x")),
        ("api.p0 > 1s", .unknownMetric("p0")),
        ("api.p100 > 1s", .unknownMetric("p100")),
        ("api.latency > 1s", .unknownMetric("latency")),
        ("db fails 0 times", .badCount("0")),
        ("db fails many times", .badCount("many")),
        ("api.p95 == baseline", .badRelative("== baseline")),
        ("api.p95 > baseline / 2", .badRelative("> baseline / 2")),
        ("api.p95 > baseline * -1", .badRelative("> baseline * -1")),
        ("api.p95 > 2 * baseline", .badRelative("> 2 * baseline")),
        ("api.p95 < baseline - 100%", .badRelative("< baseline - 100%")),
        ("log.count > baseline * 2", .badRelative("> baseline * 2")),
        ("api.p95 > baseline + 10", .quantity(.missingUnit("10", .time), in: "10")),
        ("api.p95 > 200", .quantity(.missingUnit("200", .time), in: "> 200")),
        ("api.error-rate > 1s", .quantity(.wrongDimension("1s", .time, expected: .ratio), in: "> 1s")),
        ("api.p95 > 1s for 5", .quantity(.missingUnit("5", .time), in: "for 5")),
        ("api.p95 => 1s", .quantity(.unknownComparison("=>"), in: "=> 1s")),
    ]) func `what is no rule says why`(text: String, error: RuleError) {
        #expect(throws: error) { try RuleParser.rule(text) }
    }
}
