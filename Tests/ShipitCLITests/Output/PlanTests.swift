import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PlanTests {
    private func facts() -> PlanFacts {
        var plan = Story.plan(migrate: { $0.reversible = .untilContract("restart") }, monitor: Story.monitor)
        plan.stages[0].finally = .argv([Template(literal: "./ops/maintenance"), Template(literal: "off")])
        return PlanFacts(
            plan: plan, digest: "sha256:9f86d081884c7d65",
            previews: [
                "backup": ["sqlite3 var/app.db '.backup backups/app.db'"],
                "smoke": ["GET http://127.0.0.1:8200/health"],
            ],
            undoPreviews: ["restart": ["./ops/start v1.15.1"]],
            commits: .init(count: 3, subjects: ["Fix the prices", "Add \u{1B}[31mpages"]))
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
                digest    sha256:9f86d081884c7d65

                stages, in the order in which they may start:

                1. backup (backup/sqlite)
                     runs      sqlite3 var/app.db '.backup backups/app.db'
                     finally   ./ops/maintenance off
                     limits    timeout 1h; 1 attempt
                     way back  nothing to undo

                2. migrate (run), after backup
                     runs      ./ops/migrate up
                               ./ops/migrate check
                     limits    timeout 10m; up to 3 attempts, 5s apart, each time × 2, at most 1m, ± 20%, \
                on timeout or exit 75
                     way back  restore backup='${{ stages.backup.outputs.path }}'
                               POINT OF NO RETURN once restart has started

                3. restart (rolling-restart), after migrate
                     runs      (opaque: known only when it runs)
                     limits    timeout 1h; 1 attempt
                     way back  ./ops/start v1.15.1

                4. smoke (checks), after restart
                     runs      GET http://127.0.0.1:8200/health
                     limits    timeout 1h; 1 attempt
                     way back  none needed: it changes nothing

                points of no return:
                  migrate, once restart has started
                gates: none
                monitor: from restart on, and 10m after the last stage
                  source api      http http://127.0.0.1:8200/health, every 5s
                  roll back when  api.error-rate > 5% for 5m
                  roll back when  api fails 3 times
                  warn when       api.p95 > 200ms
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
        #expect(text.hasSuffix("points of no return: none\ngates: none\nmonitor: none\n"))
    }

    @Test func `the plan as JSON says the same`() throws {
        struct Plan: Decodable {
            struct Stage: Decodable {
                struct Rollback: Decodable {
                    var kind: String
                    var commands: [String]?
                }
                var name: String
                var needs: [String]
                var commands: [String]?
                var rollback: Rollback
                var timeout: Double
            }
            var planDigest: String
            var stages: [Stage]
            var pointsOfNoReturn: [String]
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
