import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TestSectionTests {
    static let head = """
        shipit: 1
        environments: {staging: {}, production: {}}
        stages:
          restart: {run: ops/restart, rollback: ops/back}
          smoke: {needs: [restart], run: ops/smoke}
        monitor:
          sources: {api: {run: "true"}}
          rollback-when: [api.error-rate > 5%]
        tests:

        """

    func test(_ given: String, _ expect: String = "outcome: rolled-back") throws -> PipelineTest {
        let text = Self.head + "  - {name: one, given: {\(given)}, expect: {\(expect)}}\n"
        return try #require(try pipeline(text).tests.first)
    }

    @Test(
        arguments: [
            ("succeeds", Script.Course()), ("fails", .init(then: .fails(exit: 1))),
            ("fails once", .init(first: [.fails(exit: 1)])),
            ("\"fails 2 times, takes 5m\"", .init(first: [.fails(exit: 1), .fails(exit: 1)], takes: .minutes(5))),
            ("fails with exit 75 2 times", .init(first: [.fails(exit: 75), .fails(exit: 75)])),
            ("\"times out once, fails\"", .init(first: [.timesOut], then: .fails(exit: 1))),
            ("dies", .init(first: [.machineDies])), ("engine dies", .init(first: [.engineDies])),
        ])
    func `results are read as they are said`(text: String, course: Script.Course) throws {
        #expect(try test("smoke: \(text)").given.courses == [.init("smoke"): course])
        #expect(try test("undo restart: \(text)").given.courses == [.init("restart", .undo): course])
        #expect(try test("stage smoke: \(text)").given.courses == [.init("smoke"): course])
    }

    @Test func `sources fail in words or in detail`() throws {
        #expect(try test("api: fails").given.spells == ["api": [.init(errorRate: 1)]])
        #expect(
            try test("api: gives nothing after smoke").given.spells == ["api": [.init(after: "smoke", isSilent: true)]])
        let detailed = "source api: [{from: 2m, for: 5m, error-rate: 21%, time: 800ms}, {after: smoke, value: 7}]"
        let spells: [Script.Spell] = [
            .init(from: .minutes(2), duration: .minutes(5), errorRate: 0.21, time: .milliseconds(800)),
            .init(after: "smoke", value: 7),
        ]
        #expect(try test(detailed).given.spells == ["api": spells])
    }

    @Test func `what is expected is read whole`() throws {
        let expect = try test(
            "verify restart: not done",
            "exit: 4, undone: [restart], ran: smoke, skipped: [], paused-at: smoke, within: 20m"
        )
        #expect(expect.given.verifications == ["restart": .notDone])
        #expect(expect.expect.exit == 4)
        #expect(expect.expect.undone == ["restart"])
        #expect(expect.expect.ran == ["smoke"])
        #expect(expect.expect.skipped == [])
        #expect(expect.expect.pausedAt == "smoke")
        #expect(expect.expect.within == .minutes(20))
        #expect(expect.expect.outcome == nil)
    }
}
