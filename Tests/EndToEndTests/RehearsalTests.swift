import Foundation
import Testing

/// `shipit rehearse`, and the gate `rehearsed:`.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct RehearsalTests {
    static func pipeline(production: String = "rehearsed: {within: 30d}") -> String {
        """
        shipit: 1
        name: deploy
        environments:
          staging: {}
          production:
            \(production)
        people: {cat: {}}
        roles: {devops: {people: [cat]}}
        stages:
          a:
            run: '[ ! -e fails ]; echo $SHIPIT_TAG > live; echo do $SHIPIT_TAG >> effects.log'
            rollback: '[ ! -e keeps ]; [ ! -e waits ] || { echo waits >> effects.log; ops/await go; }; echo $SHIPIT_TARGET_VERSION > live; echo undo >> effects.log'
        """
    }

    private func project(_ production: String = "rehearsed: {within: 30d}") async throws -> ScratchProject {
        let project = try await ScratchProject(Self.pipeline(production: production), tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        return project
    }

    @Test func `it deploys, takes back, and records how long that took; what is live stays`() async throws {
        let project = try await project()
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(0)
            .says("rehearsed: v1.1.0 was deployed to staging and taken back; v1.0.0 is back", "after the forced breach")
        #expect(project.effects == ["do v1.0.0", "do v1.1.0", "undo"])
        let status = try await project.status()
        #expect(status["run"]["rehearsal"] == true)
        #expect(status["run"]["outcome"] == "rolled-back")
        #expect(try #require(status["recoveryTime"].number) >= 0)
        #expect(status["breaches"].items.first?["rule"] != nil)
        try await project.shipit("status").exits(0).says("a rehearsal", "recovery")
        try await project.shipit("report", "latest").exits(0).says("recovery time", "forced by a rehearsal")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0).says("already live")
    }

    @Test func `the gate opens by a rehearsal, and says what to type before`() async throws {
        let project = try await project()
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(3)
            .says("no rollback has been rehearsed in staging", "shipit rehearse v1.1.0 --env staging")
        let closed = try await project.shipit("plan", "v1.1.0", "--env", "production", "--output", "json").exits(0)
        #expect(try closed.json["gates"].first("name", "rehearsed")["state"] == "refused")
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(0)
        let open = try await project.shipit("plan", "v1.1.0", "--env", "production", "--output", "json").exits(0)
        #expect(try open.json["gates"].first("name", "rehearsed")["state"] == "passed")
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(0)
    }

    @Test func `a rehearsal that leaves something closes the gate and ends as any other run`() async throws {
        let project = try await project()
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(0)
        try project.touch("keeps")
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(5)
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(3)
            .says("ended as rollback failed")
        try FileManager.default.removeItem(atPath: project.path("keeps"))
        try await project.shipit("rollback", "--env", "staging", "--yes").exits(0)
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(3)
            .says("once a person had asked for it again")
    }

    @Test func `one whose stages fail is rolled back as a deployment is, and says nothing to the gate`() async throws {
        let project = try await project()
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(0)
        try project.touch("fails")
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(4)
        try FileManager.default.removeItem(atPath: project.path("fails"))
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(0)
    }

    @Test func `it never counts as a success to be promoted`() async throws {
        let project = try await project("promote: {from: staging, within: 7d}")
        try await project.shipit("rehearse", "v1.1.0", "--env", "staging", "--yes").exits(0)
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(3).says("has not been deployed")
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(0)
        try await project.shipit("rehearse", "v1.0.0", "--env", "staging", "--yes").exits(0).says("is live in staging")
        try await project.shipit("deploy", "v1.0.0", "--env", "production", "--again").exits(0)
    }

    @Test func `production is no place for it, and nothing is changed`() async throws {
        let project = try await project()
        try await project.shipit("rehearse", "v1.1.0", "--env", "production", "--yes").exits(3)
            .says("it is called production", "rehearse with --env: staging")
        #expect(project.effects == ["do v1.0.0"])
    }

    @Test func `killed while it takes back, it is resumed and ends as a rehearsal`() async throws {
        let project = try await project()
        try project.touch("waits")
        let rehearsal = try project.start("rehearse", "v1.1.0", "--env", "staging", "--yes")
        try await project.untilEffect("waits")
        try await project.killNow(rehearsal)
        try project.touch("go")
        try await project.shipit("resume", "latest").exits(0).says("rehearsed: v1.1.0")
        #expect(project.effects == ["do v1.0.0", "do v1.1.0", "waits", "undo"])
        #expect(project.read("live") == "1.0.0\n")
        try await project.untilNoProcess()
    }
}
