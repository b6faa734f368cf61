import ShipitCore
import ShipitSyntax
import Testing

/// Each key of a stage becomes what it says.
@Suite(.timeLimit(.minutes(3)))
struct StageTests {
    private func stage(_ keys: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Stage {
        try #require(try stages("a: {\(keys)}", sourceLocation: sourceLocation).first)
    }

    private func text(_ text: String) -> InputValue { .text(Template(literal: text)) }

    @Test func `a stage that says nothing more has the defaults of the language`() throws {
        let stage = try stage("run: make")
        #expect(stage.perform == .script("make"))
        #expect(stage.retry == RetryPolicy(attempts: 1, delay: .seconds(1), backoff: 1, jitter: 0, on: [.any]))
        #expect(stage.timeout == .hours(1))
        #expect(stage.deadline == nil)
        #expect(stage.killAfter == .seconds(10))
        #expect(stage.onExhausted == .rollback)
        #expect(stage.onInterrupt == .ask)
        #expect(stage.reversible == .yes)
        #expect(stage.changes)
        #expect(!stage.leavesRunning)
        #expect(stage.needs.isEmpty)
        #expect(stage.rollback == nil && stage.finally == nil && stage.verify == nil)
        #expect(stage.span == Span(file: "pipelines/web.yaml", line: 3, column: 3, length: 1))
    }

    @Test func `a command is a script or a list of words`() throws {
        #expect(try stage("run: make all").perform == .script("make all"))
        let words = try stage("run: [make, 'v${{ release.version }}', no, 3.10]").perform
        #expect(
            words
                == .argv([
                    Template(literal: "make"),
                    Template(parts: [.text("v"), .reference(.release("version"), fallback: nil)]),
                    Template(literal: "no"), Template(literal: "3.10"),
                ]))
    }

    @Test func `a script of several lines stays as it is`() throws {
        let stage = try #require(try stages("a:\n  run: |\n    set -e\n    make $TARGET\n").first)
        #expect(stage.perform == .script("set -e\nmake $TARGET\n"))
    }

