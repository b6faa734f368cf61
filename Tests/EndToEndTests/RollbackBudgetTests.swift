import Testing

/// `rollback-budget:`: how often a day the monitor brings releases back in an environment.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct RollbackBudgetTests {
    @Test func `a breach past the budget pauses, and a person decides`() async throws {
        let port = try FreePorts.row(of: 1)
        let project = try await ScratchProject(
            MonitorTests.pipeline(port, rule: "api fails 3 times", for: "2s", more: "rollback-budget: 1"))
        try await project.shipit("deploy", "v1.0.0").exits(4)
        #expect(try await project.journal().contains { $0["type"] == "rollbacksCounted" } == false)

        try await project.shipit("deploy", "v1.0.0").exits(6)
            .says("the monitor has brought back 1 release here within a day", "shipit rollback", "shipit resume")
        #expect(project.effects == ["a", "finally", "undo-a", "finally", "a", "finally"])
        #expect(try await project.status()["run"]["state"] == "paused")
        try await project.shipit("why").exits(0).says("rollback-budget: 1", "shipit rollback", "in spite of the breach")
        try await project.shipit("deploy", "v1.0.0").exits(3)

        try await project.shipit("rollback", "--yes").exits(0)
        #expect(project.effects.suffix(2) == ["undo-a", "finally"])
        // What a person asked for counts for nothing.
        try await project.shipit("deploy", "v1.0.0").exits(6).says("brought back 1 release")
    }

    @Test func `a run that people sign is told of it at its beginning`() async throws {
        let port = try FreePorts.row(of: 1)
        let signed = """

            environments: {production: {approvals: {roles: [devops], allow-self: yes}}}
            people: {cat: {}}
            roles: {devops: {people: [cat]}}
            """
        let head = MonitorTests.pipeline(port, rule: "api fails 3 times", for: "2s", more: "rollback-budget: 1")
        let project = try await ScratchProject(head + signed)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.shipit("resume").exits(4)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.shipit("resume").exits(6).says("the monitor has brought back 1 release here")
    }
}
