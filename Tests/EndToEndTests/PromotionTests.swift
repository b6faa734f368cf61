import Foundation
import Testing

/// `promote:`, and `deploy --through`.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct PromotionTests {
    static func pipeline(within: String = "7d", production: String = "") -> String {
        """
        shipit: 1
        name: deploy
        environments:
          staging: {}
          production:
            promote: {from: staging, within: \(within)}
            \(production)
        people: {cat: {}}
        roles: {devops: {people: [cat]}}
        stages:
          a:
            run: '[ ! -e fails-in-$SHIPIT_ENVIRONMENT ]; echo $SHIPIT_ENVIRONMENT $SHIPIT_TAG >> effects.log'
            rollback: 'true'
        """
    }

    private func project(
        within: String = "7d", production: String = "", tags: [String] = ["v1.0.0", "v1.1.0"]
    ) async throws -> ScratchProject {
        try await ScratchProject(Self.pipeline(within: within, production: production), tags: tags)
    }

    @Test func `production takes only the commit that succeeded in staging`() async throws {
        let project = try await project()
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(3)
            .says("has not been deployed to staging", "shipit deploy v1.0.0 --env staging")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        try await project.shipit("deploy", "v1.1.0", "--env", "production").exits(3).says("v1.1.0", "has not been")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging", "--dry-run", "--again").exits(0)
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(0)
        #expect(project.effects == ["staging v1.0.0", "production v1.0.0"])
    }

    @Test func `plan says whether the gate would be passed`() async throws {
        let project = try await project()
        let closed = try await project.shipit("plan", "v1.0.0", "--env", "production", "--output", "json").exits(0)
        #expect(try closed.json["gates"].first("name", "promote:staging")["state"] == "refused")
        try await project.shipit("plan", "v1.0.0", "--env", "production").exits(0)
            .says("promote:staging", "would be refused", "shipit deploy v1.0.0 --env staging")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        let open = try await project.shipit("plan", "v1.0.0", "--env", "production", "--output", "json").exits(0)
        #expect(try open.json["gates"].first("name", "promote:staging")["state"] == "passed")
        try await project.shipit("plan", "v1.0.0", "--env", "production").exits(0).says(
            "passes: it succeeded in staging")
    }

    @Test func `what was rolled back since, or is too long ago, does not count`() async throws {
        let project = try await project(within: "1s")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        try await eventually("a second later") {
            let plan = try await project.shipit("plan", "v1.0.0", "--env", "production", "--output", "json")
            return try plan.json["gates"].first("name", "promote:staging")["state"] == "refused"
        }
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(3).says("within 1s", "--again")
        try await project.shipit("rollback", "--env", "staging", "--yes").exits(0)
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(3).says("ended as rolled back")
        #expect(project.effects == ["staging v1.0.0"])
    }

    @Test func `a run that waited for people is looked at again before it begins`() async throws {
        let project = try await project(production: "approvals: {roles: [devops], allow-self: yes}")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.shipit("rollback", "--env", "staging", "--yes").exits(0)
        try await project.shipit("resume").exits(3).says("ended as rolled back")
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["staging v1.0.0", "staging v1.0.0", "production v1.0.0"])
    }

    // MARK: --through

    @Test func `one command deploys through staging to production`() async throws {
        let project = try await project()
        try await project.shipit("deploy", "latest", "--through", "staging,production").exits(0)
            .says("staging, 1 of 2", "production, 2 of 2")
        #expect(project.effects == ["staging v1.1.0", "production v1.1.0"])
        try await project.shipit("deploy", "latest", "--through", "staging,production").exits(0).says("already live")
        let runs = try await project.shipit("deploy", "v1.0.0", "--through", "staging,production", "--output", "jsonl")
        #expect(try runs.exits(0).lines.count { $0["type"] == "runFinished" } == 2)
    }

    @Test func `it stops at the first environment that is no success, and says where`() async throws {
        let project = try await project()
        try project.touch("fails-in-staging")
        try await project.shipit("deploy", "v1.0.0", "--through", "staging,production").exits(4)
            .says("stopped at staging; not begun: production, exit code 4")
        #expect(project.effects.isEmpty)
        try FileManager.default.removeItem(atPath: project.path("fails-in-staging"))
        try project.touch("fails-in-production")
        try await project.shipit("deploy", "v1.0.0", "--through", "staging,production").exits(4)
            .says("stopped at production; succeeded: staging, exit code 4")
        #expect(project.effects == ["staging v1.0.0"])
    }

    @Test func `what one environment refuses is said with where it stopped`() async throws {
        let project = try await project(production: "approvals: [devops]")
        try await project.shipit("deploy", "v1.0.0", "--through", "production,staging").exits(3)
            .says("stopped at production; not begun: staging", "has not been deployed to staging")
        try await project.shipit("deploy", "v1.0.0", "--through", "staging,production").exits(6)
            .says("shipit approve", "stopped at production; succeeded: staging, exit code 6")
        #expect(project.effects == ["staging v1.0.0"])
    }

    @Test func `what is wrong with one of the environments is known before the first begins`() async throws {
        let project = try await project()
        for (list, words) in [
            ("staging,prod", "there is no environment \"prod\""), ("staging,staging", "twice"), ("staging,", "no name"),
        ] {
            try await project.shipit("deploy", "v1.0.0", "--through", list).exits(2).says(words)
        }
        try await project.shipit("deploy", "v1.0.0", "--through", "staging", "--env", "staging").exits(2)
        #expect(project.effects.isEmpty)
    }
}
