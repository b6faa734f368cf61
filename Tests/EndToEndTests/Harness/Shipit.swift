import Foundation
import Glibc
import Testing

/// A `shipit` that has ended.
struct Shipit: Sendable, CustomStringConvertible {
    var arguments: [String]
    var ending: ChildProcess.Ending
    var stdout: String
    var stderr: String

    /// `nil` when a signal ended it.
    var exitCode: Int32? {
        guard case .code(let code) = ending else { return nil }
        return code
    }

    /// Both streams: for words of which it doesn't matter where they stand.
    var printed: String { stdout + stderr }

    var json: JSON {
        get throws { try JSON(parsing: stdout) }
    }

    /// One document a line.
    var lines: [JSON] {
        get throws { try stdout.split(separator: "\n").map { try JSON(parsing: String($0)) } }
    }

    var description: String {
        "shipit \(arguments.joined(separator: " ")): \(ending)\n\(stdout)\n--- stderr\n\(stderr)"
    }

    /// Expects the exit code; everything it printed is in the failure.
    @discardableResult
    func exits(_ code: Int32, sourceLocation: SourceLocation = #_sourceLocation) -> Shipit {
        #expect(exitCode == code, "\(self)", sourceLocation: sourceLocation)
        return self
    }

    /// Expects these words somewhere in what it printed, whatever their case.
    @discardableResult
    func says(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) -> Shipit {
        for word in words {
            #expect(
                printed.range(of: word, options: .caseInsensitive) != nil, "it doesn't say \"\(word)\": \(self)",
                sourceLocation: sourceLocation)
        }
        return self
    }
}

extension ScratchProject {
    /// Runs shipit to its end. One that takes longer than a minute hangs: it is ended, and the test with it.
    @discardableResult
    func shipit(
        _ arguments: String..., folder: String? = nil, variables: [String: String] = [:],
        within: Duration = .seconds(60)
    ) async throws -> Shipit {
        let process = try launch(arguments, folder: folder, variables: variables)
        return try await finish(process, within: within)
    }

    /// The same with a list of arguments.
    @discardableResult
    func shipit(arguments: [String], variables: [String: String] = [:]) async throws -> Shipit {
        try await finish(try launch(arguments, folder: nil, variables: variables))
    }

    /// Starts shipit and lets it run.
    func start(_ arguments: String..., variables: [String: String] = [:]) throws -> ChildProcess {
        try launch(arguments, folder: nil, variables: variables)
    }

    /// The same with a list of arguments.
    func start(arguments: [String], variables: [String: String] = [:]) throws -> ChildProcess {
        try launch(arguments, folder: nil, variables: variables)
    }

    /// Waits for the end of one that was started.
    func finish(_ process: ChildProcess, within: Duration = .seconds(60)) async throws -> Shipit {
        let ending = try await process.ending(within: within)
        return Shipit(
            arguments: Array(process.arguments.dropFirst()), ending: ending, stdout: process.standardOutput,
            stderr: process.standardError)
    }

    /// As `kill -9` does it; returns when it is gone.
    func killNow(_ process: ChildProcess) async throws {
        process.signal(SIGKILL)
        _ = try await process.ending(within: .seconds(10))
    }

    private func launch(_ arguments: [String], folder: String?, variables: [String: String]) throws -> ChildProcess {
        try ChildProcess(
            [try Binaries.shipit()] + arguments, folder: folder ?? root,
            variables: self.variables.merging(variables) { $1 }, output: nextOutput())
    }

    // MARK: Looking

    /// `status RUN --output json`.
    func status(_ run: String = "latest") async throws -> JSON {
        let status = try await shipit("status", run, "--output", "json")
        try #require(status.exitCode == 0, "\(status)")
        return try status.json
    }

    func state(of stage: String) async throws -> JSON { try await status()["stages"].first("name", stage) }

    /// The id of the newest run.
    func latestRun() async throws -> String { try #require(try await status()["run"]["id"].string) }

    func journal(_ run: String = "latest") async throws -> [JSON] {
        let journal = try await shipit("journal", run, "--output", "jsonl")
        try #require(journal.exitCode == 0, "\(journal)")
        return try journal.lines
    }
}
