import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PlanDigestTests {
    /// What would run otherwise, or under other limits; a path and what stands there then (`nil`: nothing).
    static let edits: [(String, YAMLDocument?)] = [
        ("name", "other"), ("defaults/timeout", "11m"), ("defaults/kill-after", "6s"),
        ("defaults/pass-env", ["KUBECONFIG"]), ("environments/production/vars/replicas", "5"),
        ("environments/production/vars/more", "x"), ("environments/production/approvals", nil),
        ("environments/production/approvals/roles", ["devops"]), ("environments/production/approvals/expires", "5h"),
        ("environments/production/approvals/allow-self", "yes"), ("people/ana", ["os-user": "anna"]),
        ("roles/technical/quorum", "2"), ("roles/devops/people", ["ben"]), ("secrets/TOKEN", ["env": "OTHER"]),
        ("secrets/CHAT/file", "/run/other"), ("secrets/KEY/command", ["pass", "show", "other"]),
        ("secrets/MORE", ["env": "MORE"]), ("stages/preflight/checks", "smoke"),
        ("stages/maintenance/run", "ops/maintenance  on\n"), ("stages/maintenance/finally", "ops/maintenance out"),
        ("stages/maintenance/finally", nil), ("stages/backup/with/keep", "13"), ("stages/backup/with/verify", nil),
        ("stages/migrate/needs", ["backup", "image"]), ("stages/migrate/run", "alembic upgrade head\n"),
        ("stages/migrate/retry/attempts", "4"), ("stages/migrate/retry/delay", "6s"),
        ("stages/migrate/retry/backoff", "3"), ("stages/migrate/retry/max-delay", "2m"),
        ("stages/migrate/retry/jitter", "10%"), ("stages/migrate/retry/on", ["timeout"]),
        ("stages/migrate/on-exhausted", "rollback"), ("stages/migrate/timeout", "8m"),
        ("stages/migrate/deadline", "31m"), ("stages/migrate/deadline", nil), ("stages/migrate/kill-after", "21s"),
        ("stages/migrate/contract", "look"), ("stages/migrate/on-interrupt", "ask"),
        ("stages/migrate/verify", "alembic heads"), ("stages/migrate/env/PORT", "1"),
        ("stages/migrate/env/TOKEN", "${{ secrets.CHAT }}"), ("stages/migrate/env/NEW", "x"),
        ("stages/migrate/workdir", "."), ("stages/migrate/rollback/with/backup", "x"), ("stages/migrate/rollback", nil),
        ("stages/image/with/tag", "app:1"), ("stages/image/with/no-cache", nil),
        ("stages/restart/with/health/time", "< 200ms"), ("stages/restart/with/start/0", "bin/begin"),
        ("stages/restart/with/stop", nil), ("stages/services/for-each", ["market", "community"]),
        ("stages/services/for-each/2", "academy"), ("stages/services/max-parallel", "2"),
        ("stages/services/leaves-running", nil), ("stages/services/rollback", nil), ("stages/only-staging/if", nil),
        ("stages/only-staging", nil), ("stages/look/changes", nil), ("stages/drop-old/reversible", nil),
        ("stages/smoke/needs", ["image"]), ("stages/more", ["run": "true"]), ("stages/ask/approval/roles", ["devops"]),
        ("stages/ask/approval/expires", "3h"),
        ("stages/ask/approval/allow-self", "yes"), ("stages/pause/wait", "11m"), ("stages/pause", nil),
        ("checks/preflight/0/free", "> 10GB"),
        ("checks/preflight/0/severity", "critical"), ("checks/preflight/0/owner", "ana"),
        ("checks/preflight/0/retries", "3"), ("checks/preflight/0/timeout", "6s"), ("checks/preflight/0/name", "Disk"),
        ("checks/preflight/1/stdout", "(tail)"), ("checks/preflight/1/depends-on", nil),
        ("checks/smoke/0/status", "204"),
        ("checks/smoke/1", nil), ("checks/smoke/2", ["name": "More", "tcp": "127.0.0.1:80"]), ("monitor", nil),
        ("monitor/from", nil), ("monitor/from", "look"), ("monitor/for", "23h"), ("monitor/window", "1m"),
        ("monitor/min-samples", "31"), ("monitor/inconclusive", "ignore"), ("monitor/grace", "4m"),
        ("monitor/sources/api/every", "6s"), ("monitor/sources/api/timeout", "3s"),
        ("monitor/sources/api/http", "http://127.0.0.1:8200/"), ("monitor/sources/db", ["tcp": "127.0.0.1:5432"]),
        ("monitor/rollback-when/0", "api.error-rate > 6% for 5m"), ("monitor/rollback-when/1", "db fails 4 times"),
        ("monitor/rollback-when/2", "api.p99 > 1s"), ("monitor/warn-when", nil),
    ]

    static func edited(_ edit: (path: String, value: YAMLDocument?)) -> YAMLDocument {
        var document = WholePipeline.document
        if edit.path == "checks/preflight/0/name" {
            document = document.setting(["checks", "preflight", "1", "depends-on"], to: ["Disk"])
        }
        return document.setting(edit.path.split(separator: "/").map(String.init)[...], to: edit.value)
    }

    @Test func `whoever writes it down, it is one digest`() throws {
        let digest = PlanDigest.of(try WholePipeline.plan())
        for seed in UInt64(1)...60 {
            let text = YAMLHand.text(WholePipeline.document, seed: seed)
            #expect(PlanDigest.of(try WholePipeline.plan(text: text)) == digest, "seed \(seed):\n\(text)")
        }
    }

    @Test func `each edit that changes what would run gives a digest of its own, however it is written`() throws {
        let plan = try WholePipeline.plan()
        var seen = [PlanDigest.of(plan): "nothing"]
        for (place, edit) in Self.edits.enumerated() {
            let edited = try WholePipeline.plan(Self.edited(edit), written: UInt64(place))
            let other = seen.updateValue(edit.0, forKey: PlanDigest.of(edited))
            #expect(other == nil, "the edit of \(edit.0) has the digest of \(other ?? "")")
            let paths = PlanDiff(from: plan, to: edited).changes.map(\.path)
            #expect(!paths.isEmpty, "no difference is shown for \(edit.0)")
        }
    }

    static let cosmetic: [(String, YAMLDocument?)] = [
        ("description", "Other words."), ("description", nil), ("x-mine", ["any": "thing"]),
        ("environments/staging/vars/replicas", "9"),
        ("environments/test", ["vars": ["replicas": "1", "base-port": "1"]]),
        ("tests/0/name", "others"), ("tests", nil), ("checks/unused/0/tcp", "127.0.0.1:2"), ("checks/unused", nil),
        ("checks/preflight/0/remediation", "Buy a disk."), ("stages/only-staging/run", "echo other"),
        ("stages/only-staging/timeout", "1m"),
        ("stages/restart/needs", ["image", "migrate"]), ("roles/technical/people", ["ben", "ana"]),
        ("environments/production/approvals/roles", ["technical", "devops"]),
        ("defaults/pass-env", ["AWS_PROFILE", "KUBECONFIG"]), ("stages/migrate/retry/on", ["exit 75", "timeout"]),
        ("stages/smoke/retry/backoff", "1"), ("stages/migrate/deadline", "1800s"),
        ("monitor/rollback-when/0", "api.error-rate>5%   for 5m"), ("stages/image/timeout", "10m"),
        ("release/require", ["annotated-tag"]),
    ]

    @Test(arguments: cosmetic.indices)
    func `what decides nothing changes no digest, and is no difference`(place: Int) throws {
        let plan = try WholePipeline.plan()
        let edit = Self.cosmetic[place]
        let edited = try WholePipeline.plan(Self.edited(edit), written: UInt64(place))
        #expect(PlanDigest.of(edited) == PlanDigest.of(plan), "\(edit.0)")
        #expect(PlanDiff(from: plan, to: edited).changes == [])
    }

    @Test func `merge keys are what they stand for`() throws {
        let spelled = "stages:\n  a: {run: make a, timeout: 5m}\n  b: {timeout: 5m, run: make b}\n"
        let merged = "x-all: &all {timeout: 5m}\nstages:\n  b: {<<: *all, run: make b}\n  a: {<<: *all, run: make a}\n"
        let head = "shipit: 1\nname: deploy\nenvironments: {production: {}}\n"
        #expect(
            PlanDigest.of(try WholePipeline.plan(text: head + spelled))
                == PlanDigest.of(try WholePipeline.plan(text: head + merged)))
    }

    @Test func `another release, another release before it, and another environment are another digest`() throws {
        var plan = try WholePipeline.plan()
        let digest = PlanDigest.of(plan)
        #expect(PlanDigest.of(try WholePipeline.plan(in: "staging")) != digest)
        plan.release.tagObject = "another tag"
        #expect(PlanDigest.of(plan) != digest)
        plan = try WholePipeline.plan()
        plan.previous = nil
        #expect(PlanDigest.of(plan) != digest)
    }

    /// What an older version wrote into a journal holds more than is signed, in the order of its file.
    @Test func `a plan that was kept with all its words has the digest of what it does`() throws {
        let plan = try WholePipeline.plan()
        var kept = plan
        let movable = kept.stages.indices.filter { kept.stages[$0].group == nil }
        kept.stages.swapAt(movable.first!, movable.last!)
        kept.suites["more"] = []
        #expect(kept != plan)
        #expect(PlanDigest.of(kept) == PlanDigest.of(plan))
        #expect(PlanDigest.of(kept.digested) == PlanDigest.of(plan))
    }
}
