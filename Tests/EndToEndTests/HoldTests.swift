import Foundation
import Testing

/// Stages that only wait: `approval:` and `wait:`.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries)
struct HoldTests {
    /// `a`, then `hold`, then `b`; what is done and undone is in effects.log.
    static func pipeline(_ hold: String, a: String = "") -> String {
        """
        shipit: 1
        name: deploy
        environments: {production: {}}
        people: {cat: {}, dan: {}}
        roles:
          devops: {people: [cat]}
          business: {people: [dan]}
        stages:
          a: {run: 'echo a >> effects.log\(a)', rollback: 'echo undo-a >> effects.log'}
          hold: {needs: [a], \(hold)}
          b: {needs: [hold], run: 'echo b >> effects.log', rollback: 'echo undo-b >> effects.log'}
        """
    }

    static let approval = "approval: {roles: [devops], allow-self: yes}"

    @Test func `a run waits on its way, keeps its lock, and goes on when it is signed and resumed`() async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval), tags: ["v1.0.0", "v1.1.0"])
        let deploy = try await project.shipit("deploy", "v1.0.0").exits(6)
        let run = try await project.latestRun()
        deploy.says("waiting for people", "shipit approve \(run) devops --as cat", "then: shipit resume \(run)")
        var status = try await project.status()
        #expect(status["run"]["state"] == "waiting")
        #expect(status["stages"].first("name", "hold")["state"] == "waiting")
        #expect(status["gates"].first("name", "approval:devops")["state"] == "waiting")
        #expect(status["gates"].first("name", "approval:devops")["stage"] == "hold")
        #expect(status["next"].string == "shipit approve \(run) devops --as cat")
        try await project.shipit("deploy", "v1.1.0").exits(3).says("waits for people to sign", "shipit resume \(run)")
        try await project.shipit("resume").exits(6).says("shipit approve")
        try await project.shipit("skip", run, "hold", "--why", "late").exits(3).says("it is signed or rejected")

        try await project.shipit("approve", run, "devops", "--as", "cat").exits(0).says("shipit resume \(run)")
        try await project.shipit("approve", run, "devops", "--as", "cat").exits(0).says("signed already")
        #expect(project.effects == ["a"])
        status = try await project.status()
        #expect(status["gates"].first("name", "approval:devops")["state"] == "passed")
        #expect(status["next"].string == "shipit resume \(run)")
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a", "b"])
        try await project.shipit("audit", "verify").exits(0)
    }

    @Test func `deploy --wait stays, and the engine takes the signature up`() async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval))
        let deploy = try project.start("deploy", "v1.0.0", "--wait")
        try await project.untilEffect("a")
        try await eventually("the run that waits") { try await project.status()["run"]["state"] == "waiting" }
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0).says("signed v1.0.0")
        try await project.finish(deploy).exits(0).says("waits for devops to sign", "devops has signed")
        #expect(project.effects == ["a", "b"])
    }

    @Test func `a killed engine that waited loses nothing, and its run is resumed and signed`() async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval))
        let deploy = try project.start("deploy", "v1.0.0", "--wait")
        try await project.untilEffect("a")
        try await eventually("the run that waits") { try await project.status()["run"]["state"] == "waiting" }
        try await project.killNow(deploy)
        let resume = try project.start("resume", "--wait")
        try await eventually("the run that is driven again") {
            try await project.journal().contains { $0["type"] == "resumed" }
        }
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.finish(resume).exits(0)
        #expect(project.effects == ["a", "b"])
        #expect(try await project.journal().count { $0["type"] == "holdStarted" } == 1)
    }

    @Test(arguments: [true, false])
    func `a rejection undoes what was done`(isDriven: Bool) async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval))
        let deploy = try project.start(arguments: ["deploy", "v1.0.0"] + (isDriven ? ["--wait"] : []))
        try await project.untilEffect("a")
        if !isDriven { try await project.finish(deploy).exits(6) }
        try await eventually("the run that waits") { try await project.status()["run"]["state"] == "waiting" }
        let reject = ["reject", "latest", "devops", "--as", "cat", "--why", "not on a Friday"]
        try await project.shipit(arguments: reject).exits(0)
        let end = isDriven ? try await project.finish(deploy) : try await project.shipit("resume")
        end.exits(4).says("rejected by cat for devops: not on a Friday")
        #expect(project.effects == ["a", "undo-a"])
        let status = try await project.status()
        #expect(status["run"]["outcome"] == "rolled-back")
        #expect(status["gates"].first("name", "approval:devops")["state"] == "refused")
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says("has ended")
    }

    @Test func `a rejection before anything has changed is a refusal`() async throws {
        let text = Self.pipeline(Self.approval).replacingOccurrences(of: "needs: [a], approval", with: "approval")
            .replacingOccurrences(of: "  a: {run", with: "  a: {needs: [hold], run")
        let project = try await ScratchProject(text)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("reject", "latest", "devops", "--as", "cat", "--why", "no").exits(0)
        try await project.shipit("resume").exits(3).says("rejected by cat")
        #expect(project.effects.isEmpty)
        try await project.shipit("deploy", "v1.0.0").exits(6)
    }

    @Test func `what nobody signs in time is undone, by the engine that waits or by the next one`() async throws {
        let project = try await ScratchProject(
            Self.pipeline("approval: {roles: [devops], allow-self: yes, expires: 1s}"))
        try await project.shipit("deploy", "v1.0.0", "--wait").exits(4).says("the time to sign it ended")
        #expect(project.effects == ["a", "undo-a"])
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await eventually("the end of the time") {
            try await project.status()["next"].string?.hasPrefix("shipit resume") == true
        }
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(3).says(
            "the time to sign it is over")
        try await project.shipit("resume").exits(4).says("the time to sign it ended")
        #expect(project.effects == ["a", "undo-a", "a", "undo-a"])
    }

    @Test func `two late approvals are signed each for itself`() async throws {
        let text =
            Self.pipeline("approval: {roles: [devops], allow-self: yes, expires: 2h}") + """

                  other: {needs: [a], approval: {roles: [devops], allow-self: yes, expires: 4h}}
                  c: {needs: [other], run: 'echo c >> effects.log', rollback: 'true'}
                """
        let project = try await ScratchProject(text)
        try await project.shipit("deploy", "v1.0.0").exits(6).says("--stage hold", "--stage other")
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(2).says(
            "--stage hold, --stage other")
        try await project.shipit("approve", "latest", "devops", "--as", "cat", "--stage", "other").exits(0)
        try await project.shipit("resume").exits(6)
        #expect(project.effects == ["a", "c"])
        try await project.shipit("approve", "latest", "devops", "--as", "cat").exits(0)
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a", "c", "b"])
    }

    @Test func `a cancel and a rollback end a run that waits`() async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval))
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("cancel", "latest").exits(4)
        #expect(project.effects == ["a", "undo-a"])
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try await project.shipit("rollback", "latest", "--yes").exits(0)
        #expect(project.effects == ["a", "undo-a", "a", "undo-a"])
    }

    @Test func `a wait passes while nobody drives the run, and is not begun anew`() async throws {
        let project = try await ScratchProject(Self.pipeline("wait: 2s"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")
        try await eventually("the wait") { try await project.state(of: "hold")["state"] == "waiting" }
        try await project.killNow(deploy)
        let started = try await project.journal().first { $0["type"] == "holdStarted" }
        #expect(started?["roles"].items == [])
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a", "b"])
        let journal = try await project.journal()
        #expect(journal.count { $0["type"] == "holdStarted" } == 1)
        let ended = try #require(journal.first { $0["type"] == "holdEnded" })
        #expect(try #require(ended["at"].string) >= #require(started?["until"].string))
    }

    @Test func `plan and simulate say what a stage waits for`() async throws {
        let project = try await ScratchProject(Self.pipeline(Self.approval))
        try await project.shipit("plan", "v1.0.0").exits(0).says("waits  for devops (cat) to sign", "at stage hold")
        let plan = try await project.shipit("plan", "v1.0.0", "--output", "json").exits(0).json
        #expect(plan["gates"].first("name", "approval:devops")["stage"] == "hold")
        #expect(plan["gates"].first("name", "approval:devops")["state"] == "waiting")
        #expect(plan["stages"].first("name", "hold")["waits"]["roles"].items == ["devops"])
        try await project.shipit("simulate", "v1.0.0").exits(0).says("is rejected", "is not signed in time")
    }
}
