import Foundation
import Glibc
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct DetachTests {
    /// Waits at its only stage for the file `go`; then it is watched for as long as a test takes.
    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          a: {run: "echo $SHIPIT_VERSION >> effects.log; ops/await go", rollback: echo undo-a >> effects.log}
        monitor:
          for: 100s
          sources: {api: {run: test ! -e down, every: 50ms}}
          rollback-when: [api fails 3 times]
        """

    static func detached(_ pipeline: String = pipeline) async throws -> ScratchProject {
        let project = try await ScratchProject(pipeline, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0", "--detach").exits(6).says("detached", "shipit attach")
        try await project.untilEffect("1.0.0")
        return project
    }

    static func monitoring() async throws -> ScratchProject {
        let project = try await detached()
        try project.touch("go")
        try await until(project, state: "monitoring")
        return project
    }

    static func until(_ project: ScratchProject, state: String) async throws {
        try await eventually("the run is \(state)") {
            try await project.status()["run"]["state"] == .string(state)
        }
    }

    static func engine(of project: ScratchProject) -> ProcessTable.Entry? {
        project.processes.first { $0.arguments.contains("--detached-engine") }
    }

    @Test func `a detached run goes on in a session of its own, and attach ends with its code`() async throws {
        let project = try await Self.detached()
        let engine = try #require(Self.engine(of: project))
        #expect(getsid(engine.id) == engine.id)

        let attach = try project.start("attach")
        try await eventually("it shows what runs") { attach.printed.contains("started") }
        kill(engine.id, SIGHUP)
        try project.touch("go")
        try await Self.until(project, state: "monitoring")
        try project.touch("down")

        try await project.finish(attach).exits(4).says("rolled back", "api fails 3 times")
        #expect(project.effects == ["1.0.0", "undo-a"])
        try await project.shipit("attach").exits(4)
    }

    @Test func `an interrupt of attach leaves the run alone`() async throws {
        let project = try await Self.detached()
        let attach = try project.start("attach")
        try await eventually("it shows what runs") { attach.printed.contains("started") }

        attach.signal(SIGINT)

        try await project.finish(attach).exits(6).says("goes on")
        #expect(try await project.status()["run"]["state"] == "running")
    }

    @Test func `what refuses a deployment refuses a detached one in the same words`() async throws {
        let project = try await Self.detached()

        try await project.shipit("deploy", "v1.1.0", "--detach").exits(3).says("belongs to run", "shipit status")

        let runs = try FileManager.default.contentsOfDirectory(atPath: project.path(".shipit/runs"))
        #expect(runs.count == 1)
    }

    @Test func `a detached run whose engine is killed is resumed`() async throws {
        let project = try await Self.detached()
        let engine = try #require(Self.engine(of: project))
        kill(engine.id, SIGKILL)

        try await project.shipit("attach").exits(6).says("shipit resume")

        try project.touch("go")
        let resume = try project.start("resume")
        try await Self.until(project, state: "monitoring")
        #expect(project.effects == ["1.0.0"])
        resume.signal(SIGINT)
        try await project.finish(resume).exits(6)
    }

    @Test func `the secrets of a detached run were read where there was a terminal, and lie nowhere`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            secrets: {TOKEN: {command: [ops/ask]}}
            stages:
              a: {run: "test $TOKEN = asked-1 && echo right >> effects.log", env: {TOKEN: "${{ secrets.TOKEN }}"}}
            """,
            files: ["ops/ask": "#!/bin/sh\necho x >> asked.log\necho asked-$(wc -l < asked.log)\n"])

        try await project.shipit("deploy", "v1.0.0", "--detach").exits(6)

        try await project.shipit("attach").exits(0)
        #expect(project.effects == ["right"])
        #expect(project.read("asked.log") == "x\n")
    }

    @Test func `a run that only monitors is superseded by a newer deployment`() async throws {
        let project = try await Self.monitoring()
        let older = try await project.latestRun()
        // What it would go back to is what is only monitored.
        let plan = try await project.shipit("plan", "v1.1.0", "--output", "json").json
        #expect(plan["previous"]["tag"] == "v1.0.0")

        try await project.shipit("deploy", "v1.1.0", "--detach").exits(6)

        try await project.untilEffect("1.1.0")
        let status = try await project.status(older)
        #expect(status["run"]["outcome"] == "superseded")
        try await project.shipit("attach", older).exits(0).says("superseded")
    }

    @Test func `a run that is not through with its stages is not superseded`() async throws {
        let project = try await Self.detached()

        try await project.shipit("deploy", "v1.1.0").exits(3)

        #expect(try await project.status()["run"]["state"] == "running")
    }

    @Test func `a detached engine that was started by hand begins nothing`() async throws {
        let project = try await ScratchProject(Self.pipeline)

        try await project.shipit("deploy", "v1.0.0", "--detached-engine").exits(2).says("deploy --detach starts it")

        #expect(project.effects == [])
    }
}
