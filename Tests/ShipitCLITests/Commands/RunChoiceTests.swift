import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

/// A store with runs that ended as told, on a real disk.
struct StoredRuns {
    let scratch: ScratchFolder
    let store: any RunStore

    init() throws {
        scratch = try ScratchFolder()
        store = try Wiring.store(scratch.path + "/state")
    }

    /// - Parameter outcome: `nil` leaves the run unfinished, with the lock held by this process.
    @discardableResult
    func add(
        _ id: RunID, environment: String = "prod", pipeline: String = "deploy", commit: String = "c", outcome: Outcome?,
        dirty: Bool = false, dryRun: Bool = false, at time: Int64
    ) throws -> RunRecord {
        let holder = try Wiring.thisProcess()
        let answer = try store.takeLock(environment: environment, run: id, holder: holder)
        guard case .taken(let epoch) = answer else { throw CommandFailure(.refused, "the lock is not free") }
        let release = Release(tag: "v\(time)", version: "\(time)", commit: commit, tagObject: commit)
        let plan = Plan(pipeline: pipeline, environment: environment, release: release)
        let created = RunCreated(
            run: id, pipeline: pipeline, environment: environment, release: release, planDigest: PlanDigest.of(plan),
            startedBy: "ana", dryRun: dryRun)
        let now = Instant(milliseconds: time * 1000)
        let opening: [RunEvent] = [.runCreated(created), .lockTaken(epoch: epoch, holder: holder)]
        try store.create(
            NewRun(created: created, plan: plan, root: scratch.path, file: "pipelines/deploy.yaml"), events: opening,
            at: now)
        if let outcome {
            _ = try store.append(
                [.runFinished(outcome: outcome, reason: nil)], to: id, at: now, epoch: epoch, after: 2,
                summary: RunSummaryState(state: .finished, outcome: outcome, finishedAt: now))
            try store.releaseLock(environment: environment, epoch: epoch, dirty: dirty)
        }
        guard let record = try store.run(id) else { throw CommandFailure(.machine, "the run was not kept") }
        return record
    }

    func choice(environment: String? = nil, pipeline: String? = nil) -> RunChoice {
        RunChoice(store: store, environment: environment, pipeline: pipeline)
    }
}

@Suite(.timeLimit(.minutes(3)))
struct RunChoiceTests {
    let runs: StoredRuns

    init() throws { runs = try StoredRuns() }

    func failure(_ body: () throws -> Void) throws -> CommandFailure {
        try #require(throws: CommandFailure.self) { try body() }
    }

    @Test func `a run is its id, a unique beginning of it, or latest`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)
        try runs.add("20260101-0001-bbbb", outcome: .rolledBack, at: 2)
        try runs.add("20260102-0000-cccc", environment: "staging", outcome: .succeeded, dryRun: true, at: 3)
        let choice = runs.choice()

        #expect(try choice.run("20260101-0000-aaaa", dryRuns: false).created.run == "20260101-0000-aaaa")
        #expect(try choice.run("20260101-0001", dryRuns: false).created.run == "20260101-0001-bbbb")
        #expect(try choice.run("latest", dryRuns: true).created.run == "20260102-0000-cccc")
        #expect(try choice.run("latest", dryRuns: false).created.run == "20260101-0001-bbbb")
        #expect(try runs.choice(environment: "staging").run("latest", dryRuns: true).created.environment == "staging")
        let ambiguous = try failure { _ = try choice.run("20260101", dryRuns: false) }
        #expect(ambiguous.exitCode == 2)
        #expect(ambiguous.message.contains("20260101-0000-aaaa") && ambiguous.message.contains("20260101-0001-bbbb"))
    }

    @Test(arguments: ["nosuch", "%", "2026%", "_", "", "../x", "' OR 1=1 --"])
    func `what no run is called is exit code 2`(_ given: String) throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)

        #expect(try failure { _ = try runs.choice().run(given, dryRuns: true) }.exitCode == 2)
    }

    @Test func `without a name, the run that is live in the only environment is meant`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)
        try runs.add("20260101-0001-bbbb", outcome: .rolledBack, at: 2)
        let questions = Questions(streams: Streams())

        let meant = try runs.choice().meant(nil, "roll back", includingLive: true, questions: questions)
        #expect(meant.created.run == "20260101-0000-aaaa")
        #expect(
            try failure { _ = try runs.choice().meant(nil, "cancel", includingLive: false, questions: questions) }
                .exitCode == 2)
    }

    @Test func `a dirty run goes before the one that was live before it`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)
        try runs.add("20260101-0001-bbbb", outcome: .rollbackFailed, dirty: true, at: 2)

        #expect(try runs.choice().candidates(includingLive: true).map(\.created.run) == ["20260101-0001-bbbb"])
        #expect(try runs.choice().candidates(includingLive: false) == [])
    }

    @Test func `several environments give several candidates, and one by its name`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)
        try runs.add("20260101-0001-bbbb", environment: "staging", outcome: .succeeded, at: 2)

        #expect(try runs.choice().candidates(includingLive: true).count == 2)
        let staging = try runs.choice(environment: "staging").candidates(includingLive: true)
        #expect(staging.map(\.created.run) == ["20260101-0001-bbbb"])
    }
}

@Suite(.timeLimit(.minutes(3)))
struct EnvironmentGateTests {
    let runs: StoredRuns

    init() throws { runs = try StoredRuns() }

    func refusal(_ environment: String) throws -> CommandFailure {
        try #require(throws: CommandFailure.self) { try EnvironmentGate(store: runs.store).check(environment) }
    }

    @Test func `an environment where a run ended well is open`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .succeeded, at: 1)

        try EnvironmentGate(store: runs.store).check("prod")
        try EnvironmentGate(store: runs.store).check("never-deployed")
    }

    @Test func `one that a living engine has is refused with who has it and since when`() throws {
        try runs.add("20260101-0000-aaaa", outcome: nil, at: 1)

        let refusal = try refusal("prod")
        #expect(refusal.exitCode == 3)
        for word in ["prod", "20260101-0000-aaaa", "v1", "1970-01-01 00:00:01", try Wiring.thisProcess().host] {
            #expect(refusal.text.contains(word), "\(word) is not in \(refusal.text)")
        }
    }

    @Test func `a dirty one is refused with the commands that open it`() throws {
        try runs.add("20260101-0000-aaaa", outcome: .rollbackFailed, dirty: true, at: 1)

        let refusal = try refusal("prod")
        #expect(refusal.exitCode == 3)
        for word in ["shipit rollback 20260101-0000-aaaa", "shipit abandon 20260101-0000-aaaa"] {
            #expect(refusal.text.contains(word), "\(word) is not in \(refusal.text)")
        }
    }
}
