import Foundation
import Glibc
import ShipitCore
import ShipitEngine
import Testing

/// A program of another project that a test has started; what it prints goes to a file. (Foundation's `Process` waits by
/// a thread's run loop, and these tests share two threads.)
struct Program {
    let id: pid_t
    let log: String

    init(_ argv: [String], in folder: String, log: String) throws {
        self.log = log
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        for number in Int32(3)..<256 { posix_spawn_file_actions_addclose(&files, number) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let inFolder = ["/usr/bin/env", "--chdir=\(folder)"] + argv
        var words: [UnsafeMutablePointer<CChar>?] = inFolder.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var made = pid_t()
        let trouble = posix_spawn(&made, inFolder[0], &files, &attributes, &words, environ)
        guard trouble == 0 else { throw RealServer.Trouble(words: "\(argv[0]): \(String(cString: strerror(trouble)))") }
        id = made
    }

    var said: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// How it ended; `nil` while it runs.
    func ending() -> Int32? {
        var status: Int32 = 0
        return waitpid(id, &status, WNOHANG) == 0 ? nil : status
    }

    func end() async {
        kill(-id, SIGTERM)
        for round in 0..<400 {
            if ending() != nil { return }
            if round == 300 { kill(-id, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(25))
        }
    }
}

/// A server of another project, on a port of its own, for as long as a test needs it.
enum RealServer {
    struct Trouble: Error, CustomStringConvertible {
        var words: String
        var description: String { words }
    }

    /// Starts it, waits until it can be connected to, and ends it when the body is through.
    static func with(
        _ argv: [String], in folder: String, port: UInt16, _ body: () async throws -> Void
    ) async throws {
        let program = try Program(
            argv, in: folder, log: "\(folder)/\((argv[0] as NSString).lastPathComponent)-\(port).log")
        do {
            try await eventually("\(argv[0]) listens on \(port)") {
                if let status = program.ending() {
                    throw Trouble(words: "\(argv[0]) ended with \(status): \(program.said)")
                }
                return await ask(tcpProbe, "127.0.0.1:\(port)", timeout: .seconds(1)).verdict == .passed
            }
            try await body()
        } catch {
            await program.end()
            throw error
        }
        await program.end()
    }
}

/// Runs a program that makes what a test needs.
func make(_ argv: [String], in folder: String) async throws {
    let log = FileManager.default.temporaryDirectory.path + "/shipit-made-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let program = try Program(argv, in: folder, log: log)
    var status: Int32?
    try await eventually("\(argv[0]) ends") {
        status = program.ending()
        return status != nil
    }
    guard status == 0 else {
        throw RealServer.Trouble(words: "\(argv.joined(separator: " ")): \(program.said)")
    }
}

/// Waits for a condition, a minute at most.
func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw RealServer.Trouble(words: "it did not come to be that \(what)")
}

/// Whether the programs of a test are there. Where everything must be, their tests run and fail.
func programsAreThere(_ names: String...) -> Bool {
    if ProcessInfo.processInfo.environment["SHIPIT_TEST_REQUIRE"] == "all" { return true }
    let missing = names.filter { name in
        name.hasPrefix("/")
            ? !FileManager.default.isExecutableFile(atPath: name)
            : !searchFolders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
    if !missing.isEmpty { print("skipped: \(missing.joined(separator: ", ")) is not installed") }
    return missing.isEmpty
}

private let searchFolders =
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
    + ["/usr/sbin", "/sbin"]

/// Servers are often where only the superuser's PATH leads.
func program(_ name: String) -> String {
    searchFolders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? name
}
