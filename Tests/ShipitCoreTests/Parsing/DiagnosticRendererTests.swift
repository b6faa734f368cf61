import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DiagnosticRendererTests {
    private let file = "pipelines/web.yaml"

    private func render(_ source: String, line: Int, column: Int, length: Int = 1, hint: String? = nil) -> String {
        let diagnostic = Diagnostic(
            .error, "unknown-stage", "stage \"release\" needs \"biuld\", which no stage defines",
            at: Span(file: file, line: line, column: column, length: length), hint: hint)
        return DiagnosticRenderer(sources: [file: Array(source.utf8)]).render(diagnostic)
    }

    @Test func `the layout is that of the style page`() {
        let source = String(repeating: "\n", count: 13) + "    needs: [biuld]\n"
        #expect(
            render(source, line: 14, column: 13, length: 5, hint: "did you mean \"build\"?") == """
                error[unknown-stage]: stage "release" needs "biuld", which no stage defines
                  --> pipelines/web.yaml:14:13
                   |
                14 |     needs: [biuld]
                   |             ^^^^^
                   = hint: did you mean "build"?
                """)
    }

    @Test func `line numbers of other widths keep the bar in one column`() {
        #expect(render("ab", line: 1, column: 2).contains("\n 1 | ab\n   |  ^"))
        let source = String(repeating: "\n", count: 999) + "ab"
        #expect(
            render(source, line: 1000, column: 1).contains(
                "    --> pipelines/web.yaml:1000:1\n     |\n1000 | ab\n     | ^"))
    }

    @Test func `columns count characters, and tabs stay tabs`() {
        #expect(render("größe: x", line: 1, column: 8).contains("größe: x\n   |        ^"))
        #expect(render("\tkey: x", line: 1, column: 2, length: 3).contains("\tkey: x\n   | \t^^^"))
    }

    @Test func `the underline ends with the line`() {
        #expect(render("ab", line: 1, column: 1, length: 50).hasSuffix("| ^^"))
        #expect(render("ab", line: 1, column: 3, length: 5).hasSuffix("|   ^"))
        #expect(render("", line: 1, column: 1).hasSuffix("| ^"))
    }

    @Test func `all line ends are understood, and a byte order mark is no character`() {
        #expect(render("\u{FEFF}a: b\r\nc: d\re: f\n", line: 2, column: 1).contains(" 2 | c: d\n"))
        #expect(render("\u{FEFF}a: b\r\nc: d\re: f\n", line: 3, column: 1).contains(" 3 | e: f\n"))
        #expect(render("\u{FEFF}a: b", line: 1, column: 1).contains(" 1 | a: b\n   | ^"))
    }

    @Test func `nothing of the file reaches the terminal as a command`() {
        let text = render("a: \u{1B}[31m\u{202E}b\u{7}", line: 1, column: 1)
        #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E || $0.value == 7 })
        #expect(text.contains("a: \u{FFFD}[31m\u{FFFD}b\u{FFFD}"))
    }

    @Test func `a long line is cut around the place`() throws {
        let source = String(repeating: "x", count: 5000) + "HERE" + String(repeating: "y", count: 5000)
        let lines = render(source, line: 1, column: 5001, length: 4).split(separator: "\n")
        let shown = Array(lines[3])
        let carets = Array(lines[4])
        let start = try #require(carets.firstIndex(of: "^"))
        #expect(String(shown[start..<(start + 4)]) == "HERE")
        #expect(shown.count < 180)
        #expect(lines[3].hasSuffix("…"))
    }

    @Test func `a place outside the file, or in a file that is not at hand, is named all the same`() {
        #expect(render("a", line: 7, column: 3).hasSuffix("--> pipelines/web.yaml:7:3"))
        let elsewhere = Diagnostic(.warning, "x", "y", at: Span(file: "other", line: 1, column: 1))
        #expect(DiagnosticRenderer(sources: [:]).render(elsewhere) == "warning[x]: y\n  --> other:1:1")
    }

    @Test func `several are set apart by an empty line`() {
        let one = Diagnostic(.warning, "x", "y", at: Span(file: "f", line: 1, column: 1))
        #expect(
            DiagnosticRenderer(sources: [:]).render([one, one])
                == "warning[x]: y\n  --> f:1:1\n\nwarning[x]: y\n  --> f:1:1\n")
        #expect(DiagnosticRenderer(sources: [:]).render([]) == "")
    }
}
