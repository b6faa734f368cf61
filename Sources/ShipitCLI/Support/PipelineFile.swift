import Foundation
import ShipitCore
import ShipitSyntax

/// A pipeline file of a project, read and checked.
struct PipelineFile {
    /// As it is named to people: relative to the project's root.
    var name: String
    var text: PipelineText
    var pipeline: Pipeline
    /// What it was read with.
    var equipment: Equipment

    static let defaultName = "deploy"

    /// `pipelines/NAME.yaml`, read for a deployment: mistakes are shown and end the command, warnings are shown.
    static func load(_ pipeline: String?, of project: Project, says streams: Streams) throws -> PipelineFile {
        let name = pipeline ?? defaultName
        let file = try path(ofPipeline: name, in: project)
        let equipment = Wiring.equipment(ofProject: project.root)
        let reading = try PipelineText.read(
            Place.join(project.root, file), shownAs: file, catalog: equipment.catalog)
        streams.progress(reading.rendered)
        guard let pipeline = reading.pipeline else {
            throw CommandFailure(.usage, "\(file) has mistakes; nothing was done")
        }
        return PipelineFile(name: file, text: reading, pipeline: pipeline, equipment: equipment)
    }

    /// What the language knows and this version doesn't do yet must not be ignored.
    func refuseWhatIsNotEnforced() throws(CommandFailure) {
        guard !pipeline.notEnforced.isEmpty else { return }
        let places = pipeline.notEnforced.map { "\($0.span.file):\($0.span.line): \($0.message)" }
        throw CommandFailure(
            .usage,
            "\(name) asks for what this version of shipit does not do yet:\n  " + places.joined(separator: "\n  "),
            hint: "remove it until it is enforced")
    }

    private static func path(ofPipeline name: String, in project: Project) throws(CommandFailure) -> String {
        guard NameRule.holds(for: name) else {
            throw CommandFailure(
                .usage, "\"\(name)\" is no name of a pipeline",
                hint: "--pipeline takes NAME for pipelines/NAME.yaml, without folder and ending")
        }
        let file = "pipelines/\(name).yaml"
        if FileManager.default.fileExists(atPath: Place.join(project.root, file)) { return file }
        let known = all(of: project)
        let near = Suggestion.closest(to: name, among: known)
        throw CommandFailure(
            .usage, "there is no \(file) in \(project.root)",
            hint: near.map { "did you mean --pipeline \($0)?" }
                ?? (known.isEmpty ? nil : "pipelines: \(known.joined(separator: ", "))"))
    }

    /// The names of all pipelines, sorted.
    static func all(of project: Project) -> [String] {
        // A folder that cannot be listed has no pipelines to name; opening one by name tells why.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: project.root + "/pipelines")) ?? []
        return files.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    }
}

/// What came of reading a file, and how its diagnostics look.
struct PipelineText {
    var bytes: [UInt8]
    /// The files that it includes, by their paths from its folder.
    var included: [String: [UInt8]]
    var pipeline: Pipeline?
    var diagnostics: [Diagnostic]
    var rendered: String

    /// The largest file that is read at all; the language's own limit is lower.
    private static let limit = 16 << 20

    /// What it includes is read beneath `folder`, by default its own.
    static func read(
        _ path: String, shownAs name: String, catalog: Catalog, includesIn folder: String? = nil
    ) throws(CommandFailure) -> PipelineText {
        let bytes = try FileBytes.read(path, atMost: limit, shownAs: name)
        let own = (path as NSString).deletingLastPathComponent
        let reading = PipelineReader(catalog: catalog, zones: Wiring.zones).read(
            bytes, file: name, loader: IncludedFiles.loader(beneath: folder ?? (own.isEmpty ? "." : own)))
        let shownFolder = name.lastIndex(of: "/").map { name[...$0].count } ?? 0
        let included = reading.sources.filter { $0.key != name }.map {
            (String($0.key.dropFirst(shownFolder)), $0.value)
        }
        return PipelineText(
            bytes: bytes, included: Dictionary(included, uniquingKeysWith: { first, _ in first }),
            pipeline: reading.pipeline, diagnostics: reading.diagnostics,
            rendered: DiagnosticRenderer(sources: reading.sources).render(reading.diagnostics))
    }
}

/// Names of stages, sources, suites, environments and pipelines.
enum NameRule {
    static func holds(for name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 64, isLetterOrDigit(first) else { return false }
        return name.utf8.allSatisfy {
            isLetterOrDigit($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
