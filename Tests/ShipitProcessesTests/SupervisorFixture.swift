import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

/// A run's folder of the test's own, the supervisor's executable, and ways to look at what it does.
final class SupervisorFixture: Sendable {
    let folder: String
    let work: String

    init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/shipit-proc-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let base = String(cString: made)
        folder = base + "/run"
        work = base + "/work"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    }

    deinit {
        // Supervisors leave by themselves once their engine is gone; the folder goes now.
        try? FileManager.default.removeItem(atPath: (folder as NSString).deletingLastPathComponent)
    }

    /// The products' folder: the test bundle lies in it.
    static let supervisorPath: String = {
        let starts = CommandLine.arguments + [Bundle.main.bundlePath, ProcessInfo.processInfo.arguments[0]]
        for start in starts {
            var place = URL(fileURLWithPath: start)
            while place.path != "/" {
                let candidate = place.appendingPathComponent("shipit-supervisor").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
                place.deleteLastPathComponent()
            }
        }
        return "shipit-supervisor was not built"
    }()

    func processes(epoch: Int64 = 1, supervisorPath: String = SupervisorFixture.supervisorPath) -> LocalProcesses {
        LocalProcesses(run: "r1", folder: folder, epoch: Epoch(epoch), supervisorPath: supervisorPath)
    }

    /// A supervisor that dies before it answers, some times, and leaves a line in `deaths` each time.
    func dyingSupervisor(times: Int) throws -> String {
        let script = """
            [ "$(cat '\(work)/deaths' 2>/dev/null | wc -l)" -lt \(times) ] || exec '\(Self.supervisorPath)' "$@"
            echo x >> '\(work)/deaths'
            kill -9 $$
            """
        return try wrapper("dying-supervisor", script)
    }

    /// A supervisor that finds no control groups.
    func sweepingSupervisor() throws -> String {
        try wrapper("sweeping-supervisor", "SHIPIT_CGROUPS=none exec '\(Self.supervisorPath)' \"$@\"")
    }

    /// An executable that becomes the supervisor in its own way.
    func wrapper(_ name: String, _ text: String) throws -> String {
        let path = work + "/" + name
        try "#!/bin/sh\n\(text)\n".write(toFile: path + ".text", atomically: true, encoding: .utf8)
        // Another process writes the executable: a copy of our own writing end, in a child that some other test is just
        // forking, would make it too busy to be run.
        let words = ["install", "-m", "755", path + ".text", path]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        var status: Int32 = 0
        try #require(posix_spawnp(&child, words[0], nil, nil, &arguments, environ) == 0)
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        try #require(status == 0, "\(words) ended with \(status)")
        return path
    }

    /// A shell script under a key, with the environment that the engine gives.
    func script(_ text: String, key: String, environment: [String: String] = [:]) -> CommandRequest {
        CommandRequest(
            argv: ["sh", "-c", text],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "SHIPIT_IDEMPOTENCY_KEY": key]
                .merging(environment) { _, new in new },
            directory: work)
    }

    var log: OutputLog { OutputLog(folder: folder) }

    func ledger() throws -> Ledger {
        let file = URL(fileURLWithPath: "\(folder)/\(Ledger.fileName)")
        guard FileManager.default.fileExists(atPath: file.path) else { return Ledger() }
        return Ledger(reading: Array(try Data(contentsOf: file)))
    }

    func read(_ name: String) -> String? { try? String(contentsOfFile: "\(work)/\(name)", encoding: .utf8) }

    /// Waits for what another process will bring about; the suite's time limit ends it if it never does.
    func wait(until condition: () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// The pids of living processes whose environment carries the tag.
    static func alive(tagged tag: String) -> [Int32] {
        let entry = Data("SHIPIT_IDEMPOTENCY_KEY=\(tag)\0".utf8)
        return pids().filter { pid in
            guard isAlive(pid), let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return environment.range(of: entry) != nil
        }
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let close = stat.lastIndex(of: UInt8(ascii: ")"))
        else { return false }
        return stat[close + 2] != UInt8(ascii: "Z")
    }

    static func pids() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    /// The run's living supervisor.
    func supervisorPID() -> Int32? {
        Self.pids().first { pid in
            guard Self.isAlive(pid), let name = FileManager.default.contents(atPath: "/proc/\(pid)/comm"),
                name.starts(with: Data("shipit-supervis".utf8))
            else { return false }
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            return place == folder
        }
    }
}

extension CommandOutput {
    var out: String { String(decoding: standardOutput, as: UTF8.self) }
    var err: String { String(decoding: standardError, as: UTF8.self) }
}
