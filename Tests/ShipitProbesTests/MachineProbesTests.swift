import Foundation
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

/// Probes of the machine that they run on, and of programs that they ask.
@Suite(.timeLimit(.minutes(3)))
struct MachineProbesTests {
    @Test func `memory and processors are measured`() async {
        let memory = await ask(MemoryProbe(), "machine", ["available": "> 1MB", "used": "< 100%"])
        #expect(memory.verdict == .passed && (memory.number ?? 0) > 1e6)
        #expect(await ask(MemoryProbe(), "machine", ["available": "> 1000TB"]).missed == ["available"])
        let cpu = await ask(CPUProbe(), "machine", ["used": "<= 100%", "over": "50ms"])
        #expect(cpu.verdict == .passed && (0...1).contains(cpu.number ?? 2))
        #expect(await ask(CPUProbe(), "machine", ["load": "< 0", "over": "50ms"]).missed == ["load"])
    }

    @Test func `a process is found by its name and by its command line`() async throws {
        let probe = ProcessProbe()
        let log = FileManager.default.temporaryDirectory.path + "/shipit-sleep-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let sleeping = try Program(["sleep", "61.4242"], in: "/", log: log)
        #expect(
            await ask(probe, "/sleep 61\\.4242/", ["count": "== 1", "rss": "> 1KB", "age": "< 1h"]).verdict == .passed)
        #expect(await ask(probe, "sleep").verdict == .passed)
        await sleeping.end()
        let none = await ask(probe, "no-such-program-here", ["rss": "< 1GB"])
        #expect(none.missed == ["count", "rss"])
        #expect(await ask(probe, "no-such-program-here", ["count": "== 0"]).verdict == .passed)
    }

    @Test func `a port is taken or free`() async throws {
        let server = try LocalServer { _, _ in .silence }
        let probe = PortProbe()
        #expect(await ask(probe, "\(server.port)", ["address": "127.0.0.1"]).verdict == .passed)
        #expect(await ask(probe, "\(server.port)", ["address": "127.0.0.2"]).missed == ["listening"])
        #expect(await ask(probe, "\(server.port)", ["listening": "no"]).missed == ["listening"])
        server.stop()
        let free = try closedPort()
        #expect(await ask(probe, "\(free)", ["listening": "no"]).verdict == .passed)
        #expect(await ask(probe, "\(free)").missed == ["listening"])
    }

    @Test func `a repository is clean, on its branch, and at its tag`() async throws {
        try await withFolder { folder in
            let git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
            try await make(["git", "init", "-q", "-b", "main"], in: folder)
            try await make(git + ["commit", "-q", "--allow-empty", "-m", "one"], in: folder)
            try await make(["git", "tag", "v1"], in: folder)
            let probe = GitProbe()
            #expect(
                await ask(probe, folder, ["clean": "yes", "branch": "main", "at": "v1", "age": "< 1h"]).verdict
                    == .passed)
            try await make(git + ["commit", "-q", "--allow-empty", "-m", "two"], in: folder)
            #expect(await ask(probe, folder, ["at": "v1"]).missed == ["at"])
            #expect(await ask(probe, folder, ["upstream": "v1", "ahead": "== 1", "behind": "== 0"]).verdict == .passed)
            #expect(await ask(probe, folder, ["upstream": "v1", "ahead": "== 0"]).missed == ["ahead"])
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/new"))
            #expect(await ask(probe, folder, ["clean": "yes"]).missed == ["clean"])
            guard case .noAnswer = await ask(probe, folder, ["at": "v9"]).verdict else {
                Issue.record("a tag that is not there is no answer")
                return
            }
        }
    }

    @Test(.enabled(if: programsAreThere("ping")))
    func `this machine answers ping`() async {
        let answer = await ask(PingProbe(), "127.0.0.1", ["count": "2", "time": "< 5s"])
        // Where echo requests are forbidden there is no answer, and that is not a pass.
        if case .noAnswer(let reason) = answer.verdict, reason.contains("ermitted") { return }
        #expect(answer.verdict == .passed, "\(answer)")
    }

    // MARK: Programs that others keep

    /// A stand-in that prints what the program would.
    private func printing(_ text: String, as program: String, in folder: String) throws -> [String: String] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/answer"))
        let script = "#!/bin/sh\nprintf '%s ' \"$@\" > '\(folder)/asked'\ncat '\(folder)/answer'\n"
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(program)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(program)")
        return ["PATH": "\(folder):/usr/bin:/bin"]
    }

    @Test func `a container is running, healthy and of its image`() async throws {
        try await withFolder { folder in
            let path = try printing(
                #"[{"State": {"Status": "running", "Health": {"Status": "healthy"}}, "RestartCount": 3, "Config": {"Image": "app:1.2"}}]"#,
                as: "docker", in: folder)
            let probe = DockerProbe()
            func asked(_ fields: [String: ResolvedValue]) async -> Measurement {
                await ask(probe, "app", fields, variables: path)
            }
            #expect(await asked(["health": "healthy", "image": "app:1.2"]).verdict == .passed)
            #expect(try String(contentsOfFile: "\(folder)/asked", encoding: .utf8) == "container inspect app ")
            #expect(await asked(["image": "app:1.3", "restarts": "< 3"]).missed == ["image", "restarts"])
            #expect(await asked(["state": "exited"]).missed == ["state"])
        }
    }

    @Test func `a deployment is ready when all of its newest pods are`() async throws {
        try await withFolder { folder in
            func answer(_ status: String, generation: Int = 2) throws -> [String: String] {
                try printing(
                    #"{"kind": "Deployment", "metadata": {"generation": \#(generation)}, "spec": {"replicas": 4, "template": {"spec": {"containers": [{"image": "app:1.2"}]}}}, "status": {"observedGeneration": 2, \#(status)}}"#,
                    as: "kubectl", in: folder)
            }
            let probe = KubernetesProbe()
            func asked(_ path: [String: String], _ fields: [String: ResolvedValue] = [:]) async -> Measurement {
                await ask(probe, "deployment/web", fields, variables: path)
            }
            let all = try answer(#""readyReplicas": 4, "updatedReplicas": 4"#)
            #expect(await asked(all, ["image": "app:1.2", "namespace": "shop"]).verdict == .passed)
            #expect(
                try String(contentsOfFile: "\(folder)/asked", encoding: .utf8).contains("get deployment/web -o json")
                    == true)
            #expect(await asked(try answer(#""readyReplicas": 4, "updatedReplicas": 1"#)).missed == ["ready"])
            #expect(await asked(try answer(#""replicas": 4"#)).missed == ["ready"])
            let unseen = try answer(#""readyReplicas": 4, "updatedReplicas": 4"#, generation: 3)
            #expect(await asked(unseen).missed == ["ready"])
            #expect(
                await asked(try answer(#""readyReplicas": 3, "updatedReplicas": 3"#), ["ready": ">= 75%"]).verdict
                    == .passed)
        }
    }
}
