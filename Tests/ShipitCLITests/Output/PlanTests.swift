import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PlanTests {
    private func facts() -> PlanFacts {
        var plan = Story.plan(migrate: { $0.reversible = .untilContract("restart") }, monitor: Story.monitor)
        plan.stages[0].finally = .argv([Template(literal: "./ops/maintenance"), Template(literal: "off")])
        var usual = UsualDurations()
        (usual.stages, usual.runs, usual.rollback, usual.rollbacks) = (.seconds(250), 5, .seconds(80), 2)
        usual.parts = [.init("backup"): .milliseconds(3200), .init("restart", .undo): .seconds(75)]
        return PlanFacts(
            plan: plan, digest: "sha256:9f86d081884c7d65",
            previews: [
                "backup": [
                    .perform: .commands(["sqlite3 var/app.db '.backup backups/app.db'"]),
                    .finally: .commands(["./ops/maintenance off"]),
                ],
                "migrate": [.rollback: .commands(["restore '<stages.backup.outputs.path>'"])],
                "smoke": [.perform: .commands(["GET http://127.0.0.1:8200/health"])],
                "restart": [
                    .perform: .opaque("instance.port is not known here"), .rollback: .commands(["./ops/start v1.15.1"]),
                ],
            ],
            pending: ["migrate": .names(["0003 prices", "0004 \u{1B}[2Jindex"])],
            commits: .init(count: 3, subjects: ["Fix the prices", "Add \u{1B}[31mpages"]), usual: usual)
    }

    @Test func `a plan shows order, commands, limits, ways back and the monitor`() {
        #expect(
            PlanText.text(facts()) == """
                plan of deploy: v1.15.2 to production

                release   v1.15.2, commit 1a2b3c4d5e6f
                previous  v1.15.1, commit 0a1b2c3d4e5f
                commits   3 since the previous release
                            Fix the prices
                            Add pages
                            and 1 more
                usually   4m10s for all stages (5 runs); a rollback 1m20s (2 runs)
                digest    sha256:9f86d081884c7d65

                stages, in the order in which they may start:

                1. backup (backup/sqlite)
                     runs      sqlite3 var/app.db '.backup backups/app.db'
                     finally   ./ops/maintenance off
                     limits    timeout 1h; 1 attempt
                     usually   3.2s
                     way back  nothing to undo

                2. migrate (run), after backup
                     runs      ./ops/migrate up
                               ./ops/migrate check
                     pending   0003 prices
                               0004 \\x1b[2Jindex
                     limits    timeout 10m; up to 3 attempts, 5s apart, each time × 2, at most 1m, ± 20%, \
                on timeout or exit 75
                     way back  restore '<stages.backup.outputs.path>'
                               POINT OF NO RETURN once restart has started

                3. restart (rolling-restart), after migrate
                     runs      (opaque: instance.port is not known here)
                     limits    timeout 1h; 1 attempt
                     usually   its undo 1m15s
                     way back  ./ops/start v1.15.1

                4. smoke (checks), after restart
                     runs      GET http://127.0.0.1:8200/health
                     limits    timeout 1h; 1 attempt
                     way back  none needed: it changes nothing

                points of no return:
                  migrate, once restart has started
                opaque, known only when they run:
                  perform of restart
                rollback, if all of it had run, to v1.15.1:
                  1. restart  ./ops/start v1.15.1
                  2. migrate  STAYS: past its point of no return
                  3. backup   nothing to undo
                  it would NOT be whole (exit code 5)
                after a rollback: nothing is asked (rollback-verify: of the monitor names a suite)
                gates: none
                monitor: from restart on, and 10m after the last stage
                  source api      http http://127.0.0.1:8200/health, every 5s
                  roll back when  api.error-rate > 5% for 5m
                  roll back when  api fails 3 times
                  warn when       api.p95 > 200ms
                  at most 3 releases brought back a day; then a breach pauses the run
                  without a verdict for 2m: pause

                """)
    }

    @Test func `a first deployment says that there is nothing to go back to`() {
        var plan = Story.plan(first: true)
        plan.stages[3].skipped = true
        let text = PlanText.text(PlanFacts(plan: plan, digest: "sha256:0"))
        #expect(
            text.contains(
                "previous  none: a way back that needs it has nothing to go back to (--previous TAG names one)\n"))
        #expect(text.contains("4. smoke (checks), after restart\n     skipped: its condition is false\n"))
        #expect(text.contains("\nusually   not known: no run of this pipeline has succeeded there\n"))
        #expect(text.contains("points of no return: none\nopaque, known only when they run:\n  perform of backup\n"))
        #expect(text.contains("\nrollback, if all of it had run, with no release to go back to:\n  1. restart"))
        #expect(text.hasSuffix("  all of that is a whole rollback (exit code 4)\ngates: none\nmonitor: none\n"))
    }

    @Test func `the plan as JSON says the same`() throws {
        struct Plan: Decodable {
            struct Stage: Decodable {
                struct Pending: Decodable, Equatable {
                    var names: [String]?
                    var reason: String?
                }
                struct Rollback: Decodable {
                    var kind: String
                    var commands: [String]?
                }
                var name: String
                var needs: [String]
                var commands: [String]?
                var pending: Pending?
                var usual: Double?
                var rollback: Rollback
                var timeout: Double
            }
            var planDigest: String
            struct Outlook: Decodable {
                struct Stage: Decodable, Equatable {
                    var stage: String
                    var way: String
                }
                var complete: Bool
                var stages: [Stage]
            }
            var stages: [Stage]
            var pointsOfNoReturn: [String]
            var opaque: [[String: String]]
            var rollback: Outlook
            var usual: [String: Double]
        }
        let plan = try JSONDecoder().decode(Plan.self, from: Data(PlanJSON.text(facts()).utf8))
        #expect(plan.planDigest == "sha256:9f86d081884c7d65")
        #expect(plan.stages.map(\.name) == ["backup", "migrate", "restart", "smoke"])
        #expect(plan.stages.map(\.needs) == [[], ["backup"], ["migrate"], ["restart"]])
        #expect(plan.stages.map(\.rollback.kind) == ["nothing", "commands", "action", "none"])
        #expect(plan.stages[1].commands == ["./ops/migrate up\n./ops/migrate check"])
        #expect(plan.stages[2].commands == nil)
        #expect(plan.stages[2].rollback.commands == ["./ops/start v1.15.1"])
        #expect(plan.stages[1].timeout == 600)
        #expect(plan.pointsOfNoReturn == ["migrate"])
        #expect(
            plan.opaque == [["stage": "restart", "part": "perform", "reason": "instance.port is not known here"]])
        #expect(!plan.rollback.complete)
        #expect(
            plan.rollback.stages == [
                .init(stage: "restart", way: "undone"), .init(stage: "migrate", way: "left"),
                .init(stage: "backup", way: "nothing"),
            ])
        #expect(plan.usual == ["runs": 5, "stages": 250, "rollbacks": 2, "rollback": 80])
        #expect(plan.stages[1].pending == .init(names: ["0003 prices", "0004 \u{1B}[2Jindex"], reason: nil))
        #expect(plan.stages[0].usual == 3.2)
    }

    @Test(
        arguments: [
            ([.yes, .yes], [.none, .none], false), ([.yes, .yes], [.none, .nothing], true),
            ([.yes, .no], [.action, .action], false), ([.untilContract("b"), .yes], [.action, .action], false),
            ([.untilContract("c"), .yes], [.action, .action], true),
        ] as [([Reversible], [PlannedStage.Undo], Bool)])
    func `a rollback is whole where nothing is past return and something has a way back`(
        reversible: [Reversible], undo: [PlannedStage.Undo], isWhole: Bool
    ) {
        let plan = Plan(
            pipeline: "p", environment: "e", release: Story.release,
            stages: [
                PlannedStage(name: "a", perform: .script("a"), undo: undo[0], reversible: reversible[0]),
                PlannedStage(name: "b", needs: ["a"], perform: .script("b"), undo: undo[1], reversible: reversible[1]),
                PlannedStage(name: "c", needs: ["b"], perform: .script("c"), reversible: .no, skipped: true),
            ])
        #expect(RollbackOutlook(plan).isComplete == isWhole)
        #expect(RollbackOutlook(plan).entries.map(\.stage.name) == ["b", "a"])
    }

    @Test func `tags are listed with where they are live`() {
        let rows = [TagsText.Row(Story.release), TagsText.Row(Story.previous, liveIn: ["staging", "production"])]
        #expect(
            TagsText.text(rows) == """
                TAG      VERSION  COMMIT        LIVE IN
                v1.15.2  1.15.2   1a2b3c4d5e6f
                v1.15.1  1.15.1   0a1b2c3d4e5f  staging, production

                """)
        #expect(TagsText.text([]) == "no tags that the pipeline's release: accepts\n")
        #expect(TagsText.json([]) == "[]\n")
    }
}
