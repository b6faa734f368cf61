import Foundation
import ShipitCore

/// Reads the values of a plan's secrets. They stay in memory: plan, journal and logs hold the reference alone.
struct SecretReader {
    /// Where relative paths begin and commands start.
    let root: String
    let environment: [String: String]
    /// What a command of `secrets:` may take.
    var commandTimeout: TimeSpan = .seconds(30)

    private static let sizeLimit = 64 << 10
    /// Shorter values cannot be told from ordinary words in a log.
    private static let shortest = 4

    struct Reading {
        var values: [String: String] = [:]
        var warnings: [String] = []
    }

    /// All of them, or a refusal that names every one that is missing and where it should be.
    func read(_ sources: [String: SecretSource]) async throws(CommandFailure) -> Reading {
        var reading = Reading()
        var missing: [String] = []
        for name in sources.keys.sorted() {
            guard let source = sources[name] else { continue }
            switch await value(of: source) {
            case .failure(let absence): missing.append("\(name): \(absence.reason)")
            case .success(let value):
                reading.values[name] = value
                if value.utf8.count < Self.shortest {
                    reading.warnings.append(
                        "secret \(name) is shorter than \(Self.shortest) bytes: it cannot be masked reliably")
                }
            }
        }
        guard missing.isEmpty else {
            let noun = missing.count == 1 ? "a secret is" : "\(missing.count) secrets are"
            throw CommandFailure(
                .refused, "\(noun) missing; nothing was changed\n  " + missing.joined(separator: "\n  "),
                hint: "see `secrets:` of the pipeline")
        }
        return reading
    }

    /// Why a secret has no value; says where it should be, never what was found.
    private struct Absence: Error {
        var reason: String
    }

    private func value(of source: SecretSource) async -> Result<String, Absence> {
        switch source {
        case .environment(let name):
            guard let value = environment[name] else { return absent("the environment variable \(name) is not set") }
            return value.isEmpty ? absent("the environment variable \(name) is empty") : .success(value)
        case .file(let path): return fromFile(path)
        case .command(let argv): return await fromCommand(argv)
        }
    }

    private func absent(_ reason: String) -> Result<String, Absence> { .failure(Absence(reason: reason)) }

    private func fromFile(_ path: String) -> Result<String, Absence> {
        do throws(CommandFailure) {
            let bytes = try FileBytes.read(Place.join(root, path), atMost: Self.sizeLimit, shownAs: "the file \(path)")
            return text(bytes, from: "the file \(path)")
        } catch {
            return absent(error.message)
        }
    }

    private func fromCommand(_ argv: [String]) async -> Result<String, Absence> {
        let name = "the command \(argv.map { ShellWord.quoted($0) }.joined(separator: " "))"
        do throws(SecretCommandError) {
            let output = try await SecretCommand.output(
                of: argv, in: root, environment: environment, atMost: Self.sizeLimit, timeout: commandTimeout)
            return text(output, from: name)
        } catch {
            return absent("\(name) \(error.reason)")
        }
    }

    /// The bytes without the line break at their end, which editors and `echo` leave there.
    private func text(_ bytes: [UInt8], from what: String) -> Result<String, Absence> {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        if bytes.isEmpty { return absent("\(what) gives nothing") }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return absent("\(what) gives bytes that are no text")
        }
        return .success(text)
    }
}

/// Why a command gave no secret.
struct SecretCommandError: Error {
    var reason: String
}

/// Runs a command for what it prints, with the caller's own environment: password managers need all of it.
enum SecretCommand {
    static func output(
        of argv: [String], in folder: String, environment: [String: String], atMost limit: Int, timeout: TimeSpan
    ) async throws(SecretCommandError) -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--"] + argv
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        // What it says to people goes to people; only its output is the secret.
        process.standardError = FileHandle.standardError
        let pipe = Pipe()
        process.standardOutput = pipe
        do { try process.run() } catch {
            throw SecretCommandError(reason: "cannot be started: \(error.localizedDescription)")
        }
        // Our end of what the child writes to; otherwise its end of file never comes.
        try? pipe.fileHandleForWriting.close()
        let reader = pipe.fileHandleForReading.fileDescriptor
        let deadline = ContinuousClock.now + .milliseconds(timeout.milliseconds)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        func stop(_ reason: String) -> SecretCommandError {
            kill(process.processIdentifier, SIGKILL)
            return SecretCommandError(reason: reason)
        }
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw stop("did not end within \(Words.duration(timeout))") }
            var waiting = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 100) > 0 else {
                if !process.isRunning { break }
                continue
            }
            let count = Foundation.read(reader, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw stop("prints more than \(limit >> 10) KiB") }
        }
        while process.isRunning {
            guard ContinuousClock.now < deadline else { throw stop("did not end within \(Words.duration(timeout))") }
            usleep(2000)
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how = process.terminationReason == .exit ? "exit" : "signal"
            throw SecretCommandError(reason: "failed (\(how) \(process.terminationStatus))")
        }
        return bytes
    }
}
