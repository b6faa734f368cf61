import ShipitCore
import ShipitSyntax
import Testing

/// The sections beside the stages become what they say.
@Suite(.timeLimit(.minutes(3)))
struct SectionTests {
    private func pipeline(with section: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Pipeline {
        try ShipitSyntaxTests.pipeline(
            "shipit: 1\n\(section)\nstages: {a: {run: x}}\n", sourceLocation: sourceLocation)
    }

    private func text(_ text: String) -> InputValue { .text(Template(literal: text)) }

    @Test func `a pipeline is named after its file unless it says otherwise`() throws {
        let bytes = Array("shipit: 1\nstages: {a: {run: x}}".utf8)
        let reader = PipelineReader(catalog: testCatalog)
        #expect(reader.read(bytes, file: "/srv/app/pipelines/web.yaml").pipeline?.name == "web")
        #expect(reader.read(bytes, file: "nightly.v2.yml").pipeline?.name == "nightly.v2")
        #expect(reader.read(bytes, file: "deploy").pipeline?.name == "deploy")
        let named = try pipeline(with: "name: my deploy\ndescription: What it does.")
        #expect(named.name == "my deploy")
        #expect(named.description == "What it does.")
    }

    @Test func `releases come from a repository, by tags, under requirements`() throws {
        let release = try pipeline(
            with: """
                release:
                  repository: ../app
                  tags: "v*"
                  require: [annotated-tag, clean-tree, head-at-tag, version-file: VERSION, reachable-from: main]
                """
        ).release
        #expect(
            release
                == ReleaseSource(
                    repository: "../app", tags: "v*",
                    require: [.annotatedTag, .cleanTree, .headAtTag, .versionFile("VERSION"), .reachableFrom("main")]))
        #expect(try pipeline(with: "release: {}").release == ReleaseSource())
        #expect(try pipeline(with: "").release == nil)
        #expect(try pipeline(with: "release: {require: clean-tree}").release?.require == [.cleanTree])
    }