    @Test func `an action has its inputs as they are written`() throws {
        let stage = try stage(
            "uses: backup/sqlite, with: {database: var/app.db, to: 'b/${{ environment }}', verify: restore, keep: 14}")
        #expect(stage.perform.action == "backup/sqlite")
        #expect(
            stage.perform.inputs == [
                "database": text("var/app.db"), "verify": text("restore"), "keep": text("14"),
                "to": .text(Template(parts: [.text("b/"), .reference(.environment, fallback: nil)])),
            ])
        #expect(stage.onInterrupt == .verify)
        #expect(stage.changes)
    }

    @Test func `inputs of every type are read`() throws {
        let stage = try stage(
            """
            uses: rolling-restart, with: {instances: '${{ vars.n || "2" }}', start: ./start, ports: [8100, 8101],
              health: {http: 'http://127.0.0.1:${{ instance.port }}/', status: 200, timeout: 2s, json: {ok: "== true", deep: {a: [b]}}},
              min-healthy-time: 1m30s, max-unhealthy: 5%, balancer: 'http://127.0.0.1/'}
            """)
        #expect(
            stage.perform.inputs["instances"] == .text(Template(parts: [.reference(.variable("n"), fallback: "2")])))
        #expect(stage.perform.inputs["start"] == text("./start"))
        #expect(stage.perform.inputs["ports"] == .list([text("8100"), text("8101")]))
        #expect(
            stage.perform.inputs["health"]
                == .map([
                    "http": .text(
                        Template(parts: [
                            .text("http://127.0.0.1:"), .reference(.instance("port"), fallback: nil), .text("/"),
                        ])),
                    "status": text("200"), "timeout": text("2s"),
                    "json": .map(["ok": text("== true"), "deep": .map(["a": .list([text("b")])])]),
                ]))
    }

    @Test func `a stage of checks changes nothing and may run again`() throws {
        let pipeline = try pipeline(
            "shipit: 1\nstages: {smoke: {checks: smoke}}\nchecks: {smoke: [{tcp: '127.0.0.1:80'}]}")
        #expect(pipeline.stages[0].perform == .checks("smoke"))
        #expect(!pipeline.stages[0].changes)
        #expect(pipeline.stages[0].onInterrupt == .rerun)
    }

    @Test func `retry has all its keys`() throws {
        let policy = try stage(
            "run: x, retry: {attempts: 3, delay: 5s, backoff: 1.5, max-delay: 1m, jitter: 20%, on: [timeout, exit 75, any]}"
        ).retry
        #expect(
            policy
                == RetryPolicy(
                    attempts: 3, delay: .seconds(5), backoff: 1.5, maxDelay: .minutes(1), jitter: 0.2,
                    on: [.timeout, .exit(75), .any]))
        #expect(try stage("run: x, retry: {on: timeout}").retry.on == [.timeout])
    }

    @Test func `limits of time and what happens at them`() throws {
        let stage = try stage("run: x, timeout: 90s, deadline: 1h30m, kill-after: 0s, on-exhausted: pause")
        #expect(stage.timeout == .seconds(90))
        #expect(stage.deadline == .minutes(90))
        #expect(stage.killAfter == .zero)
        #expect(stage.onExhausted == .pause)
    }

    @Test func `defaults are shared, and a stage has the last word`() throws {
        let pipeline = try pipeline(
            """
            shipit: 1
            defaults:
              timeout: 10m
              deadline: 1h
              kill-after: 3s
              on-interrupt: rerun
              on-exhausted: pause
              retry: {attempts: 2, delay: 9s}
              pass-env: [JAVA_HOME, GOPATH]
            stages:
              a: {run: x}
              b: {run: x, timeout: 1m, retry: {attempts: 5}, on-interrupt: ask, on-exhausted: rollback}
              c: {uses: build-image, with: {context: ., tag: x}}
              d: {checks: s}
            checks: {s: [{tcp: "127.0.0.1:80"}]}
            """)
        let (first, second) = (pipeline.stages[0], pipeline.stages[1])
        #expect(pipeline.passEnv == ["JAVA_HOME", "GOPATH"])
        #expect(first.timeout == .minutes(10) && first.deadline == .hours(1) && first.killAfter == .seconds(3))
        #expect(first.onInterrupt == .rerun && first.onExhausted == .pause)
        #expect(first.retry == RetryPolicy(attempts: 2, delay: .seconds(9)))
        #expect(second.timeout == .minutes(1) && second.onInterrupt == .ask && second.onExhausted == .rollback)
        #expect(second.retry == RetryPolicy(attempts: 5, delay: .seconds(9)))
        #expect(pipeline.stages[2].onInterrupt == .rerun)
        #expect(pipeline.stages[3].onInterrupt == .rerun)
    }

    @Test func `what an unknown outcome does is the stage's word, then that of verify, then the action's`() throws {
        #expect(try stage("run: x").onInterrupt == .ask)
        #expect(try stage("run: x, on-interrupt: rerun").onInterrupt == .rerun)
        #expect(try stage("run: x, verify: test -f done").onInterrupt == .verify)
        #expect(try stage("run: x, verify: test -f done, on-interrupt: ask").onInterrupt == .ask)
        #expect(try stage("uses: build-image, with: {context: ., tag: x}").onInterrupt == .rerun)
        #expect(try stage("uses: canary").onInterrupt == .verify)
    }

    @Test(arguments: ["rollback", "finally", "verify"]) func `the ways back have all forms of a command`(key: String)
        throws
    {
        func call(_ form: String) throws -> ActionCall? {
            let stage = try stage("run: x, \(key): \(form)")
            return key == "rollback" ? stage.rollback : key == "finally" ? stage.finally : stage.verify
        }
        #expect(try call("undo it") == .script("undo it"))
        #expect(try call("[undo, it]") == .argv([Template(literal: "undo"), Template(literal: "it")]))
        #expect(try call("{run: undo it}") == .script("undo it"))
        #expect(try call("{run: [undo]}") == .argv([Template(literal: "undo")]))
        #expect(
            try call("{uses: restore, with: {backup: x}}")
                == ActionCall(action: "restore", inputs: ["backup": text("x")]))
    }

    @Test func `an undo may use the outputs of its own stage`() throws {
        let stage = try stage(
            "run: x, rollback: [undo, '${{ stages.a.outputs.path }}'], finally: [rm, '${{ stages.a.outputs.tmp }}']")
        #expect(stage.rollback?.inputs["argv"]?.references == [.output("a", "path")])
    }

    @Test func `points of no return`() throws {
        #expect(try stage("run: x, reversible: no").reversible == .no)
        #expect(try stage("run: x, reversible: false").reversible == .no)
        #expect(try stage("run: x, reversible: yes").reversible == .yes)
        let both = try stages("a: {run: x, reversible: until-contract, contract: b}\nb: {needs: [a], run: y}")
        #expect(both[0].reversible == .untilContract("b"))
    }

    @Test func `switches are yes and no, true and false`() throws {
        #expect(try !stage("run: x, changes: no").changes)
        #expect(try !stage("run: x, changes: false").changes)
        #expect(try stage("run: x, leaves-running: yes").leavesRunning)
        #expect(try stage("run: x, leaves-running: true").leavesRunning)
    }

    @Test func `variables keep what looks like another type`() throws {
        let env = try stage(
            "run: x, env: {A: no, B: 3.10, C: 1e3, D: \"\", E: ~, F: null, G: 0777, H: 12:30}, workdir: ops/db")
        #expect(
            env.env.mapValues(\.literal) == [
                "A": "no", "B": "3.10", "C": "1e3", "D": "", "E": "~", "F": "null", "G": "0777", "H": "12:30",
            ])
        #expect(env.workdir == "ops/db")
    }

    @Test func `one need may stand without a list`() throws {
        let found = try stages("a: {run: x}\nb: {needs: a, run: x}\nc: {needs: [a, b], run: x}\nd: {needs: [], run: x}")
        #expect(found.map(\.needs) == [[], ["a"], ["a", "b"], []])
    }

    @Test func `a group has items, a limit, and is needed as a whole or by one of its stages`() throws {
        let found = try stages(
            """
            services: {for-each: [community, market.place], max-parallel: 1, run: [ops/migrate, "${{ item }}"]}
            all: {needs: [services], run: [x, "${{ stages.services[market.place].outputs.url }}"]}
            one: {needs: ["services[community]"], run: x}
            """)
        #expect(found[0].forEach == [Template(literal: "community"), Template(literal: "market.place")])
        #expect(found[0].maxParallel == 1)
        #expect(found[1].perform.inputs["argv"]?.references == [.output("services[market.place]", "url")])
        #expect(found[2].needs == ["services[community]"])
    }
}
