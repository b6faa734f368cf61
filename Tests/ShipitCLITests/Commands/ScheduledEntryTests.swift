import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct ScheduledEntryTests {
    private static let project = Project(root: "/srv/app", stateFolder: "/srv/app/.shipit")

    private func entry(
        tag: String = ScheduleEntry.latest, environment: String? = "staging", dryRun: Bool
    ) throws -> ScheduledEntry {
        ScheduledEntry(
            pipeline: "deploy",
            entry: ScheduleEntry(
                name: "nightly", cron: try CronParser.cron("0 2 * * *"), zone: "UTC", tag: tag,
                environment: environment, dryRun: dryRun), zone: .utc)
    }

    private let order = FiringOrder(
        FiringKey(entry: "deploy/nightly", nominal: "2026-01-12 02:00"), at: Instant(milliseconds: 1_768_183_200_000))

    @Test func `a deployment of a schedule goes on by itself, for its time`() throws {
        let words = try entry(tag: "v1.*", dryRun: false).arguments(in: Self.project, for: order)
        #expect(
            words.joined(separator: " ")
                == "deploy -C /srv/app --state /srv/app/.shipit --pipeline deploy --yes --env staging --matching v1.* "
                + "--detach --firing 1768183200000/deploy/nightly@2026-01-12 02:00 latest")
    }

    @Test func `a dry-run that a person begins is for no time`() throws {
        let words = try entry(environment: nil, dryRun: true).arguments(in: Self.project)
        #expect(
            words.joined(separator: " ")
                == "deploy -C /srv/app --state /srv/app/.shipit --pipeline deploy --yes --dry-run latest")
    }

    @Test func `a time is read as it was written`() throws {
        let read = try #require(FiringOrder(argument: order.argument))
        #expect(read == order)
        for nonsense in ["", "5", "x/deploy/nightly@2026", "5/deploy/nightly", "5/@x", "5/x@"] {
            #expect(FiringOrder(argument: nonsense) == nil, "\(nonsense)")
        }
    }

    @Test func `the numbers are told as Prometheus reads them`() {
        var values = ServeCounts.Values(startedAt: Instant(milliseconds: 1_768_183_200_500))
        values.missed = ["deploy/a\"b": 3]
        let lost = FiringRecord(
            key: FiringKey(entry: "deploy/nightly", nominal: "n"), at: Instant(milliseconds: 5000), state: .lost)

        let text = ServeMetrics.text(values, firings: [(lost, nil)], runs: [.monitoring: 2])

        for line in [
            "# TYPE shipit_schedule_missed_total counter", #"shipit_schedule_missed_total{entry="deploy/a\"b"} 3"#,
            "shipit_start_time_seconds 1768183200.5", #"shipit_schedule_last_seconds{entry="deploy/nightly"} 5"#,
            #"shipit_schedule_last_ok{entry="deploy/nightly"} 0"#, #"shipit_runs_open{state="monitoring"} 2"#,
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) is not in \(text)")
        }
    }
}
