import ShipitCore
import ShipitSyntax
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ScheduleTests {
    private func schedule(_ text: String, environments: String = "{staging: {}}") throws -> [ScheduleEntry] {
        let file = "shipit: 1\nenvironments: \(environments)\nstages: {a: {run: 'true'}}\nschedule:\n\(text)\n"
        let reading = PipelineReader(catalog: testCatalog, zones: TestZones()).read(Array(file.utf8), file: "x.yaml")
        let words = DiagnosticRenderer(sources: reading.sources).render(reading.diagnostics)
        return try #require(reading.pipeline, "\(words)").schedule
    }

    @Test func `an entry says when, by whose clocks, what and where`() throws {
        let entry = try #require(
            schedule(
                """
                  - name: nightly
                    cron: "30  2 * * MON-FRI"
                    zone: Europe/Athens
                    tag: "v1.*"
                    environment: staging
                    dry-run: yes
                    missed: once
                    overlap: queue
                    jitter: 10m
                """
            ).first)

        #expect(entry.name == "nightly")
        #expect(entry.cron.text == "30 2 * * MON-FRI")
        #expect(entry.zone == "Europe/Athens")
        #expect(entry.tag == "v1.*")
        #expect(entry.environment == "staging")
        #expect(entry.dryRun)
        #expect(entry.missed == .once)
        #expect(entry.overlap == .queue)
        #expect(entry.jitter == .minutes(10))
    }

    @Test func `what is not said is the latest tag, to the only environment, nothing made up for and nothing queued`()
        throws
    {
        let entry = try #require(schedule(#"  - {cron: "0 2 * * *", zone: UTC}"#).first)

        #expect(entry.tag == "latest")
        #expect(entry.environment == "staging")
        #expect(!entry.dryRun)
        #expect(entry.missed == .skip)
        #expect(entry.overlap == .skip)
        #expect(entry.jitter == .zero)
    }

    @Test func `an entry without a name is called by what it does`() throws {
        let entries = try schedule(
            """
              - {cron: "0 2 * * *", zone: UTC, dry-run: yes}
              - {cron: "0 3 * * *", zone: UTC}
            """)

        #expect(entries.map(\.name) == ["staging-dry-run", "staging"])
    }

    @Test func `without environments it goes to the one that there is by itself`() throws {
        let entry = try #require(
            schedule(#"  - {cron: "0 2 * * *", zone: UTC, dry-run: yes}"#, environments: "{}").first)

        #expect(entry.environment == nil)
        #expect(entry.name == "default-dry-run")
    }
}
