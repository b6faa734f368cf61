import Foundation
import ShipitCore
import ShipitSyntax
import Testing

@testable import ShipitCLI
@testable import ShipitImport

/// Markdown → pipeline → the language's own reader → Markdown.
@Suite(.timeLimit(.minutes(3))) struct RoundTripTests {
    /// Fails unless the pipeline is valid and shows every box of the document in its order, with its tick.
    private func check(_ markdown: String, file: String = "x.md") throws -> ChecklistImport {
        let imported = ChecklistImport(markdown, name: "x", file: file)
        let reading = PipelineReader(catalog: Wiring.catalog).read(Array(imported.yaml.utf8), file: "x.yaml")
        let mistakes = reading.diagnostics.filter { $0.severity == .error }
        #expect(mistakes.map { "\($0.span.line): \($0.message)" } == [], "\(file)")
        let pipeline = try #require(reading.pipeline)
        let again = ChecklistReader.read(ChecklistText.markdown(of: pipeline)).items
        let items = imported.checklist.items
        #expect(again.map(\.isTicked) == items.map(\.isTicked), "\(file)")
        #expect(again.map(\.level) == items.map(\.level), "\(file)")
        let words = items.map { $0.text.isEmpty ? "Line \($0.line)" : $0.text }
        #expect(again.map(\.text) == words, "\(file)")
        for (item, shown) in zip(items, again) {
            #expect(
                Set(item.notes.map(\.trimmed)).isSubset(of: Set(shown.notes.map(\.trimmed))), "\(file):\(item.line)")
        }
        return imported
    }

    @Test func `words that are hard to quote come back as they were`() throws {
        let imported = try check(
            """
            # A "title": with ${{ secrets.X }} and #
            ## 🚀 Première étape: "one" & 'two'
            - [x] Quote " and ' and \\ and `code` and # and : and ${{ github.sha }}
            - [ ] {braces: [and, lists]} & *anchors !tags %YAML @at
            - [ ] tab\tand hidden \u{200B}\u{0085}\u{2028} characters
            - [ ]
            - [ ] twice
            - [ ] twice
              - Note: with ${{ x }}

              ```sh
                indented \\ "code"
              ```
            ## 🚀
            - [ ] \(String(repeating: "long ", count: 400))
            | Check | OK |
            |---|---|
            | a \\| b | [x] |
            """)
        #expect(imported.summary.items == 8)
        #expect(imported.summary.ticked == 2)
        #expect(imported.summary.suites == 2)
    }

    @Test func `checks, thresholds and manual items stand together`() throws {
        let imported = try check(
            """
            # Go live
            **Team Lead**: Release Crew
            ## Servers
            - [ ] **Disk**: enough
              - Command: `df -h /`
              - Expected: > 20GB free space
              - Critical: Must be > 10GB minimum
            - [x] Health endpoint `/health` responding
            - [ ] Try `curl http://localhost:8080/health` yourself
            ## Rollback Procedure
            - [ ] Restore: `./restore latest`
            ## QA Lead Sign-Off
            - [ ] p95 < 200ms
            """)
        #expect(imported.summary.checks == ["disk": 1, "http": 1])
        #expect(imported.summary.manual == 3)
        #expect(imported.summary.thresholds == 2)
        #expect(imported.summary.partlyJudged == 1)
        #expect(imported.summary.ownerless == 2)
        #expect(imported.summary.defaultRole == "release-crew")
        #expect(
            imported.summary.leftCommands.map(\.command) == ["curl http://localhost:8080/health", "./restore latest"])
        #expect(imported.yaml.contains("qa-lead-sign-off: {needs: [servers], checks: qa-lead-sign-off}"))
        #expect(!imported.yaml.contains("checks: rollback-procedure}"))
        #expect(imported.yaml.contains("base-url: \"http://localhost:8080\""))
    }

    @Test func `only suites of ways back still make a pipeline`() throws {
        _ = try check("## Rollback\n- [ ] Restore the backup")
    }

    @Test func `what a pipeline lacks of a document is told`() throws {
        let missing = ChecklistImport.boxes(of: "- [ ] a\n- [ ] b\n- [ ] a", missingIn: "- [x] a\n")
        #expect(missing.map(\.line) == [2, 3])
    }

    @Test func `checklists of one's own come back whole`() throws {
        guard let folder = ProcessInfo.processInfo.environment["SHIPIT_TEST_CHECKLISTS"], !folder.isEmpty else {
            print("skipped: SHIPIT_TEST_CHECKLISTS names no folder with checklists")
            return
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let checklists = files.filter { $0.hasSuffix(".md") || $0.hasSuffix(".txt") }
        #expect(!checklists.isEmpty)
        for file in checklists {
            let imported = try check(String(contentsOfFile: folder + "/" + file, encoding: .utf8), file: file)
            let summary = imported.summary
            print(
                "\(file): \(summary.items) boxes, \(summary.ticked) ticked, \(summary.suites) suites, "
                    + "\(summary.judged) checks, \(summary.manual) manual, \(summary.thresholds) thresholds")
        }
    }
}
