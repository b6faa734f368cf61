import ArgumentParser
import Foundation
import ShipitCore
import ShipitImport
import ShipitSyntax

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turn a Markdown checklist into a pipeline with suites of checks.",
        discussion: "Every box is kept: as a check where the document says what to ask and what to expect, else as a "
            + "manual item of a role.")

    @OptionGroup var place: PlaceOptions

    @Option(
        name: [.customShort("o"), .customLong("to")],
        help: ArgumentHelp(
            "The file to write, - for standard output. Default: pipelines/NAME.yaml, named after the checklist.",
            valueName: "file"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "Write nothing: show this pipeline as a checklist, and say which boxes of the document it lacks.",
            valueName: "pipeline"))
    var check: String?

    @Argument(help: ArgumentHelp("The checklist.", valueName: "checklist.md"))
    var file: String

    /// Larger than any checklist that a person reads.
    private static let limit = 4 << 20

    func run() throws {
        let place = try place.place()
        let bytes = try FileBytes.read(place.path(file), atMost: Self.limit, shownAs: file)
        guard let markdown = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(file) is not UTF-8", hint: "save it as UTF-8")
        }
        if let check {
            guard target == nil else { throw CommandFailure(.usage, "--check writes nothing, so --to has no meaning") }
            try compare(markdown, with: check, place)
        } else {
            try write(markdown, place)
        }
    }

    // MARK: Writing

    private func write(_ markdown: String, _ place: Place) throws {
        let streams = Streams()
        let target = chosenTarget(place)
        if let target { try refuseToOverwrite(target) }
        let imported = ChecklistImport(
            markdown, name: ChecklistImport.name(ofFile: target?.name ?? file), file: shownFile)
        guard imported.summary.items > 0 else {
            throw CommandFailure(
                .usage, "\(file) has no boxes", hint: "an item of a checklist is a line such as: - [ ] Backup verified")
        }
        let reading = PipelineReader(catalog: Wiring.catalog, zones: Wiring.zones).read(
            Array(imported.yaml.utf8), file: target?.name ?? "-")
        guard reading.pipeline != nil else {
            let mistakes = reading.diagnostics.filter { $0.severity == .error }.map {
                "line \($0.span.line): \($0.message)"
            }
            throw CommandFailure(
                .machine,
                "the pipeline made of \(file) would not be valid; nothing was written\n  "
                    + mistakes.joined(separator: "\n  "),
                hint: "this is a mistake of shipit: please report it with the checklist")
        }
        guard let target else {
            streams.result(imported.yaml)
            streams.progress(ImportWords.summary(imported.summary, of: file, target: nil))
            return
        }
        try NewFile.write(EditorSchema.modeline + imported.yaml, to: target.path, shownAs: target.name)
        try EditorSchema.write(besidePipeline: target.path, shownAs: target.name)
        streams.result(ImportWords.summary(imported.summary, of: file, target: target.name))
    }

    /// Before any work; writing refuses it once more.
    private func refuseToOverwrite(_ target: (path: String, name: String)) throws(CommandFailure) {
        var status = stat()
        guard lstat(target.path, &status) == 0 else { return }
        throw CommandFailure(
            .refused, "\(target.name) is there already; nothing was written",
            hint: "name another file with --to, or see what would be written with --to -")
    }

    /// Without folders that are nobody else's concern.
    private var shownFile: String { (file as NSString).lastPathComponent }

    /// `nil` for standard output.
    private func chosenTarget(_ place: Place) -> (path: String, name: String)? {
        if let target { return target == "-" ? nil : (place.path(target), target) }
        let name = "pipelines/\(ChecklistImport.name(ofFile: file)).yaml"
        // Without a project, one begins here.
        let root = (try? place.project().root) ?? place.folder
        return (Place.join(root, name), name)
    }

    // MARK: Comparing

    private func compare(_ markdown: String, with pipeline: String, _ place: Place) throws {
        let streams = Streams()
        let reading = try PipelineText.read(
            place.path(pipeline), shownAs: pipeline,
            catalog: Wiring.equipment(ofProject: try? place.project().root).catalog)
        guard let read = reading.pipeline else {
            streams.progress(reading.rendered)
            throw CommandFailure(.usage, "\(pipeline) has mistakes")
        }
        let shown = ChecklistText.markdown(of: read)
        streams.result(shown)
        let missing = ChecklistImport.boxes(of: markdown, missingIn: shown)
        guard !missing.isEmpty else { return }
        let words = missing.map { "line \($0.line): \(SafeText.line($0.text))" }
        throw CommandFailure(
            .refused,
            "\(pipeline) lacks \(Words.count(missing.count, "box", "boxes")) of \(file):\n  "
                + words.joined(separator: "\n  "))
    }
}
