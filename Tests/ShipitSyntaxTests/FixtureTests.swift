import Foundation
import ShipitCore
import ShipitSyntax
import Testing

/// Each `Fixtures/x.yaml` reads as `Fixtures/x.expected` says, to the letter. After a change that was meant,
/// `SHIPIT_RECORD=1 swift test --filter FixtureTests` writes the expectations anew; then read what git shows.
@Suite(.timeLimit(.minutes(3)))
struct FixtureTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        // An unreadable folder gives no names, and the count below fails.
        return (files ?? []).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    /// What fixtures include lies in `Fixtures/parts`, where it is no fixture of its own.
    @Sendable static func load(_ path: String) throws(IncludeRefusal) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: folder.appending(path: path).path) else {
            throw IncludeRefusal("is not there")
        }
        return Array(data)
    }

    @Test(arguments: names)
    func `a fixture is read as expected`(name: String) throws {
        let bytes = try Array(Data(contentsOf: Self.folder.appending(path: name + ".yaml")))
        let file = "pipelines/\(name).yaml"
        let reading = PipelineReader(catalog: testCatalog, zones: TestZones())
            .read(bytes, file: file, loader: Self.load)
        let actual = DiagnosticRenderer(sources: reading.sources).render(reading.diagnostics)
        let place = Self.folder.appending(path: name + ".expected")
        if ProcessInfo.processInfo.environment["SHIPIT_RECORD"] != nil {
            try Data(actual.utf8).write(to: place)
        }
        let expected = try String(contentsOf: place, encoding: .utf8)
        #expect(actual == expected, "\(difference(expected, actual))")
        let hasErrors = reading.diagnostics.contains { $0.severity == .error }
        #expect((reading.pipeline == nil) == hasErrors)
        #expect(!reading.diagnostics.isEmpty)
    }

    @Test func `there are fixtures for every kind of mistake`() {
        #expect(Self.names.count >= 120)
    }

    @Test func `every expectation has its input`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let expectations = files.filter { $0.hasSuffix(".expected") }.map { String($0.dropLast(9)) }
        #expect(expectations.sorted() == Self.names)
    }

    /// The lines that differ, as `-` expected and `+` found.
    private func difference(_ expected: String, _ actual: String) -> String {
        let (old, new) = (expected.components(separatedBy: "\n"), actual.components(separatedBy: "\n"))
        return new.difference(from: old).map { change in
            switch change {
            case .remove(let line, let text, _): "-\(line + 1): \(text)"
            case .insert(let line, let text, _): "+\(line + 1): \(text)"
            }
        }.joined(separator: "\n")
    }
}
