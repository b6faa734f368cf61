import ShipitCore
import ShipitSyntax
import Testing

@testable import ShipitCLI

/// A pipeline with every part of the language that becomes a plan, for what must hold of all of them.
enum WholePipeline {

    static let document: YAMLDocument = [
        "shipit": "1", "name": "deploy", "description": "All of it.",
        "release": ["repository": ".", "tags": "v*", "require": ["annotated-tag", "clean-tree"]],
        "defaults": ["timeout": "10m", "kill-after": "5s", "pass-env": ["KUBECONFIG", "AWS_PROFILE"]],
        "environments": [
            "production": [
                "vars": ["replicas": "4", "base-port": "8200"],
                "windows": [
                    "zone": "UTC", "allow": ["Tue-Thu 02:00-06:00", "Sat"], "deny": ["2026-12-24"], "fit": "yes",
                ],
                "approvals": ["roles": ["devops", "technical"], "expires": "4h", "allow-self": "no"],
            ],
            "staging": ["vars": ["replicas": "2", "base-port": "8100"]],
        ],
        "people": ["ana": ["os-user": "ana"], "ben": ["os-user": "ben"]],
        "roles": ["technical": ["people": ["ana", "ben"], "quorum": "1"], "devops": ["people": ["ben", "ana"]]],
        "secrets": [
            "TOKEN": ["env": "TOKEN"], "CHAT": ["file": "/run/chat"], "KEY": ["command": ["pass", "show", "key"]],
        ],
        "stages": [
            "preflight": ["checks": "preflight"],
            "maintenance": ["needs": ["preflight"], "run": "ops/maintenance on\n", "finally": "ops/maintenance off"],
            "backup": [
                "needs": ["maintenance"], "uses": "backup/sqlite",
                "with": ["database": "var/app.db", "to": "backups", "verify": "restore", "keep": "14"],
            ],
            "migrate": [
                "needs": ["backup"], "run": "alembic upgrade head\nalembic check\n",
                "retry": [
                    "attempts": "3", "delay": "5s", "backoff": "2", "max-delay": "1m", "jitter": "20%",
                    "on": ["timeout", "exit 75"],
                ], "on-exhausted": "pause", "timeout": "9m", "deadline": "30m", "kill-after": "20s",
                "reversible": "until-contract", "contract": "drop-old", "on-interrupt": "verify",
                "verify": "alembic current", "env": ["TOKEN": "${{ secrets.TOKEN }}", "PORT": "${{ vars.base-port }}"],
                "workdir": "db",
                "rollback": ["uses": "restore", "with": ["backup": "${{ stages.backup.outputs.path }}"]],
            ],
            "image": [
                "needs": ["preflight"], "uses": "build-image",
                "with": ["context": ".", "tag": "app:${{ release.version }}", "no-cache": "true"],
            ],
            "restart": [
                "needs": ["migrate", "image"], "uses": "rolling-restart",
                "with": [
                    "instances": "${{ vars.replicas }}", "max-parallel": "1", "min-healthy-time": "10s",
                    "start": ["bin/start", "${{ instance.port }}"], "stop": "bin/stop",
                    "health": ["http": "http://127.0.0.1:${{ instance.port }}/health", "time": "< 100ms"],
                ],
            ],
            "services": [
                "needs": ["image"], "for-each": ["community", "market"], "max-parallel": "1",
                "run": ["ops/migrate", "${{ item }}"], "rollback": "ops/back", "leaves-running": "true",
            ],
            "only-staging": ["needs": ["image"], "if": "environment == \"staging\"", "run": "echo staging"],
            "look": ["needs": ["restart"], "run": "ops/look", "changes": "no"],
            "ask": ["needs": ["image"], "approval": ["roles": ["devops", "technical"], "expires": "2h"]],
            "pause": ["needs": ["ask"], "wait": "10m"],
            "drop-old": ["needs": ["smoke"], "run": "alembic upgrade contract", "reversible": "no"],
            "smoke": ["needs": ["restart"], "checks": "smoke", "retry": ["attempts": "3", "delay": "5s"]],
        ],
        "checks": [
            "preflight": [
                [
                    "name": "Root disk", "disk": "/", "free": "> 20GB", "severity": "medium", "owner": "ben",
                    "retries": "2", "timeout": "5s", "remediation": "Empty the cache.",
                ],
                ["name": "Schema head", "run": "alembic current", "stdout": "(head)", "depends-on": ["Root disk"]],
            ],
            "smoke": [
                ["name": "Health", "http": "http://127.0.0.1:8200/health", "status": "200", "time": "< 100ms"],
                ["name": "Files", "file": "var/*.db", "exists": "yes"],
            ],
            "unused": [["name": "Never asked", "tcp": "127.0.0.1:1"]],
        ],
        "monitor": [
            "from": "restart", "for": "24h", "window": "2m", "min-samples": "30", "inconclusive": "pause",
            "grace": "3m",
            "sources": [
                "api": ["http": "http://127.0.0.1:8200/health", "every": "5s", "timeout": "2s"],
                "db": ["run": "psql -c 'select 1'", "every": "15s"],
            ], "rollback-when": ["api.error-rate > 5% for 5m", "db fails 3 times"], "warn-when": ["api.p95 > 200ms"],
        ],
        "tests": [["name": "smoke", "given": ["smoke": "fails"], "expect": ["outcome": "rolled-back"]]],
    ]

    static func plan(
        _ document: YAMLDocument = document, written seed: UInt64 = 0, in environment: String = "production"
    ) throws -> Plan {
        try plan(text: YAMLHand.text(document, seed: seed), in: environment)
    }

    static func plan(text: String, in environment: String = "production") throws -> Plan {
        let reading = PipelineReader(catalog: Wiring.catalog).read(Array(text.utf8), file: "deploy.yaml")
        let mistakes = reading.diagnostics.filter { $0.severity == .error }
        guard let pipeline = reading.pipeline else {
            throw Unreadable(
                text: mistakes.map { "\($0.span.line): \($0.message)" }.joined(separator: "\n") + "\n" + text)
        }
        #expect(pipeline.notEnforced.isEmpty)
        return try Planner(pipeline, catalog: Wiring.catalog).plan(
            Story.release, in: environment, previous: Story.previous)
    }

    struct Unreadable: Error {
        var text: String
    }
}