    @Test func `environments keep their order, and variables stay text`() throws {
        let environments = try pipeline(
            with: """
                environments:
                  staging:
                    vars: {replicas: 2, version: 3.10, debug: no, empty: "", base-port: 8100}
                  production: {}
                  bare:
                """
        ).environments
        #expect(environments.map(\.name) == ["staging", "production", "bare"])
        #expect(
            environments[0].vars == [
                "replicas": "2", "version": "3.10", "debug": "no", "empty": "", "base-port": "8100",
            ])
        #expect(environments[1].vars == [:])
        #expect(environments[2].vars == [:])
    }

    @Test func `secrets have three sources`() throws {
        let secrets = try pipeline(
            with: "secrets: {A: {env: DB_URL}, B: {file: /run/secrets/b}, C: {command: [pass, show, x]}}"
        ).secrets
        #expect(
            secrets == [
                "A": .environment("DB_URL"), "B": .file("/run/secrets/b"), "C": .command(["pass", "show", "x"]),
            ])
    }

    @Test func `a check has a question and what all checks have`() throws {
        let checks = try pipeline(
            with: """
                checks:
                  ready:
                    - name: Fresh backup
                      file: "backups/*.sql"
                      age: "< 24h"
                      size: "> 50MB"
                      severity: medium
                      owner: ana
                      depends-on: [Health]
                      retries: 2
                      timeout: 3s
                      remediation: Run the nightly backup.
                    - {name: Health, http: "http://127.0.0.1/${{ target.version }}", status: 200, time: "< 100ms"}
                    - {run: [psql, -c, select 1], number: "> 0"}
                """
        ).suites["ready"]
        let ready = try #require(checks)
        #expect(
            ready[0]
                == Check(
                    name: "Fresh backup", severity: .medium, owner: "ana", dependsOn: ["Health"], retries: 2,
                    timeout: .seconds(3), remediation: "Run the nightly backup.",
                    probe: ProbeRequest(
                        probe: "file", subject: text("backups/*.sql"),
                        fields: ["age": text("< 24h"), "size": text("> 50MB")])))
        #expect(ready[1].severity == .critical)
        #expect(ready[1].timeout == .seconds(10))
        #expect(ready[1].probe.references == [.target("version")])
        #expect(ready[2].name == "run psql -c select 1")
        #expect(ready[2].probe.subject == .list([text("psql"), text("-c"), text("select 1")]))
    }

    @Test func `the monitor has its own defaults`() throws {
        let monitor = try #require(
            try pipeline(
                with: "monitor: {sources: {api: {http: 'http://127.0.0.1/'}}, rollback-when: [api fails 3 times]}"
            ).monitor)
        #expect(
            monitor
                == Monitor(
                    sources: [
                        MonitorSource(
                            name: "api", probe: ProbeRequest(probe: "http", subject: text("http://127.0.0.1/")))
                    ], rollbackWhen: [Rule(text: "api fails 3 times", source: "api", kind: .fails(times: 3))]))
        #expect(monitor.window == .minutes(1) && monitor.minSamples == 20 && monitor.inconclusive == .pause)
        #expect(monitor.sources[0].every == .seconds(5))
    }

    @Test func `the monitor has all its keys`() throws {
        let monitor = try #require(
            try pipeline(
                with: """
                    monitor:
                      from: a
                      for: 24h
                      window: 2m
                      min-samples: 5
                      inconclusive: ignore
                      grace: 90s
                      every: 10s
                      timeout: 4s
                      sources:
                        api: {http: "http://127.0.0.1:${{ stages.a.outputs.port }}/", every: 1s}
                        db: {run: "psql -c 'select 1'", exit: 0, timeout: 1s}
                      rollback-when:
                        - api.error-rate > 5% for 5m
                      warn-when: db.value >= 3
                    """
            ).monitor)
        #expect(monitor.from == "a" && monitor.duration == .hours(24) && monitor.window == .minutes(2))
        #expect(monitor.minSamples == 5 && monitor.inconclusive == .ignore && monitor.grace == .seconds(90))
        #expect(monitor.sources.map(\.every) == [.seconds(1), .seconds(10)])
        #expect(monitor.sources.map(\.timeout) == [.seconds(4), .seconds(1)])
        #expect(monitor.sources[1].probe.fields == ["exit": text("0")])
        #expect(
            monitor.rollbackWhen == [
                Rule(
                    text: "api.error-rate > 5% for 5m", source: "api",
                    kind: .metric(.errorRate, Condition(.more, Quantity(0.05, .ratio)), hold: .minutes(5)))
            ])
        #expect(
            monitor.warnWhen == [
                Rule(
                    text: "db.value >= 3", source: "db",
                    kind: .metric(.value, Condition(.atLeast, Quantity(3, .count)), hold: nil))
            ])
    }

    @Test func `approvals name roles, whose people are known by user, by key or by name alone`() throws {
        let key = "ssh-ed25519 " + String(repeating: "A", count: 68)
        let reading = read(
            """
            shipit: 1
            environments:
              staging: {approvals: devops}
              production: {approvals: {roles: [devops, business], allow-self: yes, expires: 4h}}
            people:
              ana: {os-user: ana}
              ben: {os-user: ben, ssh-key: "\(key) ben@host"}
              cat:
            roles:
              devops: {people: [ana, ben], quorum: 2}
              business: {people: cat}
            stages:
              a: {run: x}
            """)
        let environments = try #require(reading.pipeline).environments
        let devops = ApprovalRole(
            name: "devops",
            people: [Person(name: "ana", osUser: "ana"), Person(name: "ben", osUser: "ben", sshKey: key)], quorum: 2)
        #expect(environments[0].approvals == ApprovalPolicy(roles: [devops], allowSelf: false, expires: .hours(24)))
        let business = ApprovalRole(name: "business", people: [Person(name: "cat")], quorum: 1)
        #expect(
            environments[1].approvals
                == ApprovalPolicy(roles: [devops, business], allowSelf: true, expires: .hours(4)))
    }

    @Test func `what is not enforced yet is read, warned of and handed on`() throws {
        let reading = read(
            "shipit: 1\nstages:\n  b: {run: y, tests: {}}\n  a: {needs: [b], run: x, windows: [1]}\n"
        )
        let pipeline = try #require(reading.pipeline)
        #expect(reading.diagnostics.map(\.code) == ["not-enforced", "not-enforced"])
        #expect(reading.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(pipeline.notEnforced == reading.diagnostics)
        #expect(pipeline.stages.map(\.name) == ["b", "a"])
    }

    @Test func `warnings alone leave a pipeline`() throws {
        let reading = read("shipit: 1\nstages: {migrate: {run: alembic upgrade head}}")
        #expect(reading.diagnostics.map(\.code) == ["migration-without-backup"])
        #expect(reading.pipeline != nil)
        #expect(reading.pipeline?.notEnforced.isEmpty == true)
    }

    @Test func `good habits are not warned of`() throws {
        let reading = read(
            """
            shipit: 1
            stages:
              dump: {run: pg_dump app}
              prepare: {needs: [dump], run: x}
              migrate: {needs: [prepare], run: alembic upgrade head}
              restart:
                needs: [migrate]
                uses: rolling-restart
                with: {instances: 2, start: ./start, health: {tcp: "127.0.0.1:80"}}
              again:
                needs: [restart]
                uses: rolling-restart
                with: {instances: 2, health: {tcp: "127.0.0.1:80"}}
                rollback: ./restart-old
              last: {needs: [again], uses: rolling-restart, with: {instances: 1, health: {tcp: "127.0.0.1:80"}}, reversible: no}
            """)
        #expect(reading.diagnostics.isEmpty)
    }

    @Test func `secrets go where they may`() throws {
        let reading = read(
            """
            shipit: 1
            secrets: {TOKEN: {env: TOKEN}}
            stages:
              a:
                uses: build-image
                with: {context: ., tag: x, token: "${{ secrets.TOKEN }}"}
                env: {TOKEN: "Bearer ${{ secrets.TOKEN }}"}
            """)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.pipeline?.stages[0].env["TOKEN"]?.references == [.secret("TOKEN")])
    }
}
