import Glibc
import Testing

/// A lock is taken away from a holder that will never go on; the holder learns it, and its run goes on elsewhere.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct UnlockTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        environments: {production: {}}
        stages:
          a: {run: echo a >> effects.log; ops/await go, rollback: {run: echo undo-a >> effects.log}}
          b: {needs: [a], run: echo b >> effects.log, rollback: {run: echo undo-b >> effects.log}}
        """

    /// A deployment whose first stage waits, stopped as a laptop that was closed.
    private func stopped(_ project: ScratchProject) async throws -> (holder: ChildProcess, run: String) {
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")
        deploy.signal(SIGSTOP)
        return (deploy, try await project.latestRun())
    }

    @Test func `a stopped holder is fenced: it starts nothing more, says who took over, and another goes on`()
        async throws
    {
        let project = try await ScratchProject(Self.pipeline)
        let (holder, run) = try await stopped(project)
        try await project.shipit("deploy", "v1.0.0").exits(3).says(run, "stopped", "shipit unlock production")
        try await project.shipit("resume", run).exits(3)

        try await project.shipit("unlock", "production", "--run", run, "--why", "the laptop is in a train").exits(0)
            .says("stopped", "taken away", "shipit resume \(run)")

        #expect(try await project.status(run)["run"]["state"] == "interrupted")
        try await project.shipit("deploy", "v1.0.0").exits(3).says("resume \(run)", "rollback \(run)", "abandon \(run)")
        try project.touch("go")
        try await eventually("the end of a's command") { project.stageProcesses.allSatisfy { $0.id == holder.id } }
        holder.signal(SIGCONT)
        let old = try await project.finish(holder).exits(1)
        old.says("took the lock of production away", "the laptop is in a train", "shipit resume \(run)")
        #expect(project.effects == ["a"])
        try await project.shipit("resume", run).exits(0)
        #expect(project.effects == ["a", "b"])
        let acts = try await project.journal(run).filter { $0["type"] == "operatorActed" }
        #expect(acts.map { $0["act"] } == ["unlock"])
        #expect(acts.first?["why"] == "the laptop is in a train")
        #expect(acts.first?["by"].string?.isEmpty == false)
        try await project.shipit("deploy", "v1.0.0", "--again").exits(0)
        try await project.shipit("audit", "verify").exits(0)
    }

    @Test func `a holder that goes on only after its run was resumed finds everything taken over`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let (holder, run) = try await stopped(project)
        try await project.shipit("unlock", "production", "--yes").exits(0)
        let resume = try project.start("resume", run)
        try await eventually("the run is taken up") {
            try await project.journal(run).contains { $0["type"] == "resumed" }
        }

        holder.signal(SIGCONT)
        try await project.finish(holder).exits(1).says("shipit status \(run)")
        try project.touch("go")

        try await project.finish(resume).exits(0)
        #expect(project.effects == ["a", "b"])
    }

    @Test func `a holder that is alive and idle stops by itself, at once`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")
        let run = try await project.latestRun()

        let unlock = try await project.shipit("unlock", "production", "--run", run, "--output", "json").exits(0)

        #expect(try unlock.json["holder"]["state"] == "alive")
        #expect(try unlock.json["next"] == .string("shipit resume \(run)"))
        try await project.finish(deploy, within: .seconds(5)).exits(1).says("took the lock of production away")
        // Its command goes on under the supervisor, and whoever takes the run up decides about it.
        try await project.shipit("rollback", run).exits(0)
        #expect(project.effects == ["a", "undo-a"])
        try await project.untilNoProcess()
    }

    @Test func `an unlocked run may be abandoned, and the environment is open again`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let (holder, run) = try await stopped(project)
        try await project.shipit("unlock", "production", "--run", run).exits(0)

        try await project.shipit("abandon", run, "--why", "settled by hand").exits(0)

        holder.signal(SIGCONT)
        try await project.finish(holder).exits(1)
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.effects == ["a", "a", "b"])
    }

    @Test func `without a terminal the run must be named, and it must be the one that has the lock`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let (holder, run) = try await stopped(project)
        let before = try await project.journal(run).count

        try await project.shipit("unlock", "production").exits(2).says("--run \(run)")
        try await project.shipit("unlock", "production", "--run", "20200101-0000-aaaa").exits(3).says(run)
        try await project.shipit("unlock", "production", "--run", run, "--why", " ").exits(2)
        try await project.shipit("unlock", "--help").exits(0)
        try await project.shipit("unlock").exits(2)

        #expect(try await project.journal(run).count == before)
        holder.signal(SIGCONT)
        try project.touch("go")
        try await project.finish(holder).exits(0)
    }

    @Test func `where nobody has the lock there is nothing to unlock`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await project.shipit("unlock", "production").exits(0).says("nothing to unlock")
        try await project.shipit("unlock", "prodution").exits(2).says("production")
        #expect(!project.exists(".shipit"))
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("unlock", "production", "--output", "json").exits(0)
    }

    @Test func `a dead holder needs no unlocking, and the ways out are named`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("a")
        try await project.killNow(deploy)
        let run = try await project.latestRun()

        try await project.shipit("unlock", "production", "--yes").exits(3)
            .says("nothing to unlock", "shipit resume \(run)", "shipit rollback \(run)", "shipit abandon \(run)")

        try project.touch("go")
        try await project.shipit("resume").exits(0)
    }
}
