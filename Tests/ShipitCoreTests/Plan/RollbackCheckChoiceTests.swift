import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `After a rollback the plan asks` {
    private static func check(_ name: String, _ subject: String, by probe: String = "http", after: [String] = [])
        -> Check
    {
        Check(
            name: name, dependsOn: after,
            probe: ProbeRequest(probe: probe, subject: .text(`The planner`.template(subject))))
    }

    private static let smoke = [
        check("Health", "http://127.0.0.1/health"),
        check("Version", "http://127.0.0.1/${{ release.version }}"),
        check("Notes", "http://127.0.0.1/notes", after: ["Version"]),
        check("Script", "curl -s localhost | grep $SHIPIT_VERSION", by: "run"),
        check("Load", "k6.json", by: "report"),
        check("Seen", "Somebody has looked", by: Check.manualProbe),
        check("Before", "http://127.0.0.1/${{ target.version }}"),
        check("Image", "http://127.0.0.1/${{ stages.a.outputs.x }}"),
    ]

    private static func plan(
        stage name: StageName = "smoke", suite: String = "smoke", monitor: Monitor? = nil, previous: Release? = .older,
        skipped: Bool = false
    ) throws -> Plan {
        let condition: StageCondition? =
            skipped ? .equal(Template(literal: "a"), Template(literal: "b")) : nil
        let pipeline = Pipeline(
            name: "deploy", environments: [Environment(name: "production")],
            stages: [
                Stage(name: "a", perform: .script("true")),
                Stage(name: name, needs: ["a"], perform: .checks(suite), changes: false, condition: condition),
            ],
            suites: [suite: smoke, "other": [check("Other", "http://127.0.0.1/")]], monitor: monitor)
        return try Planner(pipeline, catalog: `The planner`.catalog).plan(
            .sample, in: "production", previous: previous)
    }

    private static func asked(_ plan: Plan) -> [String]? {
        plan.stages.compactMap(\.rollbackCheck).first?.suite.flatMap { plan.suites[$0] }?.map(\.name)
    }

    @Test func `what the smoke stage asks of any release, and nothing that speaks of the new one`() throws {
        let plan = try Self.plan()
        #expect(Self.asked(plan) == ["Health", "Before"])
        #expect(plan.leftOutOfRollbackCheck == ["Version", "Notes", "Script", "Load", "Seen", "Image"])
        #expect(plan.stages.last?.rollbackCheck != nil)
    }

    @Test func `the same of a stage that asks the suite called smoke`() throws {
        #expect(try Self.asked(Self.plan(stage: "look")) == ["Health", "Before"])
        #expect(try Self.asked(Self.plan(stage: "look", suite: "looks")) == nil)
    }

    @Test func `nothing where no release was live, the stage is skipped, or the author says none`() throws {
        #expect(try Self.asked(Self.plan(previous: nil)) == nil)
        #expect(try Self.asked(Self.plan(skipped: true)) == nil)
        let none = Monitor(rollbackVerify: RollbackVerification.none)
        #expect(try Self.asked(Self.plan(monitor: none)) == nil)
    }

    @Test func `the suite that the monitor names, as it stands`() throws {
        let plan = try Self.plan(monitor: Monitor(rollbackVerify: .suite("other")))
        #expect(Self.asked(plan) == ["Other"])
        #expect(plan.leftOutOfRollbackCheck == [])
        #expect(try Self.asked(Self.plan(monitor: Monitor(rollbackVerify: .suite("smoke"))))?.count == 8)
    }

    @Test func `and its digest tells`() throws {
        #expect(try Self.plan().digested.suites.keys.contains("smoke after a rollback"))
        let none = Monitor(rollbackVerify: RollbackVerification.none)
        #expect(try Self.plan(monitor: none).digested != Self.plan(monitor: Monitor()).digested)
    }
}
