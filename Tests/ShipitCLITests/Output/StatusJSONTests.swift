import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct StatusJSONTests {
    /// The shape of `cli.md`, read with a decoder of its own.
    private struct Status: Decodable, Equatable {
        struct Run: Decodable, Equatable {
            struct Release: Decodable, Equatable { var tag, version, commit: String }
            var id, pipeline, environment, planDigest, state, startedBy, startedAt: String
            var release: Release
            var dryRun: Bool
            var outcome, finishedAt, parent: String?
        }
        struct Stage: Decodable, Equatable {
            var name, state: String
            var attempts: Int
            var startedAt, finishedAt, reason: String?
            var exitCode: Int?
            var outputs: [String: String]
        }
        struct Undo: Decodable, Equatable {
            var stage, state: String
            var attempts: Int
            var reason: String?
        }
        struct Breach: Decodable, Equatable {
            var rule, at: String
            var observed: Double?
        }
        struct Gate: Decodable, Equatable {}
        var run: Run
        var stages: [Stage]
        var rollback: [Undo]
        var gates: [Gate]
        var breaches: [Breach]
        var next: String?
    }

    private func status(_ view: RunView) throws -> Status {
        try JSONDecoder().decode(Status.self, from: Data(StatusJSON.text(view).utf8))
    }

    @Test func `the status of a running run is written as documented, nulls included`() {
        #expect(
            StatusJSON.text(Story.running().view) == """
                {
                  "run": {
                    "id": "20260112-0130-7f3k",
                    "pipeline": "deploy",
                    "environment": "production",
                    "release": {
                      "tag": "v1.15.2",
                      "version": "1.15.2",
                      "commit": "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678"
                    },
                    "planDigest": "sha256:9f86d081884c7d65",
                    "state": "running",
                    "outcome": null,
                    "dryRun": false,
                    "startedBy": "ana",
                    "startedAt": "2026-01-12T01:30:05.000Z",
                    "finishedAt": null,
                    "parent": null
                  },
                  "stages": [
                    {
                      "name": "backup",
                      "state": "succeeded",
                      "attempts": 1,
                      "startedAt": "2026-01-12T01:30:06.000Z",
                      "finishedAt": "2026-01-12T01:30:10.000Z",
                      "exitCode": 0,
                      "reason": null,
                      "outputs": {"path": "backups/app-20260112.db"}
                    },
                    {
                      "name": "migrate",
                      "state": "running",
                      "attempts": 1,
                      "startedAt": "2026-01-12T01:30:11.000Z",
                      "finishedAt": null,
                      "exitCode": null,
                      "reason": null,
                      "outputs": {}
                    },
                    {
                      "name": "restart",
                      "state": "pending",
                      "attempts": 0,
                      "startedAt": null,
                      "finishedAt": null,
                      "exitCode": null,
                      "reason": null,
                      "outputs": {}
                    },
                    {
                      "name": "smoke",
                      "state": "pending",
                      "attempts": 0,
                      "startedAt": null,
                      "finishedAt": null,
                      "exitCode": null,
                      "reason": null,
                      "outputs": {}
                    }
                  ],
                  "rollback": [],
                  "gates": [],
                  "breaches": [],
                  "next": null
                }

                """)
    }

    @Test func `the rollback is listed in the order of undoing, with the breach that began it`() throws {
        let status = try status(Story.undoFailed().view)
        #expect(status.run.state == "finished")
        #expect(status.run.outcome == "rollback-failed")
        #expect(status.rollback.map(\.stage) == ["smoke", "restart", "migrate", "backup"])
        #expect(status.rollback.map(\.state) == ["none", "succeeded", "failed", "succeeded"])
        #expect(status.rollback.map(\.attempts) == [0, 1, 1, 0])
        #expect(status.rollback[2].reason == "backup is missing")
        #expect(
            status.breaches == [
                .init(rule: "api.error-rate > 5% for 5m", at: "2026-01-12T01:35:26.000Z", observed: 0.21)
            ])
        #expect(status.next == "shipit rollback 20260112-0130-7f3k")
    }

    @Test func `only stages that started are in the rollback`() throws {
        var story = Story()
        story.succeed("backup")
        story.fail("migrate", reason: "no such table")
        story.tell(.rollbackStarted(reason: "stage migrate failed"))
        let status = try status(story.view)
        #expect(status.run.state == "rolling-back")
        #expect(status.rollback.map(\.stage) == ["migrate", "backup"])
        #expect(status.rollback.map(\.state) == ["pending", "pending"])
        #expect(status.stages.map(\.state) == ["succeeded", "failed", "pending", "pending"])
        #expect(status.next == nil)
    }

    @Test func `stages that never started end skipped`() throws {
        let status = try status(Story.refused().view)
        #expect(status.run.outcome == "refused")
        #expect(status.stages.map(\.state) == ["skipped", "skipped", "skipped", "skipped"])
        #expect(status.stages.allSatisfy { $0.startedAt == nil && $0.finishedAt == nil })
    }

    @Test func `a dead holder makes a run interrupted and what it ran unknown`() throws {
        let status = try status(Story.running().deadView)
        #expect(status.run.state == "interrupted")
        #expect(status.stages.map(\.state) == ["succeeded", "unknown", "pending", "pending"])
        #expect(status.next == "shipit resume 20260112-0130-7f3k")
    }

    @Test func `a finished run with a dead holder stays finished`() throws {
        #expect(try status(Story.succeeded().deadView).run.state == "finished")
    }

    @Test func `a stage that is tried no more is failed once the run goes back`() throws {
        var story = Story.running()
        story.end("migrate", .perform, AttemptResult(.timedOut))
        story.tell(.retryScheduled(AttemptID(stage: "migrate", number: 2), at: story.now + .seconds(5)))
        #expect(try status(story.view).stages[1].state == "waiting")
        #expect(try status(story.view).stages[1].finishedAt == nil)
        story.tell(.operatorActed(OperatorAct(.cancel, by: "ben")))
        story.tell(.rollbackStarted(reason: "cancelled by ben"))
        #expect(try status(story.view).stages[1].state == "failed")
    }

    @Test func `how an attempt ended is told where no exit code tells`() throws {
        #expect(try status(Story.interrupted().view).stages[1].reason == "signal 15")
        var story = Story.running()
        story.end("migrate", .perform, AttemptResult(.timedOut))
        #expect(try status(story.view).stages[1].reason == "timed out")
    }

    @Test func `runs are an array of run objects`() throws {
        let text = RunsJSON.text([Story.running().record, Story.rolledBack().record], dead: [])
        let runs = try JSONDecoder().decode([Status.Run].self, from: Data(text.utf8))
        #expect(runs.map(\.state) == ["running", "finished"])
        #expect(runs.map(\.outcome) == [nil, "rolled-back"])
        #expect(runs[1] == (try status(Story.rolledBack().view).run))
        #expect(RunsJSON.text([]) == "[]\n")
    }
}
