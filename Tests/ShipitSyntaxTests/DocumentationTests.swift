import Foundation
import ShipitCore
import ShipitSyntax
import Testing

/// The codes of the sources and those of docs/diagnostics.md are the same.
@Suite(.timeLimit(.minutes(3)))
struct DocumentationTests {
    private static let root = URL(filePath: #filePath)
        .resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func emittedCodes() throws -> Set<String> {
        let syntax = Self.root.appending(path: "Sources/ShipitSyntax")
        let quantities = Self.root.appending(path: "Sources/ShipitCore/Threshold/QuantityError.swift")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: syntax.path).filter { $0.hasSuffix(".swift") }
        var codes: Set<String> = []
        for path in paths {
            let text = try String(contentsOf: syntax.appending(path: path), encoding: .utf8)
            let calls = /(?:\.error\(|\.warning\(|Refusal\(|Diagnostic\(\s*\.(?:error|warning),)\s*"([a-z0-9-]+)"/
            codes.formUnion(text.matches(of: calls).map { String($0.1) })
            codes.formUnion(text.matches(of: /\berror\(\s*"([a-z0-9-]+)"/).map { String($0.1) })
        }
        let text = try String(contentsOf: quantities, encoding: .utf8)
        codes.formUnion(text.matches(of: /case [^:\n]*: "([a-z]+-[a-z]+)"/).map { String($0.1) })
        return codes
    }

    /// Otherwise the tests below would look past it.
    @Test func `every code is written out where it is emitted`() throws {
        let syntax = Self.root.appending(path: "Sources/ShipitSyntax")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: syntax.path).filter { $0.hasSuffix(".swift") }
        var others: [String] = []
        for path in paths where !path.hasPrefix("Explanations/") {
            let text = try String(contentsOf: syntax.appending(path: path), encoding: .utf8)
            let calls =
                /(?:\b(?:error|warning)\(|Refusal\(|Diagnostic\(\s*\.(?:error|warning),)\s*([a-z_][A-Za-z_.]*)\b/
            others += text.matches(of: calls).map { "\(path): \($0.1)" }.filter { !$0.hasSuffix(": _") }
        }
        // What passes a code on, and the codes of quantities, which are read where they are written.
        #expect(
            others.sorted() == [
                "Decoding/Scalars.swift: quantity.code", "Reading.swift: code", "Reading.swift: code",
                "YAML/SourceText.swift: code",
            ])
    }

    @Test func `every code is explained, and none that does not exist`() throws {
        let explained = Explanation.all.map(\.code)
        #expect(Set(explained).count == explained.count)
        let emitted = try emittedCodes()
        #expect(emitted.count > 50)
        #expect(emitted.subtracting(explained).sorted() == [])
        #expect(Set(explained).subtracting(emitted).sorted() == [])
    }

    /// `SHIPIT_RECORD=1 swift test --filter DocumentationTests` writes the tables anew.
    @Test func `docs/diagnostics.md is made of the explanations`() throws {
        let file = Self.root.appending(path: "docs/diagnostics.md")
        let document = try String(contentsOf: file, encoding: .utf8)
        let head = try #require(document.range(of: "\n## ")).lowerBound
        let made = document[..<head] + Explanation.chapters.map(markdown).joined()
        if ProcessInfo.processInfo.environment["SHIPIT_RECORD"] != nil { try Data(made.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == made)
    }

    private func markdown(_ chapter: ExplanationChapter) -> String {
        let rows = chapter.explanations.map { explanation in
            let severity = explanation.severity == .warning ? "warning: " : ""
            // A bar would end the cell.
            let (meaning, remedy) = (explanation.meaning, explanation.remedy.replacing("||", with: #"\|\|"#))
            return "| `\(explanation.code)` | \(severity)\(meaning) | \(remedy) |\n"
        }
        return "\n## \(chapter.title)\n\n| code | what it means | what to do |\n| --- | --- | --- |\n" + rows.joined()
    }

    @Test func `the severity of an explanation is the one that is shown`() throws {
        let folder = Self.root.appending(path: "Tests/ShipitSyntaxTests/Fixtures")
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(".expected") {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            for match in text.matches(of: /(?m)^(error|warning)\[([a-z0-9-]+)\]/) {
                let explanation = try #require(Explanation.of(String(match.2)))
                #expect(explanation.severity.rawValue == match.1, "\(match.2) in \(file)")
            }
        }
    }

    @Test func `every code has a fixture`() throws {
        let folder = Self.root.appending(path: "Tests/ShipitSyntaxTests/Fixtures")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".expected")
        }
        var shown: Set<String> = []
        for file in files {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            shown.formUnion(text.matches(of: /(?m)^(?:error|warning)\[([a-z0-9-]+)\]/).map { String($0.1) })
        }
        // These take files of megabytes, which LimitTests make.
        let large: Set = ["file-too-large", "too-many-nodes"]
        #expect(try emittedCodes().subtracting(shown).subtracting(large).sorted() == [])
    }
}
