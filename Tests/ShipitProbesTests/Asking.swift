import FoundationEssentials
public import ShipitCore
import ShipitEngine

/// Foundation has a type of this name, too.
typealias Measurement = ShipitEngine.Measurement

func ask(
    _ probe: any Probe, _ subject: ResolvedValue, _ fields: [String: ResolvedValue] = [:],
    timeout: TimeSpan = .seconds(10), in directory: String = "/", variables: [String: String] = searchPath,
    secrets: [String] = []
) async -> Measurement {
    await probe.measure(
        ResolvedProbe(
            subject: subject, fields: fields, timeout: timeout, directory: directory, variables: variables,
            secretValues: secrets))
}

func ask(
    _ probe: any Probe, _ subject: String, _ fields: [String: ResolvedValue] = [:], timeout: TimeSpan = .seconds(10),
    in directory: String = "/", variables: [String: String] = searchPath, secrets: [String] = []
) async -> Measurement {
    await ask(
        probe, .text(subject), fields, timeout: timeout, in: directory, variables: variables, secrets: secrets)
}

let searchPath = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]

extension ResolvedValue: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self = .text(text) }
}

/// A folder that is gone when the test is over.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.path + "/shipit-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
