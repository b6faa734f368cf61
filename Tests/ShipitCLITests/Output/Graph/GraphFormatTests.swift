import Foundation
import FoundationXML
import ShipitCore
import Testing

@testable import ShipitCLI

/// Names that mean something to a terminal, to XML, to DOT, to Mermaid, to HTML or to Markdown.
let hostileNames = [
    "services[a\"b]", "services[<script>alert(1)</script>]", "services[\\N\\\"]", "services[]]>&amp;]",
    "services[\u{1B}[31mred\u{202E}]", "services[`**x**`%%{init: {}}%%]", "services[end; click s0 href \"x\"]",
    "services[two\nlines\r]", "services[\u{FFFE}\u{0}]", "services[#quot;]", "services[日本語 ümlaut]",
]

func hostileGraph() -> StageGraph {
    var plan = Story.plan()
    plan.stages += hostileNames.map { name in
        PlannedStage(name: StageName(name), needs: ["smoke"], perform: .script("true"), reversible: .no)
    }
    return StageGraph(plan, title: "deploy \"<&\\\u{1B}[0m")
}

@Suite(.timeLimit(.minutes(3)))
struct GraphTextTests {
    static let utf8 = Terminal.Style(color: false, unicode: true)

    /// preflight, then a branch and a chain that meet, and three of one stage.
    static var graph: StageGraph {
        func stage(_ name: String, _ needs: [StageName], changes: Bool = true, group: String? = nil) -> PlannedStage {
            PlannedStage(
                name: StageName(name), needs: needs, perform: changes ? .script("true") : .checks("suite"),
                changes: changes, group: group)
        }
        let members: [StageName] = ["svc[a]", "svc[b]", "svc[c]"]
        var plan = Story.plan(monitor: Story.monitor)
        plan.stages =
            [
                stage("preflight", [], changes: false), stage("image", ["preflight"]), stage("backup", ["preflight"]),
                stage("restart", ["backup", "image"]),
            ] + members.map { stage($0.text, ["restart"], group: "svc") } + [
                stage("smoke", members + ["preflight"], changes: false)
            ]
        plan.stages[2].reversible = .no
        return StageGraph(plan, title: "deploy: 8 stages")
    }

