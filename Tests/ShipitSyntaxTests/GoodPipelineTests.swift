import Foundation
import ShipitCore
import ShipitSyntax
import Testing

/// Whole pipelines that are right.
@Suite(.timeLimit(.minutes(3)))
struct GoodPipelineTests {
    static let everyIdea = """
        shipit: 1
        name: deploy
        description: Back up, migrate, build and roll out one tagged release.
        release:
          repository: .
          tags: "v*"
          require:
            - annotated-tag
            - clean-tree
            - head-at-tag
            - version-file: VERSION
            - reachable-from: main
        defaults:
          timeout: 10m
          retry: {attempts: 2, delay: 2s}
          kill-after: 5s
          pass-env: [JAVA_HOME]
        environments:
          staging:
            vars: {replicas: 2, base-port: 8100}
          production:
            vars: {replicas: 4, base-port: 8200}
        secrets:
          DATABASE_URL: {env: DATABASE_URL}
          CHAT: {file: /run/secrets/chat}
          API_TOKEN: {command: [pass, show, deploy/token]}
        stages:
          preflight:
            checks: preflight
          maintenance:
            needs: [preflight]
            run: ./ops/maintenance on
            finally: ./ops/maintenance off
          backup:
            needs: [maintenance]
            uses: backup/sqlite
            with: {database: var/app.db, to: backups, verify: restore, keep: 14}
          migrate:
            needs: [backup]
            run: alembic upgrade head
            env: {DATABASE_URL: "${{ secrets.DATABASE_URL }}"}
            retry: {attempts: 3, delay: 5s, backoff: 2, max-delay: 1m, jitter: 20%, on: [timeout, exit 75]}
            on-exhausted: pause
            timeout: 90s
            deadline: 1h30m
            reversible: until-contract
            contract: drop-old-columns
            on-interrupt: verify
            verify: alembic current --check-heads
            rollback:
              uses: restore
              with: {backup: "${{ stages.backup.outputs.path }}"}
          image:
            needs: [preflight]
            uses: build-image
            with: {context: ., tag: "sms-app:${{ release.version }}", no-cache: true}
          restart:
            needs: [migrate, image]
            uses: rolling-restart
            with:
              instances: "${{ vars.replicas }}"
              max-parallel: 1
              start: [ops/start, "${{ instance.port }}"]
              health: {http: "http://127.0.0.1:${{ instance.port }}/health", time: "< 100ms"}
              min-healthy-time: 10s
          services:
            needs: [image]
            if: environment == "production"
            for-each: [community, marketplace]
            max-parallel: 1
            run: [ops/migrate, "${{ item }}"]
          smoke:
            needs: [restart]
            checks: smoke
          drop-old-columns: {needs: [smoke], run: alembic upgrade contract, reversible: no}
          notes: {needs: [smoke], run: ./notes, changes: no, leaves-running: true, workdir: ops}
        checks:
          preflight:
            - {name: Root disk, disk: /, free: "> 20GB"}
            - {name: Schema head, run: alembic current, stdout: "(head)", depends-on: [Root disk], retries: 2, timeout: 3s}
            - {name: Fresh backup, file: "backups/*.sql", age: "< 24h", severity: medium, owner: ana, remediation: Run it.}
            - {tcp: "127.0.0.1:6379"}
          smoke:
            - {name: Health, http: "http://127.0.0.1:${{ vars.base-port }}/health", status: 200, time: "< 100ms"}
        monitor:
          from: restart
          for: 24h
          window: 2m
          sources:
            api: {http: "http://127.0.0.1:8200/health", every: 5s, timeout: 2s}
            db: {run: "psql -c 'select 1'", every: 15s}
          min-samples: 30
          inconclusive: rollback
          grace: 3m
          rollback-when:
            - api.error-rate > 5% for 5m
            - db fails 3 times
          warn-when:
            - api.p95 > 200ms
        x-anything: {of: the author's}
        """

    @Test func `the pipeline with every idea has no mistake`() throws {
        let reading = read(Self.everyIdea)
        #expect(reading.diagnostics.isEmpty, "\(rendered(reading, Self.everyIdea))")
        #expect(reading.pipeline != nil)
    }

    @Test func `the whole language is known and enforced`() throws {
        let file = FixtureTests.folder.appending(path: "whole-language.yaml")
        let reading = try PipelineReader(catalog: testCatalog, zones: TestZones()).read(
            Array(Data(contentsOf: file)), file: "whole.yaml")
        let pipeline = try #require(reading.pipeline)
        // Its restart does not say how to start the old release again.
        #expect(Set(reading.diagnostics.map(\.code)) == ["restart-without-way-back"])
        #expect(pipeline.notEnforced.isEmpty)
        #expect(pipeline.stages.count == 10)
    }
}
