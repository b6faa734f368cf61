import Foundation
import Testing

/// What is asked once all is undone: the smoke checks that don't name the new release, or `rollback-verify`'s.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct RollbackCheckTests {
    static func pipeline(_ monitor: String = "") -> String {
        """
        shipit: 1
        name: deploy
        stages:
          a:
            run: 'echo $SHIPIT_VERSION > live'
            rollback: 'if [ -e forgets ]; then echo nothing > live; else echo $SHIPIT_TARGET_VERSION > live; fi'
          smoke: {needs: [a], checks: smoke}
        checks:
          smoke:
            - {name: Version, run: 'cat live', stdout: "${{ release.version }}"}
            - {name: Lives, run: 'if [ -e rolls ] && grep -q 1.0.0 live; then echo waits >> effects.log; ops/await go; fi; grep "[0-9]" live'}
            - {name: Target, run: 'cat live; [ ! -e bad ] || grep -q 1.0.0 live', stdout: "${{ target.version }}"}
        \(monitor)
        """
    }

    private func project(_ monitor: String = "") async throws -> ScratchProject {
        let project = try await ScratchProject(Self.pipeline(monitor), tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try project.touch("bad")
        return project
    }

    @Test func `the release before is found to be well`() async throws {
        let project = try await project()
        try await project.shipit("plan", "v1.1.0").exits(0)
            .says("after a rollback, as stage smoke: Lives, Target; not Version")
        try await project.shipit("deploy", "v1.1.0").exits(4)
        #expect(project.read("live") == "1.0.0\n")
        let check = try await project.status()["rollbackCheck"]
        #expect(check["state"] == "succeeded")
        #expect(check["stage"] == "smoke")
        try await project.shipit("status").exits(0).says("smoke (rollback check)")
        try await project.shipit("report", "latest").exits(0).says("rollback check of smoke")
    }

    @Test func `it is not, and the rollback has failed; asked for again it may be`() async throws {
        let project = try await project()
        try project.touch("forgets")
        try await project.shipit("deploy", "v1.1.0").exits(5)
            .says("the release before is NOT well", "NOT well after the rollback", "shipit rollback")
        try await project.shipit("why").exits(0).says("smoke")
        #expect(try await project.status()["run"]["outcome"] == "rollback-failed")
        try await project.shipit("deploy", "v1.0.0", "--again").exits(3)
        try project.write("live", "1.0.0\n")
        try await project.shipit("rollback", "--yes").exits(0)
        #expect(try await project.status()["rollbackCheck"]["attempts"] == 2)
    }

    @Test func `killed while it is asked, it is asked again by resume`() async throws {
        let project = try await project()
        try project.write("rolls", "")
        let deploy = try project.start("deploy", "v1.1.0")
        try await project.untilEffect("waits")
        try await project.killNow(deploy)
        try project.touch("go")
        try await project.shipit("resume", "latest").exits(4)
        #expect(try await project.status()["rollbackCheck"]["state"] == "succeeded")
    }

    @Test func `the monitor names a suite, or none`() async throws {
        let none = try await project("monitor: {rollback-verify: none}")
        try none.touch("forgets")
        try await none.shipit("plan", "v1.1.0").exits(0).says("after a rollback: nothing is asked")
        try await none.shipit("deploy", "v1.1.0").exits(4)
        let named = try await project("  other: [{name: Never, run: 'false'}]\nmonitor: {rollback-verify: other}")
        try await named.shipit("deploy", "v1.1.0").exits(5)
        #expect(try await named.status()["rollbackCheck"]["suite"] == "other")
    }

    @Test func `simulate tells what becomes of a release before that is not well`() async throws {
        let project = try await project()
        try await project.shipit("simulate", "v1.1.0").exits(0).says("what it asks after a rollback fails")
    }

    @Test func `a pipeline's own tests may give it`() async throws {
        let tests = """
            tests:
              - name: the release before is not well
                given: {smoke: fails, rollback-check smoke: fails}
                expect: {outcome: rollback-failed, undone: [a]}
              - {name: it is, given: {smoke: fails}, expect: {outcome: rolled-back}}
            """
        try await project(tests).shipit("test").exits(0)
    }
}
