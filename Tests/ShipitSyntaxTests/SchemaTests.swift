import Foundation
import ShipitCore
import ShipitSyntax
import Testing

/// The schema beside the reader, by an independent validator: whatever the reader takes the schema takes, and each mistake
/// that a schema can see it refuses, on the line where the reader does.
@Suite(.timeLimit(.minutes(5)), .needsJSONSchema)
struct SchemaTests {
    /// Mistakes that no schema sees, for it looks at one value and its neighbours: by code, with a part of the message where
    /// only some mistakes of the code are meant, and why.
    private static let unseen: [(code: String, message: String, why: String)] = [
        ("alias-cycle", "", "aliases are resolved before"), ("bad-merge", "", "merge keys are resolved before"),
        ("duplicate-key", "", "YAML tools keep one of them"), ("too-deep", "", "size"),
        ("too-many-aliases", "", "size"),
        ("hidden-character", "", "characters"),
        // Names that must exist elsewhere, or must not exist twice.
        ("ambiguous-item", "", "names"), ("ambiguous-name", "", "names"), ("cycle", "", "names"),
        ("duplicate-name", "", "names"), ("impossible-quorum", "", "names"), ("output-not-upstream", "", "names"),
        ("promotion-circle", "", "names"), ("nowhere-to-rehearse", "", "names"), ("self-need", "", "names"),
        ("unknown-check", "", "names"),
        ("unknown-output", "", "names"), ("unknown-person", "", "names"), ("unknown-role", "", "names"),
        ("unknown-source", "", "names"), ("unknown-stage", "", "names"), ("unknown-suite", "", "names"),
        ("unknown-variable", "", "names"), ("unknown-secret", "", "names"), ("unknown-word", "\"from\"", "names"),
        ("unknown-word", "\"environment\"", "names"), ("root-person", "", "one text of all"),
        ("same-person", "", "two values far apart"), ("password-in-url", "", "the parts of a URL"),
        // What is in other files.
        ("unreadable-include", "", "files"), ("include-cycle", "", "files"), ("too-many-includes", "", "files"),
        ("bad-include", "", "the parts of a path"), ("defined-twice", "", "files"),
        // What stands in ${{ … }}, and where it has a meaning.
        ("bad-reference", "", "references"), ("reference-not-allowed", "known", "references"),
        ("reference-not-allowed", "has a meaning only", "references"), ("secret-not-allowed", "", "references"),
        ("skipped-output", "", "references"),
        // Beyond a regular expression.
        ("bad-condition", "\"if\"", "the grammar of conditions"), ("bad-quantity", "finer than", "arithmetic"),
        ("bad-quantity", "too large", "arithmetic"), ("bad-number", "\"0x10\"", "YAML makes a number of it"),
        ("bad-number", "\"1e1\"", "YAML makes a number of it"), ("bad-number", "\"2.0\"", "YAML makes a number of it"),
        ("bad-quantity", "\".nan\"", "YAML makes a number of it"),
        ("bad-result", "comes never", "the order of clauses"), ("bad-result", "twice", "the order of clauses"),
        ("unknown-metric", "p100", "arithmetic"), ("bad-name", "cannot be an item", "names of stages"),
        ("bad-name", "cannot name a remote", "options of git"),
        ("empty-value", "names no program", "the first of a list"),
        // One value that forbids or demands another.
        ("no-baseline", "", "what another key demands"), ("short-baseline", "", "arithmetic"),
        ("unknown-metric", "counts nothing", "what another value is"),
        ("bad-quantity", "one difference of each unit", "items beside one another"),
        ("bad-number", "\"significance\"", "bounds that are no whole numbers"),
        ("conflicting-keys", "during the baseline", "what another key excludes"),
        ("bad-blocks", "", "the type of another field"), ("missing-unit", "\"blocks\"", "the type of another field"),
        ("bad-cron", "", "the grammar of cron"), ("missing-key", "to which environment", "names"),
        ("bad-quantity", "longer than a day", "arithmetic"),
        ("missing-key", "reversible until", "a value's consequence"),
        ("missing-key", "not told what it answers", "a value's consequence"),
        ("conflicting-keys", "excludes", "a value's consequence"),
        ("conflicting-keys", "looks at the work tree", "a value's consequence"),
        ("misplaced-key", "is about work", "what one kind of stage leaves out"),
        ("bad-result", "only waits", "what another stage is"),
        ("bad-result", "only notifies", "what another stage is"),
        ("not-a-plugin", "", "where an action comes from"),
        ("reference-not-allowed", "may not be there", "references"),
        ("duplicate-host", "", "names"), ("unknown-hosts", "", "names"), ("missing-hosts", "", "names"),
        ("bad-host", "is no host that ssh could reach", "numbers"),
        ("misplaced-key", "has no run:", "what one kind of stage leaves out"),
        ("misplaced-key", "is about hosts", "what another key demands"),
        ("conflicting-keys", "not both", "what another key excludes"),
        ("conflicting-keys", "is ended with it", "what another key excludes"),
        ("missing-key", "allows nothing and denies nothing", "one of two"), ("unknown-zone", "", "names"),
        ("never-open", "", "what windows amount to"), ("bad-window", "is no day of the week", "names"),
        ("bad-window", "is no time of day", "numbers"), ("bad-window", "ends when it begins", "what it amounts to"),
        ("bad-window", "is no date", "the calendar"), ("bad-window", "comes before the first", "the calendar"),
    ]

    private func isUnseen(_ error: Diagnostic) -> Bool {
        Self.unseen.contains { $0.code == error.code && ($0.message.isEmpty || error.message.contains($0.message)) }
    }

    @Test func `what no schema sees is part of the language`() {
        for (code, _, _) in Self.unseen { #expect(Explanation.of(code) != nil, "\(code)") }
    }

    @Test func `what the reader takes the schema takes, and each mistake that it can see it refuses in its place`()
        throws
    {
        let folder = FixtureTests.folder
        let files = FixtureTests.names.map { folder.appending(path: $0 + ".yaml").path }
        let found = try SchemaValidator.mistakes(in: files, by: PipelineSchema.of(testCatalog))
        for (name, file) in zip(FixtureTests.names, files) {
            let bytes = try Array(Data(contentsOf: URL(filePath: file)))
            let reading = PipelineReader(catalog: testCatalog, zones: TestZones())
                .read(bytes, file: file, loader: FixtureTests.load)
            // An editor looks at one file.
            let errors = reading.diagnostics.filter { $0.severity == .error && $0.span.file == file }
            let mistakes = try #require(found[file])
            if errors.isEmpty { #expect(mistakes.isEmpty, "\(name): \(mistakes)") }
            if mistakes.contains(where: { $0.line == 0 }) { continue }
            for error in errors where !isUnseen(error) {
                // An input that is missing is missed where the others are, and reported where the action is named.
                let isInput = error.code == "missing-input"
                let isRefused = mistakes.contains {
                    $0.line == error.span.line || (isInput && $0.message.contains("required property"))
                }
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
