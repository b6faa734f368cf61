import Foundation
import ShipitCore
import ShipitEngine
import Testing

/// A server of another project, on a port of its own, for as long as a test needs it.
final class RealServer {
    private let process = Process()
    private let log: String

    /// Starts it, and waits until it can be connected to.
    init(_ argv: [String], in folder: String, port: UInt16, environment: [String: String] = [:]) async throws {
        log = "\(folder)/\((argv[0] as NSString).lastPathComponent)-\(port).log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else { throw Trouble(words: "no \(log)") }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = argv
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try await eventually("\(argv[0]) listens on \(port)") {
            guard self.process.isRunning else { throw Trouble(words: "\(argv[0]) ended: \(self.said)") }
            return await Self.accepts(port)
        }
    }

    struct Trouble: Error, CustomStringConvertible {
        var words: String
        var description: String { words }
    }

    private var said: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    func stop() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }

    private static func accepts(_ port: UInt16) async -> Bool {
        await ask(tcpProbe, "127.0.0.1:\(port)", timeout: .seconds(1)).verdict == .passed
    }
}

/// Runs a program that makes what a test needs.
func make(_ argv: [String], in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = argv
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw RealServer.Trouble(words: "\(argv.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
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
