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
    func read(_ sources: [String: SecretSource]) throws(CommandFailure) -> Reading {
        var reading = Reading()
        var missing: [String] = []
        for name in sources.keys.sorted() {
            guard let source = sources[name] else { continue }
            switch value(of: source) {
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

    private func value(of source: SecretSource) -> Result<String, Absence> {
        switch source {
        case .environment(let name):
            guard let value = environment[name] else { return absent("the environment variable \(name) is not set") }
            return value.isEmpty ? absent("the environment variable \(name) is empty") : .success(value)
        case .file(let path): return fromFile(path)
        case .command(let argv): return fromCommand(argv)
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

    private func fromCommand(_ argv: [String]) -> Result<String, Absence> {
        let name = "the command \(argv.map { ShellWord.quoted($0) }.joined(separator: " "))"
        do throws(CapturedCommandError) {
            let output = try CapturedCommand.output(
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
