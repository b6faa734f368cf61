import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct SARIFTests {
    private let diagnostics = [
        Diagnostic(
            .error, "unknown-key", "stage \"a\" has no key \"rnu\"",
            at: Span(file: "pipelines/über uns.yaml", line: 4, column: 5, length: 3), hint: "did you mean \"run\"?"),
        Diagnostic(
            .warning, "claimed-person", "\"cat\" signs by name alone",
            at: Span(file: "pipelines/a.yaml", line: 1, column: 1)),
    ]

    private func run() throws -> [String: Any] {
        let log = try JSONSerialization.jsonObject(with: Data(SARIF.text(diagnostics).utf8)) as? [String: Any]
        #expect(log?["version"] as? String == "2.1.0")
        return try #require((log?["runs"] as? [[String: Any]])?.first)
    }

    @Test func `each diagnostic is a result with its rule, level and place`() throws {
        let run = try run()
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.map { $0["level"] as? String } == ["error", "warning"])
        let driver = try #require((run["tool"] as? [String: [String: Any]])?["driver"])
        let rules = try #require(driver["rules"] as? [[String: Any]]).map { $0["id"] as? String }
        #expect(rules == ["claimed-person", "unknown-key"])
        #expect(SARIF.text(diagnostics).contains(#""defaultConfiguration": {"level": "warning"}"#))
        #expect(results.map { $0["ruleIndex"] as? Int } == [1, 0])
        let text = SARIF.text(diagnostics)
        #expect(text.contains(#""uri": "pipelines/%C3%BCber%20uns.yaml""#))
        #expect(text.contains(#""startLine": 4"#))
        #expect(text.contains(#""endColumn": 8"#))
        #expect(text.contains(#"has no key \"rnu\" (did you mean \"run\"?)"#))
    }

    @Test func `without diagnostics there is a run without results`() throws {
        let log = try JSONSerialization.jsonObject(with: Data(SARIF.text([]).utf8)) as? [String: Any]
        let run = try #require((log?["runs"] as? [[String: Any]])?.first)
        #expect((run["results"] as? [Any])?.isEmpty == true)
    }
}
