import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@testable import ShipitActions

private let today = Instant(rfc3339: "2026-11-28T07:00:00.000Z")!

@Suite(.timeLimit(.minutes(3)))
struct SuiteRunnerTests {
    /// Answers by the subject, and remembers who was asked and how many at once.
    private final class Oracle: Sendable {
        struct Memory {
            var asked: [String] = []
            var now = 0
            var most = 0
        }
        let memory = Mutex(Memory())

        func answer(_ request: ResolvedProbe) async -> Measurement {
            let subject = request.subject.text ?? ""
            let tries = memory.withLock { memory in
                memory.asked.append(subject)
                memory.now += 1
                memory.most = max(memory.most, memory.now)
                return memory.asked.count { $0 == subject }
            }
            for _ in 0..<20 { await Task.yield() }
            memory.withLock { $0.now -= 1 }
            let passes = subject.hasPrefix("good") || subject.hasPrefix("third") && tries >= 3
            return Measurement(passes ? .passed : .failed("\(subject) came back"), evidence: "asked \(subject)")
        }

        var asked: [String] { memory.withLock { $0.asked } }
    }

    private func check(
        _ name: String, _ subject: String? = nil, severity: Check.Severity = .critical, after: [String] = [],
        retries: Int = 0
    ) -> Check {
        Check(
            name: name, severity: severity, dependsOn: after, retries: retries,
            probe: ProbeRequest(probe: "http", subject: .text(Template(literal: subject ?? name))))
    }

    private func run(
        _ checks: [Check], _ oracle: Oracle, concurrency: Int = 8, words: [CheckWord] = [],
        at now: Instant = today
    ) async throws -> SuiteReport {
        let runner = SuiteRunner(
            concurrency: concurrency, ask: { await oracle.answer($1) }, pause: { _ in }, now: { now })
        return try await runner.run(checks, directory: "/", words: words)
    }

    @Test func `results come in the order of the suite, each with its evidence`() async throws {
        let report = try await run([check("good a"), check("bad"), check("good b")], Oracle())
        #expect(report.results.map(\.check.name) == ["good a", "bad", "good b"])
        #expect(report.results.map(\.evidence) == ["asked good a", "asked bad", "asked good b"])
        #expect(!report.passed)
        #expect(report.failure == "1 of 3 checks failed: bad: bad came back")
    }

    @Test func `a check whose dependency failed is not asked and says so`() async throws {
        let oracle = Oracle()
        let report = try await run(
            [check("good c", after: ["good b"]), check("good b", after: ["bad"]), check("bad"), check("good d")], oracle
        )
        #expect(Set(oracle.asked) == ["bad", "good d"])
        #expect(report.results[0].status == .notAsked(because: "good b"))
        #expect(report.results[1].reason == "not asked, because \"bad\" did not pass")
        #expect(report.blockers.count == 3)
    }

    @Test func `dependencies are asked first, however few may be asked at once`() async throws {
        let oracle = Oracle()
        let chain = (1...5).reversed().map { check("good \($0)", after: $0 == 1 ? [] : ["good \($0 - 1)"]) }
        let report = try await run(chain, oracle, concurrency: 2)
        #expect(report.passed)
        #expect(oracle.asked == (1...5).map { "good \($0)" })
    }

    @Test func `no more are asked at once than allowed`() async throws {
        let oracle = Oracle()
        _ = try await run((1...30).map { check("good \($0)") }, oracle, concurrency: 4)
        #expect(oracle.memory.withLock { $0.most } <= 4)
        #expect(oracle.asked.count == 30)
    }

    @Test func `a check is asked again as often as it may be`() async throws {
        let oracle = Oracle()
        let report = try await run([check("third", retries: 5), check("bad", retries: 2)], oracle)
        #expect(report.results.map(\.tries) == [3, 3])
        #expect(report.results.map(\.passed) == [true, false])
    }

    @Test func `medium only warns, high stands in the way`() async throws {
        let medium = try await run([check("bad", severity: .medium)], Oracle())
        #expect(medium.passed && medium.warnings.count == 1 && medium.failure == nil)
        let high = try await run([check("bad", severity: .high)], Oracle())
        #expect(!high.passed)
    }

    // MARK: Harder limits

