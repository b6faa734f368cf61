import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@testable import ShipitActions

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

    private func run(_ checks: [Check], _ oracle: Oracle, concurrency: Int = 8) async throws -> SuiteReport {
        let runner = SuiteRunner(concurrency: concurrency, ask: { await oracle.answer($1) }, pause: { _ in })
        return try await runner.run(checks, directory: "/")
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
