import Foundation
import Testing

/// `shipit schema` before an independent validator (Python's jsonschema).
@Suite(.timeLimit(.minutes(3)), .needsBinaries, .needsJSONSchema)
struct SchemaTests {
    private static let root = URL(filePath: #filePath)
        .resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the project's own pipelines and a first one are as the schema says`() async throws {
        let project = try await ScratchProject(nil, files: ["alembic.ini": "", "var/app.db": "", "compose.yaml": ""])
        try await project.shipit("init").exits(0)
        let written = project.path("pipelines/deploy.yaml")
        #expect(
            try String(contentsOfFile: written, encoding: .utf8).hasPrefix(
                "# yaml-language-server: $schema=.schema.json\n"))
        let schema = try await project.shipit("schema").exits(0)
        #expect(project.read("pipelines/.schema.json") == schema.stdout)

        let own = ["pipelines", "examples/bulletin/pipelines"].flatMap { folder in
            let files = try? FileManager.default.contentsOfDirectory(atPath: Self.root.path + "/" + folder)
            return (files ?? []).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.map {
                Self.root.path + "/" + folder + "/" + $0
            }
        }
        #expect(!own.isEmpty)
        let misspelt = project.path("misspelt.yaml")
        try Data("shipit: 1\nstages:\n  build: {run: make, timeuot: 5m}\n".utf8).write(to: URL(filePath: misspelt))
        let mistakes = try JSONSchema.mistakes(
            in: own + [written, misspelt], by: project.path("pipelines/.schema.json"))

        for file in own + [written] { #expect(mistakes[file]?.isEmpty == true, "\(file): \(mistakes[file] ?? [])") }
        #expect(mistakes[misspelt]?.contains { $0.contains("timeuot") } == true)
    }

    @Test func `a schema of shipit's is brought up to date, and a file of somebody else's is left`() async throws {
        let project = try await ScratchProject(
            nil, files: ["pipelines/.schema.json": #"{"$id": "urn:shipit:pipeline:0"}"#])
        try await project.shipit("init", "--kind", "commands").exits(0)
        #expect(project.read("pipelines/.schema.json")?.contains("additionalProperties") == true)

        try Data("mine".utf8).write(to: URL(filePath: project.path("pipelines/.schema.json")))
        try await project.shipit("init", "--kind", "commands", "--pipeline", "other").exits(0)
        #expect(project.read("pipelines/.schema.json") == "mine")
    }
}

enum JSONSchema {
    struct Failed: Error { var output: String }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Schema/validate").path

    /// What is wrong, by file.
    static func mistakes(in files: [String], by schema: String) throws -> [String: [String]] {
        let object = try JSONSerialization.jsonObject(with: try run([script, schema] + files))
        let found = try #require(object as? [String: [[Any]]])
        return found.mapValues { $0.map { "line \($0[0]): \($0[1])" } }
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

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where the validator is not installed and needn't be.
    static var needsJSONSchema: Self {
        let isThere = (try? JSONSchema.run(["-c", "import jsonschema, yaml"])) != nil
        return .enabled(
            if: isThere || Binaries.areRequired, "python3-jsonschema and python3-yaml are not installed")
    }
}