    /// A check of a disk with so much free, of which 20 are wanted and 10 are a must.
    private func disk(_ free: Double, missed: Set<String> = ["free"], blocks: String = "> 10GB") async throws
        -> CheckResult
    {
        let runner = SuiteRunner(
            ask: { _, _ in
                Measurement(.failed("too little"), figures: ["free": free * 1e9], missed: missed)
            }, pause: { _ in }, now: { today })
        let check = Check(
            name: "disk", probe: ProbeRequest(probe: "disk", subject: .text(Template(literal: "/"))),
            blocks: ["free": .text(Template(literal: blocks))])
        return try await runner.run([check], directory: "/").results[0]
    }

    @Test func `where the harder limit holds, a missed plain one is a warning; where it doesn't, it blocks`()
        async throws
    {
        let warned = try await disk(15)
        #expect(warned.standing == .warning && !warned.blocks)
        #expect(warned.reason == "too little; it blocks unless > 10GB")
        let blocked = try await disk(8)
        #expect(blocked.standing == .failed)
        #expect(blocked.reason == "too little; it must be > 10GB")
    }

    @Test func `a harder limit excuses nothing else that was missed, and no figure meets none`() async throws {
        #expect(try await disk(15, missed: ["free", "used"]).standing == .failed)
        #expect(try await disk(15, missed: []).standing == .failed)
        #expect(try await disk(.nan).standing == .failed)
    }

    @Test func `what depends on a check with a missed plain limit is asked, on any other failure not`() async throws {
        let runner = SuiteRunner(
            ask: { _, request in
                request.subject.text == "good"
                    ? Measurement(.passed) : Measurement(.failed("no"), figures: ["free": 15e9], missed: ["free"])
            }, pause: { _ in }, now: { today })
        var soft = check("soft")
        soft.blocks = ["free": .text(Template(literal: "> 10GB"))]
        let report = try await runner.run(
            [soft, check("a", "good", after: ["soft"]), check("hard"), check("b", "good", after: ["hard"])],
            directory: "/")
        #expect(report.results.map(\.standing) == [.warning, .passed, .failed, .failed])
        #expect(report.results[3].status == .notAsked(because: "hard"))
    }

    // MARK: Waivers and words

    @Test func `a waiver lets a check fail until its last day is over`() async throws {
        var waived = check("bad")
        waived.waiver = Waiver(by: "ana", why: "being replaced", until: today + .hours(1))
        let during = try await run([waived], Oracle())
        #expect(during.passed && during.results[0].standing == .waived)
        #expect(during.results[0].leave?.hasPrefix("waived by ana until ") == true)
        let after = try await run([waived], Oracle(), at: today + .hours(1))
        #expect(!after.passed)
        #expect(after.results[0].reason?.contains("the waiver of ana was over on") == true)
    }

    private func word(
        _ kind: CheckWord.Kind, _ name: String, by person: String = "ana", about: String, at: Instant = today,
        values: [String: String] = [:]
    ) -> CheckWord {
        CheckWord(kind, check: name, person: person, by: person, proof: .claimed, about: about, values: values, at: at)
    }

    private func high(owner: String?) -> Check {
        var check = check("bad", severity: .high)
        check.signers = owner.map { ApprovalRole(name: $0, people: [Person(name: $0)]) }
        return check
    }

    @Test func `a failed check of severity high needs its owner's word on this very trouble`() async throws {
        let signed = word(.signOff, "bad", about: "failed")
        #expect(try await run([high(owner: "ana")], Oracle()).passed == false)
        #expect(try await run([high(owner: "ana")], Oracle(), words: [signed]).results[0].standing == .signedOff)
        #expect(try await run([high(owner: "ben")], Oracle(), words: [signed]).passed == false)
        #expect(try await run([high(owner: nil)], Oracle(), words: [signed]).passed == false)
        #expect(try await run([check("bad")], Oracle(), words: [signed]).passed == false)
        let other = word(.signOff, "bad", about: "time")
        let report = try await run([high(owner: "ana")], Oracle(), words: [other])
        #expect(report.results[0].reason == "bad came back; ana has signed off another trouble: time")
        let late = try await run([high(owner: "ana")], Oracle(), words: [signed], at: today + .hours(24))
        #expect(late.results[0].reason == "bad came back; the sign-off of ana is older than 24h")
    }

    private func manual(_ fields: [String: String] = [:], ttl: TimeSpan? = nil) -> Check {
        Check(
            name: "briefed",
            probe: ProbeRequest(
                probe: "manual", subject: .text(Template(literal: "They know")),
                fields: fields.mapValues { .text(Template(literal: $0)) }),
            ttl: ttl, signers: ApprovalRole(name: "support", people: [Person(name: "ana")]))
    }

