import Foundation
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

/// The docker probe with a real engine. The image is made here, from a static busybox, so that no registry is asked.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct DockerEngineTests {
    @Test(.enabled(if: engineAnswers()))
    func `a real container is running, healthy, restarted and gone`() async throws {
        let name = "shipit-probe-\(UUID().uuidString.lowercased())"
        try await withFolder { folder in
            try FileManager.default.copyItem(atPath: program("busybox"), toPath: "\(folder)/busybox")
            try Data(
                """
                FROM scratch
                COPY busybox /bin/busybox
                HEALTHCHECK --interval=1s CMD ["/bin/busybox", "test", "-e", "/well"]
                ENTRYPOINT ["/bin/busybox"]

                """.utf8
            ).write(to: URL(fileURLWithPath: "\(folder)/Dockerfile"))
            try await make(["docker", "build", "-q", "-t", "\(name):1", "."], in: folder)
            let run = ["docker", "run", "-d", "--name", name, "--network=none"]
            do {
                try await make(run + ["\(name):1", "sleep", "600"], in: folder)
                try await look(at: name, in: folder)
            } catch {
                await clear(name, in: folder)
                throw error
            }
            await clear(name, in: folder)
            let gone = await ask(DockerProbe(), name)
            guard case .noAnswer(let reason) = gone.verdict else {
                Issue.record("it is gone, and the probe says \(gone)")
                return
            }
            #expect(reason.lowercased().contains("no such container"), "\(reason)")
        }
    }

    private func look(at name: String, in folder: String) async throws {
        let probe = DockerProbe()
        #expect(await ask(probe, name, ["image": .text("\(name):1"), "restarts": "== 0"]).verdict == .passed)
        #expect(await ask(probe, name, ["image": .text("\(name):2")]).missed == ["image"])
        #expect(await ask(probe, name, ["health": "healthy"]).missed == ["health"])
        try await make(["docker", "exec", name, "/bin/busybox", "touch", "/well"], in: folder)
        try await eventually("the container is healthy") {
            await ask(probe, name, ["health": "healthy"]).verdict == .passed
        }
        try await make(["docker", "stop", "-t", "0", name], in: folder)
        #expect(await ask(probe, name).missed == ["state"])
        #expect(await ask(probe, name, ["state": "exited"]).verdict == .passed)
    }

    private func clear(_ name: String, in folder: String) async {
        for argv in [["docker", "rm", "-f", name], ["docker", "rmi", "-f", "\(name):1"]] {
            do { try await make(argv, in: folder) } catch { Issue.record("\(error)") }
        }
    }
}

/// Whether there is an engine and what its image is made of. Where everything must be, the test runs and fails.
private func engineAnswers() -> Bool {
    guard programsAreThere("docker", "busybox") else { return false }
    if ProcessInfo.processInfo.environment["SHIPIT_TEST_REQUIRE"] == "all" { return true }
    let version = Process()
    version.executableURL = URL(fileURLWithPath: program("docker"))
    version.arguments = ["version"]
    (version.standardOutput, version.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    do { try version.run() } catch { return false }
    version.waitUntilExit()
    if version.terminationStatus != 0 { print("skipped: no docker engine answers") }
    return version.terminationStatus == 0
}
