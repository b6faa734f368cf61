import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct MonitorTests {
    static func pipeline(_ port: Int, rule: String, for span: String = "1500ms", more: String = "") -> String {
        """
        shipit: 1
        name: deploy
        stages:
          a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}, finally: echo finally >> effects.log}
        monitor:
          for: \(span)
          sources:
            api: {http: "http://127.0.0.1:\(port)/health", every: 50ms, timeout: 1s}
          min-samples: 5
          \(more)
          rollback-when: ["\(rule)"]
        """
    }

    @Test func `a service that stays good ends the run green`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port, rule: "api.error-rate > 5%"))

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects == ["a", "finally"])
        #expect(try await project.status()["breaches"] == .array([]))
        try await project.shipit("deploy", "v1.0.0").exits(0).says("already live")
    }

    @Test func `a service that turns bad is a breach that undoes the run`() async throws {
        let server = try await TestServer()
        let rule = "api.error-rate > 5% for 300ms"
        let project = try await ScratchProject(Self.pipeline(server.port, rule: rule, for: "40s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the run only monitors") {
            let runs = try await project.shipit("runs", "--output", "json").json
            return runs.items.first?["state"] == "monitoring"
        }

        try server.turnBad()
        try await project.finish(deploy).exits(4).says(rule)

        #expect(project.effects == ["a", "finally", "undo-a", "finally"])
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "rolled-back")
        #expect(status["breaches"].items.count == 1)
        let breach = try #require(status["breaches"].items.first)
        #expect(breach.keys == ["rule", "at", "observed", "samples"])
        #expect(breach["rule"] == .string(rule))
        let observed = try #require(breach["observed"].number)
        #expect(observed > 0.05 && observed <= 1)
        #expect(try await project.journal().contains { $0["type"] == "breached" })
    }

    @Test func `a service that is down from the start is judged by its failures`() async throws {
        let port = try FreePorts.row(of: 1)
        let project = try await ScratchProject(Self.pipeline(port, rule: "api fails 3 times", for: "40s"))

        try await project.shipit("deploy", "v1.0.0").exits(4).says("api fails 3 times")

        #expect(project.effects == ["a", "finally", "undo-a", "finally"])
        let observed = try await project.status()["breaches"].items.first?["observed"].number
        #expect((observed ?? 0) >= 3)
    }

    @Test func `without an answer a latency rule can say nothing, and nothing is never green`() async throws {
        let port = try FreePorts.row(of: 1)
        let project = try await ScratchProject(
            Self.pipeline(port, rule: "api.p95 > 200ms", for: "300ms", more: "grace: 500ms"))

        try await project.shipit("deploy", "v1.0.0").exits(6)

        #expect(try await project.status()["run"]["state"] == "paused")
        try await project.shipit("rollback", "latest").exits(0)
        #expect(project.effects.last == "finally")
        #expect(project.effects.contains("undo-a"))
    }

    @Test func `a breach while a stage runs ends that stage and undoes all`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            defaults: {kill-after: 500ms}
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
              b: {needs: [a], run: "echo b-begin >> effects.log; ops/await go; echo b-end >> effects.log", rollback: {run: echo undo-b >> effects.log}}
            monitor:
              from: a
              for: 30s
              sources: {api: {http: "http://127.0.0.1:\(server.port)/", every: 50ms}}
              min-samples: 3
              rollback-when: ["api fails 3 times"]
            """)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("b-begin")

        try server.turnBad()
        try await project.finish(deploy).exits(4)

        #expect(project.effects == ["a", "b-begin", "undo-b", "undo-a"])
        try await project.untilNoProcess()
    }

    @Test func `a killed engine's monitoring is taken up by resume`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port, rule: "api fails 3 times", for: "3s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the run only monitors") {
            let runs = try await project.shipit("runs", "--output", "json").json
            return runs.items.first?["state"] == "monitoring"
        }
        try await project.killNow(deploy)

        try await project.shipit("resume").exits(0)

        #expect(project.effects == ["a", "finally"])
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
    }
    @Test func `an engine that takes the run up goes on from the samples of the one that was killed`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port, rule: "api.error-rate > 5%", for: "3s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("samples are kept") { try await Self.samples(of: project) >= 10 }
        try await project.killNow(deploy)
        let before = try await Self.samples(of: project)

        try await project.shipit("resume").exits(0)

        #expect(try await Self.samples(of: project) > before)
        let trial = try await project.shipit("backtest", "--rule", "api.p50 < 10s", "--output", "json").exits(0).json
        #expect(trial.items.first?["rules"].items.first?["verdict"] == "breach")
        #expect(trial.items.first?["breachedAt"] == .null)
    }

    /// 0 where there are none yet.
    private static func samples(of project: ScratchProject) async throws -> Int {
        let trial = try await project.shipit("backtest", "--output", "json")
        guard trial.exitCode == 0 else { return 0 }
        return Int(try #require(try trial.json.items.first?["samples"].number))
    }
}