    @Test func `the longest way goes straight down, branches hang at its side, further needs are said`() {
        #expect(
            GraphText.text(Self.graph, style: Self.utf8) == """
                deploy: 8 stages

                ○ preflight  checks
                ├─● image    run
                ● backup     run, no return
                ● restart    run, monitored from here, after image
                ├─● svc[a]   run
                ├─● svc[b]   run
                ● svc[c]     run
                ○ smoke      checks, after svc[…], preflight

                a stage waits for the one above it on its line, and for those it is "after"

                """)
    }

    @Test func `where there is only ASCII it is drawn in ASCII`() {
        let text = GraphText.text(Self.graph, style: Terminal.Style(color: false, unicode: false))

        #expect(text.contains("|-* image"))
        #expect(text.utf8.allSatisfy { $0 < 0x7F })
    }

    @Test func `a run shows where each stage stands`() {
        let text = GraphText.text(StageGraph(Story.rolledBack().view), style: Self.utf8)

        #expect(text.hasPrefix("20260112-0130-7f3k: v1.15.2 to production, rolled back\n"))
        #expect(text.contains("✓ backup   succeeded\n↩ migrate  undone\n↩ restart  undone\n✗ smoke    failed\n"))
    }

    @Test func `nothing in a name steers the terminal`() {
        let text = GraphText.text(hostileGraph(), style: Self.utf8)

        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        #expect(!text.unicodeScalars.contains("\u{202E}"))
        #expect(text.contains("\\n"))
    }

    @Test func `on a terminal a line is not wider than it, and colours end`() {
        let text = GraphText.text(hostileGraph(), style: Terminal.Style(color: true, unicode: true), width: 40)

        let stages = text.split(separator: "\n").filter { $0.contains("services") }
        #expect(stages.count == hostileNames.count)
        #expect(stages.allSatisfy { TextWidth.of(SafeText.line(String($0))) < 40 })
        for stage in stages {
            let (begun, ended) = (stage.matches(of: /\x1B\[[1-9]/).count, stage.matches(of: /\x1B\[0m/).count)
            #expect(begun == ended)
        }
    }

    @Test func `a chain of ten thousand stages, and that many at once, are drawn`() {
        let count = 10_000
        let chain = (0..<count).map { $0 == 0 ? [] : [$0 - 1] }
        let fan = (0..<count).map { $0 == 0 ? [] : [0] }
        for needs in [chain, fan] {
            let graph = StageGraph(
                title: "many",
                stages: needs.enumerated().map {
                    StageGraph.Stage(name: "s\($0)", needs: $1, action: "run", changes: true)
                })
            #expect(GraphText.text(graph, style: Self.utf8).split(separator: "\n").count == 10_002)
            #expect(GraphSVG.text(graph).hasSuffix("</svg>\n"))
        }
    }
}

@Suite(.timeLimit(.minutes(3)))
struct GraphSVGTests {
    final class Reading: NSObject, XMLParserDelegate {
        var elements: [String: Int] = [:]
        var text = ""
        var isWhole = false

        init(_ svg: String) {
            super.init()
            let parser = XMLParser(data: Data(svg.utf8))
            parser.delegate = self
            isWhole = parser.parse()
        }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) { elements[name, default: 0] += 1 }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    @Test func `it is well-formed whatever the names are, and each is text`() {
        let svg = GraphSVG.text(hostileGraph())
        let reading = Reading(svg)

        #expect(reading.isWhole)
        #expect(reading.elements["script"] == nil)
        #expect(reading.text.contains("<script>alert(1)</script>"))
        // The ground, a box and a bar for each, and the legend's two.
        #expect(reading.elements["rect"] == 1 + 4 + 2 * hostileNames.count + 2)
    }

    @Test func `it asks for nothing from elsewhere`() {
        let svg = GraphSVG.text(StageGraph(Story.rolledBack().view))

        for word in ["href", "<script", "@import", "@font-face", "<image", "<foreignObject", "src="] {
            #expect(!svg.contains(word), "\(word)")
        }
        #expect(svg.split(separator: "http").count == 2, "nothing but the namespace")
        #expect(svg.contains("prefers-color-scheme:dark"))
    }

    @Test(arguments: StageGraph.Paint.allCases) func `letters stand out from every fill, in light and in dark`(
        paint: StageGraph.Paint
    ) {
        for isDark in [false, true] {
            let ink = GraphInk(paint, isDark: isDark)
            #expect(Self.contrast(ink.text, ink.fill) >= 7, "\(paint) \(isDark)")
            #expect(Self.contrast(ink.stroke, GraphInk.ground(isDark: isDark)) >= 3, "\(paint) \(isDark)")
        }
    }

    @Test func `lines and bars stand out from the ground`() {
        for isDark in [false, true] {
            let ground = GraphInk.ground(isDark: isDark)
            #expect(Self.contrast(GraphInk.line(isDark: isDark), ground) >= 3)
            #expect(Self.contrast(GraphInk.noReturn(isDark: isDark), ground) >= 4.5)
            #expect(Self.contrast(GraphInk.letters(isDark: isDark), ground) >= 7)
        }
    }

    /// As WCAG 2 reckons it.
    static func contrast(_ one: String, _ other: String) -> Double {
        func light(_ colour: String) -> Double {
            let value = Int(colour.dropFirst(), radix: 16) ?? 0
            let parts = [16, 8, 0].map { shift in
                let part = Double((value >> shift) & 0xFF) / 255
                return part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let (first, second) = (light(one), light(other))
        return (max(first, second) + 0.05) / (min(first, second) + 0.05)
    }
}

@Suite(.timeLimit(.minutes(3)))
struct GraphLanguageTests {
    @Test func `Mermaid gets names in which nothing means anything to it`() throws {
        let text = GraphMermaid.text(hostileGraph())

        #expect(text.hasPrefix("flowchart LR\n"))
        #expect(text.contains("  s0[\"backup<br/>backup/sqlite\"]\n  s1[\"migrate<br/>run\"]\n"))
        #expect(text.contains("  s3([\"smoke<br/>checks\"])\n"))
        #expect(text.contains("  s3 --> s4\n"))
        #expect(text.contains("class s4,s5,"))
        for line in text.split(separator: "\n") where line.contains("services") {
            let label = try #require(line.split(separator: "\"").dropFirst().first)
            #expect(line.split(separator: "\"").count == 3, "\(line)")
            let plain = label.replacing("<br/>", with: "").replacing(/#\d+;/, with: "")
            #expect(!plain.contains { "<>\"#`%{}[]();&\\".contains($0) }, "\(line)")
        }
    }

    @Test func `a run colours Mermaid's stages`() {
        let text = GraphMermaid.text(StageGraph(Story.rolledBack().view))

        #expect(text.contains("  class s1,s2 undone\n"))
        #expect(text.contains("  class s3 failed\n"))
    }

    @Test func `DOT gets names in quotes`() {
        let text = GraphDOT.text(hostileGraph())

        #expect(text.contains("s4 [label=\"services[a\\\"b]\\nrun · no return\""))
        #expect(text.contains("services[\\\\N\\\\\\\"]"))
        #expect(text.contains("s3 -> s4\n"))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dot"), "graphviz is not installed"))
    func `Graphviz takes the DOT and draws every stage`() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write("graph.dot", GraphDOT.text(hostileGraph()))
        let output = scratch.path + "/graph.svg"
        let dot = Process()
        dot.executableURL = URL(fileURLWithPath: "/usr/bin/dot")
        dot.arguments = ["-Tsvg", "-o", output, input]
        let complaints = Pipe()
        dot.standardError = complaints

        try dot.run()
        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        dot.waitUntilExit()

        #expect(dot.terminationStatus == 0, "\(said)")
        let svg = String(decoding: try #require(FileManager.default.contents(atPath: output)), as: UTF8.self)
        #expect(svg.split(separator: "class=\"node\"").count - 1 == 4 + hostileNames.count)
        #expect(svg.contains("&lt;script&gt;"))
    }
}