    @Test
    func `a manual check is not passed before somebody of its role has ticked it, and not for longer than its ttl`()
        async throws
    {
        let oracle = Oracle()
        #expect(try await run([manual()], oracle).results[0].reason == "nobody of support has ticked it")
        #expect(oracle.asked.isEmpty)
        let tick = word(.tick, "briefed", about: "They know")
        #expect(try await run([manual()], oracle, words: [tick]).passed)
        let late = try await run([manual(ttl: .hours(2))], oracle, words: [tick], at: today + .hours(2))
        #expect(late.results[0].reason == "the tick of ana is older than 2h")
        let stranger = word(.tick, "briefed", by: "eve", about: "They know")
        #expect(try await run([manual()], oracle, words: [stranger]).passed == false)
        let other = word(.tick, "briefed", about: "They knew")
        #expect(
            try await run([manual()], oracle, words: [other]).results[0].reason
                == "its words have changed since ana ticked it")
    }

    @Test func `what a person reads must meet the condition of a manual check`() async throws {
        let check = manual(["value": "< 80%", "role": "support"])
        func ticked(_ values: [String: String]) async throws -> CheckResult {
            let tick = word(.tick, "briefed", about: "They know (value < 80%)", values: values)
            return try await run([check], Oracle(), words: [tick]).results[0]
        }
        #expect(try await ticked(["value": "79%"]).passed)
        #expect(try await ticked(["value": "81%"]).reason == "value is 81%, expected < 80%")
        #expect(try await ticked([:]).reason == "no value was read, expected < 80%")
        #expect(try await ticked(["value": "many"]).passed == false)
    }

    @Test func `a hundred checks are asked at once, so that they take about as long as the slowest`() async throws {
        let begun = Mutex(0)
        let runner = SuiteRunner(
            ask: { _, _ in
                begun.withLock { $0 += 1 }
                // None ends before all have begun: with fewer at once this would never end.
                while begun.withLock({ $0 }) < 100 { await Task.yield() }
                return Measurement(.passed)
            }, pause: { _ in }, now: { today })
        #expect(try await runner.run((1...100).map { check("good \($0)") }, directory: "/").passed)
    }

    @Test func `checks that wait for one another never pass, nor does one of two with the same name get lost`()
        async throws
    {
        let circle = try await run([check("good a", after: ["good b"]), check("good b", after: ["good a"])], Oracle())
        #expect(circle.results.count == 2 && !circle.passed)
        let twins = try await run([check("twin", "good"), check("twin", "bad")], Oracle())
        #expect(twins.results.map(\.passed) == [true, false])
    }
}

@Suite(.timeLimit(.minutes(3)))
struct ChecksActionTests {
    private func suite(_ checks: Check...) -> [String: [Check]] { ["smoke": checks] }

    private func run(_ name: String, _ script: String, severity: Check.Severity = .critical) -> Check {
        Check(
            name: name, severity: severity, remediation: "look at the log",
            probe: ProbeRequest(probe: "run", subject: .text(Template(literal: script)), fields: ["stdout": "ready"]))
    }

    @Test func `a suite that passes notes a line a check`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(
                ["suite": "smoke"], suites: suite(run("A", "echo ready"), run("B", "echo no", severity: .medium)))
            #expect(try await ChecksAction().perform(context) == ["passed": "1", "warnings": "1"])
            let notes = scene.world.notes.sorted()
            #expect(notes.count == 2)
            #expect(notes[0].hasPrefix("passed: A: echo ready: exit 0 in "))
            #expect(
                notes[1].hasPrefix("warning: B: standard output lacks \"ready\"; it was \"no\"; echo no: exit 0 in "))
        }
    }

    @Test func `a failed check is named with what was expected and what came back`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(
                ["suite": "smoke"], suites: suite(run("A", "echo ready"), run("B", "echo no")))
            #expect(
                await error { () throws(ActionError) in _ = try await ChecksAction().perform(context) }
                    == .failed(
                        "suite \"smoke\": 1 of 2 checks failed: B: standard output lacks \"ready\"; it was \"no\" (look at the log)"
                    ))
        }
    }

    @Test func `a suite that does not exist is a bad input`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(["suite": "smoek"], suites: [:])
            #expect(
                await error { () throws(ActionError) in _ = try await ChecksAction().perform(context) }
                    == .badInput("suite", "no suite is called \"smoek\""))
        }
    }
}
