import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PlanDiffTests {
    static func diff(_ edits: (String, YAMLDocument?)...) throws -> PlanDiff {
        var document = WholePipeline.document
        for edit in edits {
            document = document.setting(edit.0.split(separator: "/").map(String.init)[...], to: edit.1)
        }
        return PlanDiff(from: try WholePipeline.plan(), to: try WholePipeline.plan(document, written: 5))
    }

    static func text(_ diff: PlanDiff) -> String {
        let words = PlanDiffText(
            run: "r1 (v1 to production)", title: "v2 to production", before: "a", after: "b", diff: diff)
        return words.text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(4).joined(separator: "\n")
    }

    @Test func `a field is named by its path, with the value of both sides`() throws {
        let diff = try Self.diff(
            ("stages/migrate/timeout", "20m"), ("stages/migrate/rollback/with/backup", "x"),
            ("checks/preflight/0/free", "> 10GB"), ("environments/production/vars/replicas", "3"),
            ("monitor/sources/api/every", "1m"), ("stages/backup/needs", ["maintenance", "image"]),
            ("secrets/CHAT/file", "/else"), ("roles/technical/quorum", "2"))

        #expect(
            Self.text(diff) == """
                approvals.roles.technical.quorum: 1 → 2
                checks.preflight["Root disk"].free: > 20GB → > 10GB
                monitor.sources.api.every: 5s → 1m
                secrets.CHAT.file: /run/chat → /else
                stages.ask.hold.approval.roles.technical.quorum: 1 → 2
                stages.backup.needs: [maintenance] → [image, maintenance]
                stages.migrate.rollback.with.backup: ${{ stages.backup.outputs.path }} → x
                stages.migrate.timeout: 9m → 20m
                stages.restart.with.instances: 4 → 3
                vars.replicas: 4 → 3

                """)
    }

    @Test func `a script is compared line by line`() throws {
        let diff = try Self.diff(("stages/migrate/run", "alembic upgrade head --sql\nalembic check\necho done\n"))

        #expect(
            Self.text(diff) == """
                stages.migrate.run:
                  - alembic upgrade head
                  + alembic upgrade head --sql
                    alembic check
                  + echo done

                """)
    }

    @Test func `what only one side has is shown whole`() throws {
        let diff = try Self.diff(
            ("stages/look", nil), ("stages/extra", ["run": "a\nb", "changes": "no"]), ("monitor/warn-when", []),
            ("stages/migrate/deadline", nil))

        #expect(
            Self.text(diff) == """
                monitor.warn-when: [api.p95 > 200ms] → []
                + stages.extra:
                +   changes: no
                +   env:
                +   kill-after: 5s
                +   leaves-running: no
                +   needs: []
                +   on-exhausted: rollback
                +   on-interrupt: ask
                +   retry:
                +     attempts: 1
                +     backoff: 1
                +     delay: 1s
                +     jitter: 0
                +     on: [any failure]
                +   reversible: yes
                +   rollback: none
                +   run:
                +     a
                +     b
                +   skipped: no
                +   timeout: 10m
                - stages.migrate.deadline: 30m
                - stages.look:
                -   changes: no
                -   env:
                -   kill-after: 5s
                -   leaves-running: no
                -   needs: [restart]
                -   on-exhausted: rollback
                -   on-interrupt: ask
                -   retry:
                -     attempts: 1
                -     backoff: 1
                -     delay: 1s
                -     jitter: 0
                -     on: [any failure]
                -   reversible: yes
                -   rollback: none
                -   run: ops/look
                -   skipped: no
                -   timeout: 10m

                """)
    }

    @Test func `the order of a for-each, and of checks, is a difference of its own`() throws {
        let items = try Self.diff(("stages/services/for-each", ["market", "community"]))
        #expect(
            items.changes.map(\.path) == ["stages"]
                && Self.text(items).hasPrefix("stages: [")
                && Self.text(items).contains("services[market], services[com"))
        var document = WholePipeline.document
        document = document.setting(
            ["checks", "smoke"],
            to: [
                ["name": "Files", "file": "var/*.db", "exists": "yes"],
                ["name": "Health", "http": "http://127.0.0.1:8200/health", "status": "200", "time": "< 100ms"],
            ])
        let checks = PlanDiff(from: try WholePipeline.plan(), to: try WholePipeline.plan(document))
        #expect(
            Self.text(checks) == """
                checks.smoke: [Health, Files] → [Files, Health]
                checks["smoke after a rollback"]: [Health, Files] → [Files, Health]

                """)
    }

    @Test func `equal plans say so`() throws {
        let diff = try Self.diff(("description", "Others."))
        let words = PlanDiffText(
            run: "r1", title: "v2 to production", before: "sha256:a", after: "sha256:a", diff: diff)
        #expect(words.text == "the plan of v2 to production is that of run r1\nsha256:a\n")
        #expect(
            PlanDiffJSON.value(diff, run: "r1", before: "sha256:a", after: "sha256:a").compact
                == #"{"equal":true,"run":"r1","runPlanDigest":"sha256:a","planDigest":"sha256:a","changes":[]}"#)
    }

    @Test func `as JSON, a side that lacks the field is null`() throws {
        let diff = try Self.diff(("stages/migrate/deadline", nil), ("defaults/pass-env", ["KUBECONFIG"]))
        let json = PlanDiffJSON.value(diff, run: "r1", before: "x", after: "y").compact
        #expect(json.contains(#"{"path":"pass-env","before":["AWS_PROFILE","KUBECONFIG"],"after":["KUBECONFIG"]}"#))
        #expect(json.contains(#"{"path":"stages.migrate.deadline","before":"30m","after":null}"#))
        #expect(json.hasPrefix(#"{"equal":false,"#))
    }

    @Test func `control characters of either side have no power`() throws {
        let diff = PlanDiff(
            from: .init(
                pipeline: "p", environment: "e", release: Story.release, vars: ["a": "\u{1B}[31mred", "b": "x\ny"]),
            to: .init(
                pipeline: "p", environment: "e", release: Story.release, vars: ["a": "\u{202E}", "b": "x\n\u{7}"]))
        #expect(Self.text(diff) == "vars.a: red → \\u{202e}\nvars.b:\n    x\n  - y\n  + \\x07\n")
    }
}

