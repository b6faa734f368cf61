import ShipitCore
import ShipitEngine

@testable import ShipitCLI

/// A run told event by event, a second apart unless said otherwise.
struct Story {
    static let start = Instant(rfc3339: "2026-01-12T01:30:05.000Z")!
    static let release = Release(
        tag: "v1.15.2", version: "1.15.2", commit: "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678",
        tagObject: "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678")
    static let previous = Release(
        tag: "v1.15.1", version: "1.15.1", commit: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        tagObject: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567")
    static let run: RunID = "20260112-0130-7f3k"
    static let holder = Holder(host: "web1", pid: 4711, startTime: 99, bootID: "b", user: "ana")

    private(set) var state: RunState
    private(set) var entries: [JournalEntry] = []
    var now = Story.start
    let created: RunCreated

    init(_ plan: Plan = Story.plan(), dryRun: Bool = false) {
        self.init(waiting: plan, dryRun: dryRun)
        tell(.lockTaken(epoch: Epoch(3), holder: Self.holder), after: .zero)
    }

    /// Announced, and no more: nobody holds a lock for it.
    init(waiting plan: Plan, dryRun: Bool = false) {
        state = RunState(plan: plan)
        created = RunCreated(
            run: Self.run, pipeline: plan.pipeline, environment: plan.environment, release: plan.release,
            planDigest: "sha256:9f86d081884c7d65", startedBy: "ana", dryRun: dryRun)
        tell(.runCreated(created))
    }

    mutating func tell(_ event: RunEvent, after span: TimeSpan = .seconds(1)) {
        if !entries.isEmpty { now = now + span }
        state.apply(event, at: now)
        entries.append(JournalEntry(sequence: Int64(entries.count + 1), at: now, event: event))
    }

    mutating func begin(_ stage: StageName, _ part: Part = .perform, attempt: Int = 1) {
        tell(.attemptStarted(AttemptID(stage: stage, part: part, number: attempt)))
    }

    mutating func end(_ stage: StageName, _ part: Part = .perform, attempt: Int = 1, _ result: AttemptResult) {
        tell(.attemptFinished(AttemptID(stage: stage, part: part, number: attempt), result), after: .seconds(4))
    }

    mutating func succeed(_ stage: StageName, _ part: Part = .perform, outputs: [String: String] = [:]) {
        begin(stage, part)
        end(stage, part, AttemptResult(.succeeded, exit: .code(0), outputs: outputs))
    }

    mutating func fail(_ stage: StageName, _ part: Part = .perform, attempt: Int = 1, reason: String) {
        begin(stage, part, attempt: attempt)
        end(stage, part, attempt: attempt, AttemptResult(.failed, exit: .code(1), reason: reason))
    }

    var view: RunView { RunView(created: created, startedAt: Self.start, state: state) }
    var deadView: RunView { RunView(created: created, startedAt: Self.start, state: state, holderIsDead: true) }

    var record: RunRecord {
        RunRecord(
            created: created, root: "/srv/app", file: "pipelines/deploy.yaml", startedAt: Self.start,
            summary: RunSummaryState(state: state.phase, outcome: state.outcome, finishedAt: state.finishedAt),
            lastSequence: Int64(entries.count))
    }
}

extension Story {
    /// backup → migrate → restart → smoke, each undone in its own way.
    static func plan(
        first: Bool = false, migrate change: (inout PlannedStage) -> Void = { _ in }, monitor: Monitor? = nil
    ) -> Plan {
        let backup = PlannedStage(
            name: "backup",
            perform: ActionCall(
                action: "backup/sqlite", inputs: ["database": .text(Template(literal: "var/app.db"))]),
            undo: .nothing)
        var migrate = PlannedStage(
            name: "migrate", needs: ["backup"], perform: .script("./ops/migrate up\n./ops/migrate check\n"),
            undo: .call(
                ActionCall(
                    action: "restore",
                    inputs: [
                        "backup": .text(Template(parts: [.reference(.output("backup", "path"), fallback: nil)]))
                    ])),
            retry: RetryPolicy(
                attempts: 3, delay: .seconds(5), backoff: 2, maxDelay: .minutes(1), jitter: 0.2,
                on: [.timeout, .exit(75)]),
            timeout: .minutes(10))
        change(&migrate)
        let restart = PlannedStage(
            name: "restart", needs: ["migrate"],
            perform: ActionCall(
                action: "rolling-restart", inputs: ["instances": .text(Template(literal: "4"))]),
            undo: .action)
        let smoke = PlannedStage(name: "smoke", needs: ["restart"], perform: .checks("smoke"), changes: false)
        return Plan(
            pipeline: "deploy", environment: "production", release: release, previous: first ? nil : previous,
            stages: [backup, migrate, restart, smoke], monitor: monitor)
    }

    static let monitor = Monitor(
        from: "restart", duration: .minutes(10),
        sources: [
            MonitorSource(
                name: "api",
                probe: ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1:8200/health"))))
        ],
        minSamples: 1,
        rollbackWhen: [rule("api.error-rate > 5% for 5m"), rule("api fails 3 times")],
        warnWhen: [rule("api.p95 > 200ms")])

    static func rule(_ text: String) -> Rule {
        do { return try RuleParser.rule(text) } catch { preconditionFailure("\(text): \(error)") }
    }

    // MARK: Told stories

    static func running() -> Story {
        var story = Story()
        story.succeed("backup", outputs: ["path": "backups/app-20260112.db"])
        story.begin("migrate")
        return story
    }

    static func succeeded() -> Story {
        var story = Story(plan(monitor: monitor))
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.succeed("smoke")
        story.tell(.runFinished(outcome: .succeeded, reason: nil), after: .minutes(10))
        return story
    }

    static func rolledBack() -> Story {
        var story = Story()
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.fail("smoke", reason: "check \"Health\": status 500")
        story.tell(.rollbackStarted(reason: "stage smoke failed: check \"Health\": status 500"))
        story.succeed("restart", .undo)
        story.succeed("migrate", .undo)
        story.tell(.runFinished(outcome: .rolledBack, reason: "stage smoke failed: check \"Health\": status 500"))
        return story
    }

    static func undoFailed() -> Story {
        var story = Story(plan(monitor: monitor))
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.succeed("smoke")
        story.tell(.ruleFired(rule: "api.error-rate > 5% for 5m", observed: 0.21))
        story.tell(.breached(Breach(rule: "api.error-rate > 5% for 5m", observed: 0.21)), after: .minutes(5))
        story.tell(.rollbackStarted(reason: "breach of api.error-rate > 5% for 5m"), after: .zero)
        story.succeed("restart", .undo)
        story.fail("migrate", .undo, reason: "backup is missing")
        story.tell(
            .runFinished(outcome: .rollbackFailed, reason: "breach of api.error-rate > 5% for 5m"), after: .zero)
        return story
    }

    static let question = "nobody knows how migrate ended; say so with --stage migrate=done, failed or rerun"

    static func paused() -> Story {
        var story = running()
        story.end("migrate", .perform, AttemptResult(.unknown, reason: "its supervisor is gone"))
        story.tell(.paused(reason: question))
        return story
    }

    static func interrupted() -> Story {
        var story = running()
        story.end("migrate", .perform, AttemptResult(.interrupted, exit: .signal(15)))
        story.tell(.interrupted(reason: "interrupted by the operator"))
        return story
    }

    static func refused() -> Story {
        var story = Story()
        story.tell(.runFinished(outcome: .refused, reason: "stage preflight failed: disk / has 8GB free"))
        return story
    }
}
