import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct PipelineTestTests {
    static func pipeline(undone: String = "[restart, migrate]") -> String {
        """
        shipit: 1
        name: deploy
        environments: {production: {vars: {port: 1}}}
        stages:
          migrate: {run: echo migrate >> effects.log, rollback: echo back >> effects.log, retry: {attempts: 2}}
          restart: {needs: [migrate], run: echo restart >> effects.log, rollback: echo back >> effects.log}
          smoke: {needs: [restart], checks: smoke}
        checks:
          smoke: [{name: Look, run: touch checked}]
        monitor:
          from: restart
          for: 24h
          sources: {api: {run: touch sampled, every: 5s}}
          rollback-when: [api.error-rate > 5% for 1m]
        tests:
          - name: a failed smoke test brings the old release back
            given: {smoke: fails}
            expect: {outcome: rolled-back, exit: 4, undone: \(undone), within: 10s}
          - name: an outage is found
            given: {api: fails after smoke}
            expect: {outcome: rolled-back, within: 5m}

        """
    }

    @Test func `tests that pass end with 0 and execute nothing`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        let before = try project.image()
        let tested = try await project.shipit("test")
        tested.exits(0).says("passed  deploy: an outage is found", "2 tests: 2 passed, 0 failed")
        #expect(before.changes(to: try project.image()) == [])
        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0)
    }

    @Test func `a test that fails ends with 3 and shows what was expected and what came`() async throws {
        let project = try await ScratchProject(Self.pipeline(undone: "[migrate]"))
        let tested = try await project.shipit("test")
        tested.exits(3).says("FAILED", "- undone: [migrate]", "+ undone: [restart, migrate]", "deploy.yaml:16")
        let json = try await project.shipit("test", "--output", "json")
        json.exits(3)
        #expect(try json.json["failed"] == .number(1))
        let junit = try await project.shipit("test", "--output", "junit")
        #expect(junit.exits(3).stdout.contains("<failure message=\"undone not as expected\">"))
    }

    @Test func `mistakes and missing tests end with 2`() async throws {
        let project = try await ScratchProject(Self.pipeline(undone: "[restrat]"))
        try await project.shipit("test").exits(2).says("error[unknown-stage]", "did you mean \"restart\"?")
        let plain = try await ScratchProject("shipit: 1\nstages: {one: {run: \"true\"}}\n")
        try await plain.shipit("test").exits(2).says("there is no test to run")
    }

    @Test func `a simulation names what ends in 5 and changes nothing`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        let before = try project.image()
        let shown = try await project.shipit("simulate", "v1.0.0")
        shown.exits(0).says(
            "all goes well", "fails, 2 times", "a breach after it", "2 cases end in 5", "nobody knows how")
        #expect(before.changes(to: try project.image()) == [])
        #expect(!project.exists(".shipit"))

        let json = try await project.shipit("simulate", "v1.0.0", "--output", "json")
        let cases = try json.exits(0).json["cases"]
        let died = try #require(
            cases.items.first { $0["trouble"].string == "machineDies" && $0["stage"].string == "migrate" })
        #expect(died["exitCode"] == .number(6))
        #expect(died["pausedAt"].string == "migrate")
        let failed = try #require(
            cases.items.first { $0["trouble"].string == "fails" && $0["stage"].string == "restart" })
        #expect(failed["outcome"].string == "rolled-back")
        try await project.shipit("simulate", "v9.9.9").exits(2)
    }
}
