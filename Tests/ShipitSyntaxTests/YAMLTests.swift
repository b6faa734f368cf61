import ShipitCore
import ShipitSyntax
import Testing

/// YAML as the language takes it.
@Suite(.timeLimit(.minutes(3)))
struct YAMLTests {
    @Test func `anchors, aliases and merge keys share what is written once`() throws {
        let pipeline = try pipeline(
            """
            shipit: 1
            x-slow: &slow {timeout: 2h, retry: &twice {attempts: 2}}
            x-quick: &quick {timeout: 1m, kill-after: 1s}
            stages:
              a: {<<: *slow, run: x}
              b: {<<: *slow, run: x, timeout: 3h}
              c: {<<: [*quick, *slow], run: x}
              d: {run: x, retry: *twice}
              e: {run: x, <<: {timeout: 4m}}
            """)
        #expect(pipeline.stages.map(\.timeout) == [.hours(2), .hours(3), .minutes(1), .hours(1), .minutes(4)])
        #expect(pipeline.stages.map(\.retry.attempts) == [2, 2, 2, 2, 1])
        #expect(pipeline.stages[2].killAfter == .seconds(1))
    }

    @Test func `a quoted merge key is a key like any other`() {
        #expect(codes("shipit: 1\nx-a: &a {timeout: 1m}\nstages: {a: {\"<<\": *a, run: x}}") == ["unknown-key"])
    }

    @Test func `an anchor may be set anew`() throws {
        let pipeline = try pipeline(
            "shipit: 1\nx-a: &t {timeout: 1m}\nx-b: &t {timeout: 2m}\nstages: {a: {<<: *t, run: x}}")
        #expect(pipeline.stages[0].timeout == .minutes(2))
    }

    @Test func `a mistake in what is aliased is told once`() {
        let text = "shipit: 1\nx-a: &a {timeout: 5}\nstages: {a: {<<: *a, run: x}, b: {<<: *a, run: x}}"
        #expect(codes(text) == ["missing-unit"])
        #expect(read(text).diagnostics[0].span.line == 2)
    }

    @Test func `a byte order mark and line ends of other systems change nothing`() throws {
        let text = GoodPipelineTests.everyIdea
        let plain = try #require(read(text).pipeline)
        let windows = Array(text.replacing("\n", with: "\r\n").utf8)
        let marked = PipelineReader(catalog: testCatalog).read(
            [0xEF, 0xBB, 0xBF] + windows, file: "pipelines/web.yaml")
        #expect(marked.diagnostics.isEmpty)
        #expect(marked.pipeline == plain)
    }

    @Test func `a document may be begun and ended by its marks`() throws {
        #expect(try pipeline("%YAML 1.2\n---\nshipit: 1\nstages: {a: {run: x}}\n...\n").stages.count == 1)
    }

    @Test(arguments: ["a:\nI- b", "a:\n  b: c\n d", "x: \"y", "[a", "é: {"])
    func `a mistake at the end of a file without a last line end is in the file`(text: String) throws {
        let span = try #require(read(text).diagnostics.first).span
        #expect(span.line <= text.split(separator: "\n").count)
    }

    @Test(arguments: ["", " ", "\n\n", "---\n", "# nothing\n", "---\n...\n"]) func `nothing is an empty file`(
        text: String
    ) {
        #expect(codes(text) == ["empty-file"])
    }

    @Test(arguments: ["text", "- list", "42"]) func `a pipeline is a mapping`(text: String) {
        #expect(codes(text) == ["wrong-type"])
    }

    @Test func `tags that say what a value is anyway are let pass`() throws {
        #expect(try stages("a: {run: !!str make, env: !!map {A: !!str no}}")[0].env["A"]?.literal == "no")
        #expect(codes("shipit: !!int 1\nstages: {a: {run: x}}") == ["tag"])
    }

    @Test(arguments: [
        "\u{202E}", "\u{2066}", "\u{200F}", "\u{61C}", "\u{7}", "\u{1B}", "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}",
    ])
    func `what reviewers cannot see is refused, in comments too`(hidden: String) {
        #expect(codes("shipit: 1 # \(hidden)\nstages: {a: {run: x}}") == ["hidden-character"])
    }

    @Test func `letters of all scripts and emoji are fine`() throws {
        #expect(try stages("a: {run: [echo, Größe, 部署, 'שלום', '👩‍🚀']}")[0].perform.inputs["argv"] != nil)
    }

    @Test(
        arguments: [
            [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80],
            [0xFF, 0xFE], [0x80],
        ] as [[UInt8]]) func `what is not UTF-8 is refused at its place`(bytes: [UInt8]) throws
    {
        let reading = PipelineReader(catalog: testCatalog).read(Array("shipit: 1\n# ä ".utf8) + bytes, file: "x.yaml")
        let diagnostic = try #require(reading.diagnostics.first)
        #expect(diagnostic.code == "invalid-utf8")
        #expect(diagnostic.span == Span(file: "x.yaml", line: 2, column: 5))
    }

    @Test func `keys of the author's own are not looked at`() throws {
        #expect(try pipeline("shipit: 1\nx-notes: {any: [thing, {at: all}]}\nstages: {a: {run: x}}").stages.count == 1)
        #expect(codes("shipit: 1\nstages: {a: {run: x, x-note: y}}") == ["unknown-key"])
    }

    @Test func `mistakes come in the order of the file, whichever pass found them`() {
        let text = """
            shipit: 1
            stages:
              b: {needs: [nobody], run: "x ${{ item }}"}
              a: {run: [x, "${{ vars.none }}"], timeout: 5}
              b: {run: x}
            monitor: {from: nobody, sources: {}, colour: red}
            """
        let places = read(text).diagnostics.map { [$0.span.line, $0.span.column] }
        #expect(places.count == 7)
        #expect(places == places.sorted { $0.lexicographicallyPrecedes($1) })
    }
}
