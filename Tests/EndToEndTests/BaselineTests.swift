import Foundation
import Testing

/// What was measured before the first change, with the real binary and a real server.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct BaselineTests {
    private static func pipeline(
        _ port: Int, baseline: String = "1s", rule: String = "api.p50 > baseline * 2", control: Int? = nil
    ) -> String {
        let other = control.map { "\n    other: {http: \"http://127.0.0.1:\($0)/\", every: 50ms, timeout: 2s}" } ?? ""
        return """
            shipit: 1
            name: deploy
            stages:
              look: {run: echo look >> effects.log, changes: no}
              a: {needs: [look], run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
            monitor:
              for: 2s
              window: 500ms
              baseline: \(baseline)
              floor: 30ms
              significance: 0.98\(control == nil ? "" : "\n  control: [other]")
              sources:
                api: {http: "http://127.0.0.1:\(port)/", every: 50ms, timeout: 2s}\(other)
              min-samples: 5
              rollback-when: ["\(rule)"]
            """
    }

    @Test func `a release as fast as the one before goes live, and status says how the two compare`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port))

        try await project.shipit("deploy", "v1.0.0").exits(0)

        let types = try await project.journal().map { $0["type"] }
        let taken = try #require(types.firstIndex(of: "baselineTaken"))
        #expect(types[..<taken].count { $0 == "attemptStarted" } == 1, "the stage that only looks")
        let status = try await project.status()
        #expect(status["baseline"]["state"] == "taken")
        let rule = try #require(status["rules"].items.first)
        #expect(rule["verdict"] == "pass")
        #expect((rule["baseline"]["samples"].number ?? 0) >= 5)
        #expect((rule["baseline"]["p"].number ?? 0) > 0)
        try await project.shipit("status").exits(0).says("pass (")
    }

    @Test func `a release that is slower than the one before is brought back, though no limit in seconds is named`()
        async throws
    {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port))
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")

        try server.turnSlow(by: 0.2)
        try await project.finish(deploy).exits(4).says("api.p50 > baseline * 2")

        #expect(project.effects == ["look", "a", "undo-a"])
        let rule = try #require(try await project.status()["rules"].items.first)
        #expect(rule["verdict"] == "breach")
        #expect((rule["baseline"]["ratio"].number ?? 0) > 2)
        #expect((rule["baseline"]["effect"].number ?? 0) > 0.2)
        try await project.shipit("why").exits(0).says("BREACH (")
    }

    @Test func `without enough to compare with, nothing is changed`() async throws {
        let port = try FreePorts.row(of: 1)
        let project = try await ScratchProject(Self.pipeline(port))

        try await project.shipit("deploy", "v1.0.0").exits(3).says("api gave 0 of the 5 samples in 1s that it takes")

        #expect(project.effects == ["look"])
        #expect(try await project.status()["run"]["outcome"] == "refused")
    }

    @Test func `an engine killed while it samples begins the baseline anew, one killed later never does`() async throws
    {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port, baseline: "2s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the baseline is sampled") {
            try await project.shipit("journal", "latest").stdout.contains("samples the baseline")
        }
        try await project.killNow(deploy)
        #expect(project.effects == ["look"])

        let resumed = try project.start("resume")
        try await project.untilEffect("a")
        try await project.killNow(resumed)
        try await project.shipit("resume").exits(0)

        let types = try await project.journal().map { $0["type"] }
        #expect(types.count { $0 == "baselineStarted" } == 2)
        #expect(types.count { $0 == "baselineTaken" } == 1)
        #expect(project.effects == ["look", "a"])
    }

    @Test func `where a control is slower, too, the run pauses and the release stays`() async throws {
        let (server, other) = (try await TestServer(), try await TestServer())
        let rule = "api.p50 > baseline * 2 for 1s"
        let project = try await ScratchProject(Self.pipeline(server.port, rule: rule, control: other.port))
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")

        try other.turnSlow(by: 0.3)
        try server.turnSlow(by: 0.2)
        try await project.finish(deploy).exits(6).says("other is a control and has moved, too")

        #expect(project.effects == ["look", "a"])
        #expect(try await project.status()["run"]["state"] == "paused")
        #expect(try await project.journal().contains { $0["type"] == "controlMoved" })
    }

    @Test func `a log that fills with errors brings the release back`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
            monitor:
              for: 40s
              sources: {app: {log: app.log, pattern: "/ERROR/", every: 50ms}}
              rollback-when: [app.count > 2]
            """)
        try project.write("app.log", "ERROR old\nERROR old\nERROR old\n")
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the log is read") {
            let trial = try await project.shipit("backtest", "--output", "json")
            guard trial.exitCode == 0 else { return false }
            return try trial.json.items.first?["samples"].number ?? 0 >= 2
        }

        let log = try #require(FileHandle(forWritingAtPath: project.path("app.log")))
        try log.seekToEnd()
        try log.write(contentsOf: Data("ERROR 1\nfine\nERROR 2\nERROR 3\n".utf8))
        try await project.finish(deploy).exits(4).says("app.count > 2")
        #expect(project.effects == ["a", "undo-a"])
    }
}
