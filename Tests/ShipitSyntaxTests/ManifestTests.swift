import Foundation
import ShipitCore
import ShipitSyntax
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManifestTests {
    static let good = """
        shipit-plugin: 1
        name: http-drain
        version: 1.2.0
        run: [./http-drain]
        sha256: {./http-drain: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
        actions:
          drain:
            description: Takes one instance out of a load balancer.
            inputs:
              admin: {type: url, required: true, description: where it listens}
              wait: {type: duration, default: 30s}
            outputs: {drained: {type: number}}
            calls: [preview, perform, verify, undo]
            secrets: [BALANCER_TOKEN]
            env: [HTTPS_PROXY]
        """

    private func read(_ text: String) -> ManifestReading {
        ManifestReader().read(Array(text.utf8), file: "plugin.yaml", folder: "http-drain")
    }

    @Test func `a manifest says what the language and the engine must know`() throws {
        let reading = read(Self.good)
        let manifest = try #require(reading.manifest, "\(reading.diagnostics)")
        #expect(manifest.version == "1.2.0" && manifest.run == ["./http-drain"] && manifest.pins.count == 1)
        let description = manifest.description(of: try #require(manifest.actions.first))
        #expect(description.name == "http-drain/drain" && description.outputs == ["drained"])
        #expect(description.undo == .performs && description.onInterrupt == .verify && description.verifies)
        #expect(description.access == ActionAccess(secrets: ["BALANCER_TOKEN"], environment: ["HTTPS_PROXY"]))
        #expect(description.inputs.map(\.required) == [true, false] && description.inputs[1].fallback == "30s")
    }

    @Test func `without verify an interrupted attempt is a question, without undo there is no way back`() throws {
        let text = Self.good.replacing("[preview, perform, verify, undo]", with: "perform")
        let manifest = try #require(read(text).manifest)
        let description = manifest.description(of: try #require(manifest.actions.first))
        #expect(description.undo == .none && description.onInterrupt == .ask && !description.verifies)
    }

    /// What is said, to the letter: `SHIPIT_RECORD=1 swift test --filter ManifestTests` writes it anew.
    @Test(arguments: ["manifest", "protocol", "pipeline"])
    func `a fixture is read as expected`(name: String) throws {
        let folder = FixtureTests.folder.appending(path: "plugins")
        let bytes = try Array(Data(contentsOf: folder.appending(path: name + ".yaml")))
        let file = name == "pipeline" ? "pipelines/pipeline.yaml" : "plugins/http-drain/plugin.yaml"
        var diagnostics = ManifestReader().read(bytes, file: file, folder: "http-drain").diagnostics
        if name == "pipeline" {
            var catalog = Catalog(actions: [], probes: [])
            catalog.add(try #require(read(Self.good).manifest))
            catalog.refusedPlugins = ["chat": "others than its owner may write plugins/chat: chmod go-w it"]
            diagnostics = PipelineReader(catalog: catalog).read(bytes, file: file).diagnostics
        }
        let actual = DiagnosticRenderer(sources: [file: bytes]).render(diagnostics)
        let place = folder.appending(path: name + ".expected")
        if ProcessInfo.processInfo.environment["SHIPIT_RECORD"] != nil { try Data(actual.utf8).write(to: place) }
        #expect(try String(contentsOf: place, encoding: .utf8) == actual)
    }

    static let mistakes: [(from: String, to: String, code: String, line: Int)] = [
        ("shipit-plugin: 1", "shipit-plugin: 2", "unsupported-protocol", 1),
        ("name: http-drain", "name: drain", "bad-name", 2),
        ("[./http-drain]", "[/bin/sh]", "outside-plugin", 4), ("[./http-drain]", "[../x]", "outside-plugin", 4),
        ("9f86d0", "zz86d0", "bad-digest", 5), ("type: url", "type: uri", "unknown-word", 10),
        ("default: 30s", "default: 30", "missing-unit", 11),
        ("calls: [preview, perform", "calls: [preview", "missing-call", 13),
        ("BALANCER_TOKEN", "SHIPIT_TOKEN", "bad-name", 14), ("secrets:", "secret:", "unknown-key", 14),
    ]

    @Test(arguments: mistakes.indices)
    func `a mistake has its code and its line`(index: Int) {
        let mistake = Self.mistakes[index]
        let reading = read(Self.good.replacing(mistake.from, with: mistake.to))
        #expect(reading.manifest == nil)
        #expect(reading.diagnostics.map(\.code) == [mistake.code], "\(mistake): \(reading.diagnostics)")
        #expect(reading.diagnostics.first?.span.line == mistake.line)
    }
}
