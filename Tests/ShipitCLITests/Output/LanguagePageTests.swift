import Foundation
import ShipitSyntax
import Testing

@testable import ShipitCLI

/// docs/language.md is made of what the decoders say of their keys, and of what actions and probes say of themselves.
@Suite(.timeLimit(.minutes(3)))
struct LanguagePageTests {
    private static let file = URL(filePath: #filePath)
        .resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/language.md")

    /// `SHIPIT_RECORD=1 swift test --filter LanguagePageTests` writes it anew.
    @Test func `the reference is made of the sources`() throws {
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        let mark = try #require(document.range(of: "writes it anew. -->\n")).upperBound
        let made = document[..<mark] + "\n" + LanguageReference.markdown(of: Wiring.catalog)
        if ProcessInfo.processInfo.environment["SHIPIT_RECORD"] != nil { try Data(made.utf8).write(to: Self.file) }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == made)
    }

    @Test func `every link within it leads somewhere`() throws {
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        let anchors = document.matches(of: /(?m)^#+ (.*)$/).map { heading in
            heading.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == " " }
                .replacing(" ", with: "-")
        }
        #expect(Set(anchors).count == anchors.count)
        for link in document.matches(of: /\]\(#([^)]*)\)/) { #expect(anchors.contains(String(link.1)), "\(link.1)") }
    }
}
