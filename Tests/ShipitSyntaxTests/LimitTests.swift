import ShipitCore
import ShipitSyntax
import Testing

/// Files made to hurt are refused at once, and large honest ones are read.
@Suite(.timeLimit(.minutes(3)))
struct LimitTests {
    private func codes(_ text: String) -> [String] { read(text).diagnostics.map(\.code) }

    @Test func `two hundred thousand brackets are refused at the sixty-fifth`() throws {
        let reading = read("shipit: 1\nx-deep: " + String(repeating: "[", count: 200_000))
        let diagnostic = try #require(reading.diagnostics.first)
        #expect(diagnostic.code == "too-deep")
        #expect(diagnostic.span.line == 2)
        #expect(diagnostic.span.column == 72)
    }

    @Test func `deep block mappings are refused as well`() {
        let text = (0..<100).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(codes(text) == ["too-deep"])
    }

    @Test func `a bomb of aliases is refused before it grows`() {
        var text = "shipit: 1\nx-0: &a0 [" + Array(repeating: "lol", count: 9).joined(separator: ",") + "]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            text += "x-\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(codes(text) == ["too-many-aliases"])
    }

    @Test func `a bomb of merge keys is refused before it grows`() {
        var text = "shipit: 1\nx-0: &a0 {" + (0..<9).map { "k\($0): v" }.joined(separator: ",") + "}\n"
        for level in 1...30 {
            let keys = (0..<9).map { "k\($0): *a\(level - 1)" }.joined(separator: ",")
            text += "x-\(level): &a\(level) {<<: *a\(level - 1), \(keys)}\n"
        }
        #expect(codes(text) == ["too-many-aliases"])
    }

    @Test func `a file of more than eight megabytes is refused`() {
        let text = "shipit: 1\n" + String(repeating: "# comment\n", count: 900_000)
        #expect(codes(text) == ["file-too-large"])
    }

    @Test func `more than a million values are refused`() {
        let text = "shipit: 1\nx-list: [" + String(repeating: "a,", count: 1_100_000) + "]\n"
        #expect(codes(text) == ["too-many-nodes"])
    }

    @Test func `ten thousand stages that share their settings by merge keys are read`() {
        var text = "shipit: 1\nx-shared: &shared {timeout: 5m, retry: {attempts: 3, delay: 5s}, env: {A: b}}\nstages:\n"
        for number in 0..<10_000 { text += "  s\(number): {<<: *shared, run: make}\n" }
        let reading = read(text)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.pipeline?.stages.count == 10_000)
        #expect(reading.pipeline?.stages.last?.retry.attempts == 3)
    }

    @Test func `a chain of ten thousand stages is read, each using the outputs of the first and of the one before`() {
        var text = "shipit: 1\nstages:\n  s0: {run: make}\n  s1: {needs: [s0], run: make}\n"
        for number in 2..<10_000 {
            text += "  s\(number):\n    needs: [s\(number - 1)]\n"
            text += "    run: [make, \"${{ stages.s0.outputs.x }}\", \"${{ stages.s\(number - 2).outputs.y }}\"]\n"
        }
        #expect(read(text).pipeline?.stages.count == 10_000)
    }

    @Test func `a circle of ten thousand stages is one mistake`() throws {
        var text = "shipit: 1\nstages:\n"
        for number in 0..<10_000 { text += "  s\(number): {needs: [s\((number + 1) % 10_000)], run: make}\n" }
        let diagnostics = read(text).diagnostics
        #expect(diagnostics.map(\.code) == ["cycle"])
        #expect(try #require(diagnostics.first).message.utf8.count < 200)
    }

    @Test func `ten thousand misspelt needs are reported without comparing every name with every other`() {
        var text = "shipit: 1\nstages:\n"
        for number in 0..<10_000 { text += "  stage\(number): {needs: [stag\(number)], run: make}\n" }
        let diagnostics = read(text).diagnostics
        #expect(diagnostics.count == 1000)
        #expect(Set(diagnostics.map(\.code)) == ["unknown-stage"])
    }

    @Test func `a thousand mistakes on one line of megabytes are still found and shown`() {
        let stages = (0..<40_000).map { "s\($0): {run: make, timeout: 5}" }.joined(separator: ", ")
        let text = "{shipit: 1, stages: {\(stages)}}"
        let reading = read(text)
        #expect(reading.diagnostics.count == 1000)
        #expect(
            rendered(PipelineReading(pipeline: nil, diagnostics: Array(reading.diagnostics.prefix(3))), text).utf8.count
                < 4000)
    }

    @Test func `a text with very many references is refused`() {
        let references = String(repeating: "${{ release.tag }}", count: 300)
        #expect(codes("shipit: 1\nstages: {a: {run: [x, \"\(references)\"]}}") == ["bad-reference"])
    }

    @Test func `nested parentheses of a condition end somewhere`() {
        let deep = String(repeating: "(", count: 2000)
        #expect(codes("shipit: 1\nstages: {a: {run: x, if: \"\(deep)\"}}") == ["bad-condition"])
        let wrapped = String(repeating: "${{ (", count: 500)
        #expect(codes("shipit: 1\nstages: {a: {run: x, if: \"\(wrapped)\"}}") == ["bad-condition"])
    }

    @Test(arguments: [0, 1, 2, 3]) func `random bytes never do more than be refused`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let alphabet = Array(
            "shipit: 1\nstages:\n  a: {run: [make, \"${{ vars.x }}\"], <<: *b, &c d}\n- !x '| > # \u{202E}\0".utf8)
        for _ in 0..<300 {
            let length = Int.random(in: 0..<200, using: &generator)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &generator)! }
            let reading = PipelineReader(catalog: testCatalog).read(bytes, file: "x.yaml")
            #expect(reading.pipeline != nil || !reading.diagnostics.isEmpty)
            _ = DiagnosticRenderer(sources: ["x.yaml": bytes]).render(reading.diagnostics)
        }
    }

    @Test(arguments: [5, 6, 7]) func `a good pipeline with damaged bytes never does more than be refused`(seed: UInt64)
    {
        var generator = SplitMix(state: seed)
        let good = Array(GoodPipelineTests.everyIdea.utf8)
        for _ in 0..<100 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 32..<127, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
                }
            }
            let reading = PipelineReader(catalog: testCatalog).read(bytes, file: "x.yaml")
            _ = DiagnosticRenderer(sources: ["x.yaml": bytes]).render(reading.diagnostics)
        }
    }
}

/// The same numbers for the same seed, everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
