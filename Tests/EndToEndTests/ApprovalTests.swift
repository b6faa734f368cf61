import Foundation
import Testing

/// Runs that people must sign: `approvals:`, `approve`, `reject`.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ApprovalTests {
    /// Signed by cat and by dan, who are known by name alone: whoever runs these tests may be both.
    static func pipeline(_ approvals: String = "{roles: [devops, business], allow-self: yes}", key: String? = nil)
        -> String
    {
        """
        shipit: 1
        name: deploy
        environments:
          production: {approvals: \(approvals)}
        people:
          cat: {}
          dan: {}
          eve: {os-user: nobody-of-this-name}
          key: {ssh-key: "\(key ?? "ssh-ed25519 " + String(repeating: "A", count: 68))"}
        roles:
          devops: {people: [cat]}
          business: {people: [dan, eve]}
          both: {people: [cat, dan], quorum: 2}
          keys: {people: [key]}
        stages:
          a: {run: 'echo a >> effects.log', rollback: {run: 'echo undo-a >> effects.log'}}
        """
    }

    @Test func `a run waits for its signatures without the lock, and begins with the last one`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        let deploy = try await project.shipit("deploy", "v1.0.0").exits(6)
        let run = try await project.latestRun()
        deploy.says("waiting for people", "shipit approve \(run) devops --as cat", "then: shipit resume \(run)")

        var status = try await project.status()
        #expect(status["run"]["state"] == "waiting")
        #expect(status["gates"].first("name", "approval:devops")["state"] == "waiting")
        #expect(status["next"].string == "shipit approve \(run) devops --as cat")
        try await project.shipit("resume").exits(6).says("waiting for people")
        try await project.shipit("approve", run, "devops", "--as", "cat").exits(0)
        try await project.shipit("resume", run).exits(6)
        try await project.shipit("approve", run, "business", "--as", "dan").exits(0).says("shipit resume \(run)")
        #expect(project.effects.isEmpty)
        status = try await project.status()
        #expect(status["gates"].first("name", "approval:business")["by"].items == ["dan"])
        #expect(status["next"].string == "shipit resume \(run)")

        try await project.shipit("resume").exits(0)

        #expect(project.effects == ["a"])
        let types = try await project.journal().compactMap(\.["type"].string)
        #expect(
            types.prefix(8) == [
                "runCreated", "gateWaiting", "gateWaiting", "approvalGiven", "gatePassed", "approvalGiven",
                "gatePassed",
                "lockTaken",
            ])
    }

    @Test func `deploy --wait goes on at the last signature`() async throws {
        let project = try await ScratchProject(Self.pipeline("{roles: [devops], allow-self: yes}"))
        let deploy = try project.start("deploy", "v1.0.0", "--wait")
        try await eventually("the run") { project.exists(".shipit/journal.db") }
        try await eventually("the run that waits") {
            let runs = try await project.shipit("runs", "--output", "json")
            return try runs.json.items.first?["state"] == "waiting"
        }
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.finish(deploy).exits(0).says("approval")
        #expect(project.effects == ["a"])
    }

    @Test func `deploying the same again goes on with the run that waits`() async throws {
        let project = try await ScratchProject(Self.pipeline("{roles: [devops], allow-self: yes}"))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(0).says("waits with this very plan already")
        #expect(project.effects == ["a"])
        #expect(try await project.shipit("runs", "--output", "json").json.items.count == 1)
    }

    @Test func `a rejection ends the run with who and why, and nothing was changed`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("reject", "latest", "business", "--as", "dan").exits(2).says("--why")
        try await project.shipit("reject", "latest", "business", "--as", "dan", "--why", "not on a Friday").exits(0)
        try await project.shipit("resume", "latest").exits(3).says("rejected by dan for business: not on a Friday")
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says("has ended")
        #expect(project.effects.isEmpty)
        try await project.shipit("deploy", "v1.0.0").exits(6)
    }

    @Test func `who is not in the role, or is somebody else, does not sign`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "dan").exits(3).says("not in role")
        try await project.shipit("approve", "latest", "devops", "--as", "zoe").exits(2).says("not in role")
        try await project.shipit("approve", "latest", "owner").exits(2).says("it needs: devops, business")
        try await project.shipit("approve", "latest", "business", "--as", "eve").exits(3).says("only the user")
        try await project.shipit("approve", "latest", "devops").exits(2).says("--as cat")
        try await project.shipit("approve", "nosuch", "devops").exits(2)
        #expect(try await project.journal().count == 3)
    }

    @Test func `who started the run does not sign it under any name`() async throws {
        let project = try await ScratchProject(Self.pipeline("[devops]"))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says("does not approve it")
    }

    @Test func `one user is one signature, whatever names they give`() async throws {
        let project = try await ScratchProject(Self.pipeline("{roles: [both], allow-self: yes}"))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "both", "--as", "cat").exits(0)
        try await project.shipit("approve", "latest", "both", "--as", "cat").exits(0).says("signed already")
        try await project.shipit("approve", "latest", "both", "--as", "dan").exits(3).says("has signed")
    }

    @Test func `a key signs for its person, and no other key does`() async throws {
        let keys = try await ScratchProject(nil)
        for name in ["right", "wrong"] {
            let keygen = try ChildProcess(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys.path(name)], folder: keys.root,
                variables: keys.variables, output: keys.nextOutput())
            try #require(try await keygen.ending(within: .seconds(30)) == .code(0))
        }
        let line = try #require(keys.read("right.pub")).split(separator: " ").prefix(2).joined(separator: " ")
        let project = try await ScratchProject(Self.pipeline("[keys]", key: line))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "keys", "--as", "key").exits(2).says("--sign")
        let sign = ["approve", "latest", "keys", "--as", "key", "--sign"]
        try await project.shipit(sign[0], sign[1], sign[2], sign[3], sign[4], sign[5], keys.path("wrong")).exits(3)
            .says("not the key")
        try await project.shipit(sign[0], sign[1], sign[2], sign[3], sign[4], sign[5], keys.path("nosuch")).exits(2)
        try await project.shipit(sign[0], sign[1], sign[2], sign[3], sign[4], sign[5], keys.path("right")).exits(0)
        let given = try await project.journal().first { $0["type"] == "approvalGiven" }
        #expect(given?["proof"] == "ssh-key")
        #expect(given?["signature"].string?.hasPrefix("-----BEGIN SSH SIGNATURE-----") == true)
        try await project.shipit("resume").exits(0)
    }

    @Test func `once the time to sign is over, everything says so and what to do`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("{roles: [devops, business], allow-self: yes, expires: 1s}"))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await eventually("the end of the time") {
            try await project.status()["next"].string == "shipit deploy v1.0.0 --env production"
        }
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says("shipit deploy v1.0.0")
        try await project.shipit("resume", "latest").exits(3).says("the time to sign it ended")
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "refused")
        #expect(status["gates"].first("name", "approval:devops")["state"] == "refused")
    }

    @Test func `sixteen sign at once, and one signature is recorded`() async throws {
        let project = try await ScratchProject(Self.pipeline("{roles: [devops], allow-self: yes}"))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        let signers = try (0..<16).map { _ in try project.start("approve", "latest", "devops", "--as", "cat") }
        for signer in signers {
            let ended = try await project.finish(signer)
            ended.exits(0)
        }
        #expect(try await project.journal().count { $0["type"] == "approvalGiven" } == 1)
    }

    @Test func `what was signed is not begun once another release is live, or the tag was moved`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("{roles: [devops], allow-self: yes}"), tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.1.0").exits(6)
        let waiting = try await project.latestRun()
        try await project.shipit("approve", waiting, "devops", "--as", "cat").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        let other = try await project.latestRun()
        try await project.shipit("approve", other, "devops", "--as", "cat").exits(0)
        try await project.git("tag", "--force", "--annotate", "--message", "moved", "v1.0.0", "v1.1.0^{commit}")
        try await project.shipit("resume", other).exits(3).says("was moved")
        try await project.git("tag", "--force", "--annotate", "--message", "back", "v1.0.0", "v1.1.0~1")
        try await project.shipit("resume", other).exits(0)
        try await project.shipit("resume", waiting).exits(3).says("what is live there changed")
        #expect(project.effects == ["a"])
    }

    @Test func `a run that waits is cancelled and keeps nobody out`() async throws {
        let project = try await ScratchProject(Self.pipeline())
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("abandon", "latest", "--why", "x").exits(3).says("has not begun")
        try await project.shipit("cancel", "latest").exits(4).says("cancelled")
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says("has ended")
        #expect(project.effects.isEmpty)
    }

    @Test func `a killed run that was signed is resumed without another signature`() async throws {
        var text = Self.pipeline("{roles: [devops], allow-self: yes}")
        text = text.replacingOccurrences(of: "echo a >> effects.log'", with: "echo a >> effects.log; ops/await go'")
        let project = try await ScratchProject(text)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        let resume = try project.start("resume")
        try await project.untilEffect("a")
        try await project.killNow(resume)
        #expect(try await project.status()["run"]["state"] == "interrupted")
        try project.touch("go")
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a"])
    }
}
