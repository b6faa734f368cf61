import Foundation
import ShipitCore
import ShipitSyntax
import Testing

/// The schema beside the reader, by an independent validator: whatever the reader takes the schema takes, and each mistake
/// that a schema can see it refuses, on the line where the reader does.
@Suite(.timeLimit(.minutes(5)), .needsJSONSchema)
struct SchemaTests {
    /// Codes of mistakes that are no affair of one value and its neighbours, so that no schema sees them.
    private static let unseen: [String: String] = [
        "alias-cycle": "aliases are resolved before", "ambiguous-item": "names", "ambiguous-name": "names",
        "bad-merge": "merge keys are resolved before", "bad-reference": "what stands in ${{ }}",
        "cycle": "names", "duplicate-key": "YAML tools keep one of them", "duplicate-name": "names",
        "file-too-large": "bytes", "hidden-character": "bytes", "impossible-quorum": "a count of names",
        "item-outside-group": "what stands in ${{ }}", "instance-outside": "what stands in ${{ }}",
        "no-such-output": "names", "not-a-source": "", "not-upstream": "names", "optional-output": "names",
        "password-in-url": "what stands in a URL", "promotion-circle": "names", "root-person": "one text of all",
        "same-person": "two values", "secret-default": "what stands in ${{ }}", "secret-use": "what stands in ${{ }}",
        "self-need": "names", "too-deep": "size", "too-many-aliases": "size", "too-many-nodes": "size",
        "unknown-check": "names", "unknown-output": "names", "unknown-person": "names", "unknown-role": "names",
        "unknown-source": "names", "unknown-stage": "names", "unknown-suite": "names", "unknown-variable": "names",
        "unknown-secret": "names",
    ]

    @Test func `what the reader takes the schema takes, and each mistake that it can see it refuses in its place`() throws {
        let folder = FixtureTests.folder
        let files = FixtureTests.names.map { folder.appending(path: $0 + ".yaml").path }
        let found = try SchemaValidator.mistakes(in: files, by: PipelineSchema.of(testCatalog))
        for (name, file) in zip(FixtureTests.names, files) {
            let bytes = try Array(Data(contentsOf: URL(filePath: file)))
            let reading = PipelineReader(catalog: testCatalog).read(bytes, file: file)
            let errors = reading.diagnostics.filter { $0.severity == .error }
            let mistakes = try #require(found[file])
            if errors.isEmpty { #expect(mistakes.isEmpty, "\(name): \(mistakes)") }
            if mistakes.contains(where: { $0.line == 0 }) { continue }
            for error in errors where Self.unseen[error.code] == nil {
                let isRefused = mistakes.contains { $0.line == error.span.line }
                #expect(isRefused, "\(name):\(error.span.line): \(error.code): \(error.message)")
            }
        }
    }
}

/// Python's jsonschema, by `Tests/Schema/validate`.
enum SchemaValidator {
    struct Failed: Error { var output: String }

    static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Schema/validate").path

    /// By file.
    static func mistakes(in files: [String], by schema: SchemaNode) throws -> [String: [(line: Int, message: String)]] {
        let place = FileManager.default.temporaryDirectory.appending(path: "shipit-schema-\(UUID().uuidString).json")
        try JSONSerialization.data(withJSONObject: schema.json).write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }
        let output = try run([script, place.path] + files)
        let object = try JSONSerialization.jsonObject(with: output)
        let found = try #require(object as? [String: [[Any]]])
        return found.mapValues { $0.map { (line: $0[0] as? Int ?? 0, message: $0[1] as? String ?? "") } }
    }

    static func run(_ words: [String]) throws -> Data {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = words
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(output: String(decoding: data, as: UTF8.self)) }
        return data
    }
}

extension SchemaNode {
    var json: Any {
        switch self {
        case .text(let text): text
        case .integer(let number): number
        case .flag(let flag): flag
        case .list(let nodes): nodes.map(\.json)
        case .object(let members):
            Dictionary(members.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where the validator is not installed and needn't be.
    static var needsJSONSchema: Self {
        let isThere = (try? SchemaValidator.run(["-c", "import jsonschema, yaml"])) != nil
        return .enabled(
            if: isThere || ProcessInfo.processInfo.environment["SHIPIT_TEST_REQUIRE"] == "all",
            "python3-jsonschema and python3-yaml are not installed")
    }
}
