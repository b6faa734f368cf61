import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `A rehearsal` {
    static let undo = PlannedStage.Undo.call(.script("back"))

    static let backup = PlannedStage(
        name: "backup", perform: .script("b"), undo: .nothing, timeout: .minutes(2), onInterrupt: .rerun)
    static let migrate = PlannedStage(
        name: "migrate", needs: ["backup"], perform: .script("m"), undo: undo,
        retry: RetryPolicy(attempts: 3, delay: .seconds(5), backoff: 2), timeout: .minutes(10))
    static let restart = PlannedStage(
        name: "restart", needs: ["migrate"], perform: .script("r"), undo: undo, timeout: .minutes(5),
        onInterrupt: .verify)

    static func plan(monitor: Monitor? = nil, _ change: (inout [PlannedStage]) -> Void = { _ in }) -> Plan {
        var stages = [backup, migrate, restart]
        change(&stages)
        return Plan(
            pipeline: "deploy", environment: "production", release: .sample, previous: .older, stages: stages,
            monitor: monitor,
            approvals: ApprovalPolicy(roles: [ApprovalRole(name: "ops", people: [Person(name: "ana")])]))
    }

    static func monitor(_ rule: String, for duration: TimeSpan = .hours(24)) throws -> Monitor {
        Monitor(
            duration: duration,
            sources: [
                MonitorSource(name: "api", probe: ProbeRequest(probe: "run", subject: .text(Template(literal: "x"))))
            ], rollbackWhen: [try RuleParser.rule(rule)])
    }

    static func script(_ stage: StageName, _ course: Script.Course) -> Script {
        var script = Script()
        script.courses[Script.StagePart(stage)] = course
        return script
    }

    static func play(_ plan: Plan, _ script: Script = Script(), pace: Pace = .each(.seconds(1))) -> RehearsedRun {
        Rehearsal.play(plan, script, pace: pace, jobs: 4)
    }

    static let fails = Script.Course(then: .fails(exit: 1))

    @Test func `succeeds where nothing is said to fail, and takes it that people sign`() {
        let run = Self.play(Self.plan())
        #expect(run.state.outcome == .succeeded)
        #expect(run.duration == .seconds(3))
    }

    @Test func `retries, and waits as long as the policy says`() {
        let run = Self.play(Self.plan(), Self.script("migrate", .init(first: [.fails(exit: 1), .timesOut])))
        #expect(run.state.outcome == .succeeded)
        // backup 1s, fails 1s, waits 5s, times out 10m, waits 10s, succeeds 1s, restart 1s.
        #expect(run.duration == .seconds(1 + 1 + 5 + 600 + 10 + 1 + 1))
    }

    @Test func `goes back in reverse order, and says how long that took`() {
        let run = Self.play(Self.plan(), Self.script("restart", Self.fails), pace: .longest)
        #expect(run.state.outcome == .rolledBack)
        #expect(run.exitCode == 4)
        #expect(run.undone == ["restart", "migrate", "backup"])
        #expect(run.wayBack == .minutes(15))
    }

    @Test func `an undo that fails ends in 5, and the others are undone all the same`() {
        var script = Self.script("restart", Self.fails)
        script.courses[Script.StagePart("restart", .undo)] = Self.fails
        let run = Self.play(Self.plan(), script)
        #expect(run.exitCode == 5)
        #expect(run.undone == ["migrate", "backup"])
    }

    @Test func `an attempt whose engine dies is re-attached and loses nothing`() {
        let run = Self.play(Self.plan(), Self.script("migrate", .init(first: [.engineDies], takes: .minutes(4))))
        #expect(run.state.outcome == .succeeded)
        #expect(run.state["migrate"]?.perform.attempts == 1)
        #expect(run.duration == .seconds(1 + 240 + 1))
        #expect(run.journal.contains { if case .resumed = $0.event { true } else { false } })
    }

    @Test func `an attempt that loses the power is rerun, verified or asked about as its stage says`() {
        let dies = Script.Course(first: [.machineDies])
        let rerun = Self.play(Self.plan(), Self.script("backup", dies))
        #expect(rerun.state.outcome == .succeeded)
        #expect(rerun.state["backup"]?.perform.attempts == 2)

        let asked = Self.play(Self.plan(), Self.script("migrate", dies))
        #expect(asked.state.phase == .paused)
        #expect(asked.exitCode == 6)
        #expect(asked.pausedAt == "migrate")

        let attempts: [Script.Verification: Int] = [.done: 1, .notDone: 2]
        for (answer, count) in attempts {
            var script = Self.script("restart", dies)
            script.verifications["restart"] = answer
            let run = Self.play(Self.plan(), script)
            #expect(run.state.outcome == .succeeded)
            #expect(run.state["restart"]?.perform.attempts == count)
        }
        var script = Self.script("restart", dies)
        script.verifications["restart"] = .cannotTell
        #expect(Self.play(Self.plan(), script).pausedAt == "restart")
    }

    @Test func `an attempt that takes longer than its timeout times out`() {
        let run = Self.play(Self.plan(), Self.script("restart", .init(takes: .minutes(6))))
        #expect(run.state["restart"]?.perform.last?.verdict == .timedOut)
        #expect(run.state.outcome == .rolledBack)
    }

    // MARK: The monitor

    @Test func `a day of good samples takes few turns and ends when the day does`() throws {
        let run = Self.play(Self.plan(monitor: try Self.monitor("api.error-rate > 5% for 1m")))
        #expect(run.state.outcome == .succeeded)
        #expect(run.duration == .seconds(3) + .hours(24))
    }

    @Test func `an outage is found by the rule, after the time the rule asks`() throws {
        var script = Script()
        script.spells["api"] = [Script.Spell(from: .hours(20), duration: .minutes(5), errorRate: 1)]
        let run = Self.play(Self.plan(monitor: try Self.monitor("api.error-rate > 50% for 1m")), script)
        #expect(run.state.outcome == .rolledBack)
        let began = try #require(run.state.monitoringStartedAt)
        let found = try #require(run.state.breaches.first).at - began
        #expect(found > .hours(20) + .minutes(1))
        #expect(found < .hours(20) + .minutes(3))
    }

    @Test(arguments: [("api.error-rate > 20% for 1m", true), ("api.error-rate > 30% for 1m", false)])
    func `a share of errors is that share`(rule: String, breaches: Bool) throws {
        var script = Script()
        script.spells["api"] = [Script.Spell(from: .minutes(2), errorRate: 0.25)]
        let run = Self.play(Self.plan(monitor: try Self.monitor(rule, for: .minutes(20))), script)
        #expect(run.hasBreached == breaches)
    }

    @Test func `passing over samples changes nothing about when an outage is found`() throws {
        // An outage that begins at once leaves no steady stretch; one after a long calm is found as fast.
        func delay(_ from: TimeSpan) throws -> TimeSpan {
            var script = Script()
            script.spells["api"] = [Script.Spell(from: from, time: .seconds(2))]
            let run = Self.play(Self.plan(monitor: try Self.monitor("api.p50 > 1s for 2m")), script)
            let began = try #require(run.state.monitoringStartedAt)
            return try #require(run.state.breaches.first).at - began - from
        }
        let (soon, late) = (try delay(.minutes(10)), try delay(.hours(10)))
        #expect(abs((soon - late).milliseconds) <= 100_000, "\(soon) \(late)")
    }

    @Test func `a source that gives nothing pauses the run`() throws {
        var script = Script()
        script.spells["api"] = [Script.Spell(isSilent: true)]
        let run = Self.play(Self.plan(monitor: try Self.monitor("api.value > 5")), script)
        #expect(run.state.phase == .paused)
    }

    @Test func `sources answer so that no rule minds, whichever way it points`() throws {
        for rule in ["api.value < 5", "api.value >= 0", "api.p95 < 10ms", "api.mean > 1ms"] {
            let run = Self.play(Self.plan(monitor: try Self.monitor(rule, for: .minutes(10))))
            #expect(run.state.outcome == .succeeded, "\(rule)")
        }
    }

    // MARK: The simulation

    @Test func `there is a case for each thing that can go wrong`() throws {
        let monitor = try Self.monitor("api.error-rate > 5% for 1m")
        let plan = Self.plan(monitor: monitor) { $0[2].finally = .script("clean") }
        let cases = Simulation(plan, jobs: 2).cases()
        let troubles = Set(cases.map(\.trouble))
        #expect(troubles.count == cases.count)
        for trouble: Simulation.Trouble in [
            .none, .fails("backup"), .failsOnce("migrate"), .timesOut("restart"), .engineDies("migrate"),
            .machineDies("migrate", nil), .machineDies("restart", .cannotTell), .breachAfter("restart"),
            .undoFails("migrate"), .finallyFails("restart"), .sourceFails("api"), .sourceSilent("api"),
        ] { #expect(troubles.contains(trouble), "\(trouble)") }
        // Nothing watches before the restart, a backup has nothing to undo, and one attempt cannot fail once.
        for trouble: Simulation.Trouble in [
            .breachAfter("migrate"), .undoFails("backup"), .failsOnce("restart"), .finallyFails("migrate"),
        ] { #expect(!troubles.contains(trouble), "\(trouble)") }
        let endingIn5 = cases.filter { $0.worst.exitCode == 5 }.map(\.trouble)
        #expect(endingIn5 == [.undoFails("migrate"), .undoFails("restart"), .finallyFails("restart")])
    }

    @Test func `the usual time is given where earlier runs tell all of it`() throws {
        let usual: [Script.StagePart: TimeSpan] = [
            .init("backup"): .seconds(10), .init("migrate"): .seconds(20), .init("restart"): .seconds(30),
        ]
        let cases = Simulation(Self.plan(), jobs: 2, usual: usual).cases()
        let first = try #require(cases.first)
        #expect(first.usual?.duration == .seconds(60))
        #expect(first.worst.duration == .minutes(17))
        // How long its undo takes, nobody knows.
        #expect(try #require(cases.first { $0.trouble == .fails("restart") }).usual == nil)
    }
}

@Suite(.timeLimit(.minutes(3)))
struct `What a test expects` {
    func keys(_ expect: PipelineTest.Expectation, _ script: Script = Script(), plan: Plan? = nil) -> [String] {
        let test = PipelineTest(name: "t", given: script, expect: expect)
        return test.mismatches(test.rehearse(plan ?? `A rehearsal`.plan(), jobs: 4)).map(\.key)
    }

    func expectation(_ change: (inout PipelineTest.Expectation) -> Void) -> PipelineTest.Expectation {
        var expect = PipelineTest.Expectation()
        change(&expect)
        return expect
    }

    let failing = `A rehearsal`.script("restart", `A rehearsal`.fails)

    @Test func `is compared key by key`() {
        let right = expectation {
            $0.outcome = "rolled-back"
            $0.exit = 4
            $0.undone = ["restart", "migrate", "backup"]
            $0.ran = ["restart"]
            $0.within = .seconds(5)
        }
        #expect(keys(right, failing) == [])
        #expect(keys(right) == ["outcome", "exit", "undone"])
    }

    @Test(arguments: [
        (["restart", "migrate"], true), (["restart", "migrate", "backup"], true), (["migrate", "restart"], false),
        (["restart"], false), ([], false),
    ])
    func `undone is the order of all that does something`(undone: [String], holds: Bool) {
        let expect = expectation { $0.undone = undone.map { StageName($0) } }
        #expect(keys(expect, failing).isEmpty == holds)
    }

    @Test func `what ran, what was skipped, where it waits and how long it took`() {
        let early = `A rehearsal`.script("migrate", .init(first: [.machineDies]))
        #expect(keys(expectation { $0.skipped = ["restart"] }, early) == [])
        #expect(keys(expectation { $0.skipped = ["backup", "restart"] }, early) == ["skipped"])
        #expect(keys(expectation { $0.ran = ["restart"] }, early) == ["ran"])
        #expect(keys(expectation { $0.pausedAt = "migrate" }, early) == [])
        #expect(keys(expectation { $0.pausedAt = "restart" }, early) == ["paused-at"])
        #expect(keys(expectation { $0.outcome = "paused" }, early) == [])
        #expect(keys(expectation { $0.within = .seconds(2) }) == ["within"])
    }

    @Test func `a group stands for its stages`() {
        let plan = `A rehearsal`.plan { stages in
            for position in [1, 2] { stages[position].group = "services" }
        }
        let script = `A rehearsal`.script("services", .init(takes: .seconds(30)))
        #expect(keys(expectation { $0.within = .seconds(60) }, script, plan: plan) == ["within"])
        #expect(keys(expectation { $0.undone = ["services"] }, failing, plan: plan) == [])
        #expect(keys(expectation { $0.ran = ["services"] }, plan: plan) == [])
    }
}