@Suite(.timeLimit(.minutes(3)))
struct LineDiffTests {
    private func shown(_ before: [String], _ after: [String]) -> [String] {
        LineDiff.lines(before.joined(separator: "\n"), after.joined(separator: "\n")).map { line in
            switch line {
            case .same(let text): " \(text)"
            case .removed(let text): "-\(text)"
            case .added(let text): "+\(text)"
            case .gap(let count): "@\(count)"
            }
        }
    }

    @Test func `what is far from a change is only counted`() {
        let lines = (1...20).map(String.init)
        var changed = lines
        changed[9] = "ten"
        #expect(shown(lines, changed) == ["@6", " 7", " 8", " 9", "-10", "+ten", " 11", " 12", " 13", "@7"])
    }

    @Test func `putting the lines together again gives both texts`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let (old, new) = (some(&random), some(&random))
            let lines = LineDiff.lines(old.joined(separator: "\n"), new.joined(separator: "\n"))
            guard !lines.contains(where: { if case .gap = $0 { true } else { false } }) else { continue }
            let before = lines.compactMap { line in
                switch line {
                case .same(let text), .removed(let text): text
                default: nil
                }
            }
            let after = lines.compactMap { line in
                switch line {
                case .same(let text), .added(let text): text
                default: nil
                }
            }
            #expect(before == old && after == new)
        }
    }

    private func some(_ random: inout SystemRandomNumberGenerator) -> [String] {
        (0..<Int.random(in: 1...8, using: &random)).map { _ in ["a", "b", "c", "d"].randomElement(using: &random)! }
    }

    @Test func `very long texts are compared in no time`() {
        let old = (0..<20_000).map { "line \($0)" }
        let lines = LineDiff.lines(
            old.joined(separator: "\n"), old.reversed().joined(separator: "\n"))
        #expect(lines.count == 40_000)
    }
}
