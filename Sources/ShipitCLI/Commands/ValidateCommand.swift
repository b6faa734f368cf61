import ArgumentParser
import Foundation
import ShipitCore

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check pipeline files; needs no network and no git.",
        discussion: "Without FILE, every pipelines/*.yaml of the project is checked.")

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("The form of the result: text, json or sarif (for code review).", valueName: "form"))
    var output: ValidationForm = .text

    @Flag(help: "Treat warnings as errors.")
    var strict = false

    @Argument(help: ArgumentHelp("The files to check.", valueName: "file"))
    var files: [String] = []

    func run() throws {
        let streams = Streams()
        let place = try place.place()
        let files = try chosen(place)
        var diagnostics: [Diagnostic] = []
        var rendered = ""
        var equipment: [String?: Equipment] = [:]
        for (path, name) in files {
            let root = root(of: path, place)
            let found = equipment[root] ?? Wiring.equipment(ofProject: root)
            equipment[root] = found
            let reading = try PipelineText.read(path, shownAs: name, catalog: found.catalog)
            diagnostics += reading.diagnostics
            rendered += (rendered.isEmpty || reading.rendered.isEmpty ? "" : "\n") + reading.rendered
        }
        // What several pipelines include is wrong once.
        var seen: Set<Diagnostic> = []
        diagnostics = diagnostics.filter { seen.insert($0).inserted }
        switch output {
        case .text:
            streams.progress(rendered.isEmpty ? "" : rendered + "\n")
            streams.result(
                "\(DiagnosticsText.summary(diagnostics))\(diagnostics.isEmpty ? Self.words(files.count) : "")\n")
        case .json: streams.result(DiagnosticsText.json(diagnostics))
        case .sarif: streams.result(SARIF.text(diagnostics))
        }
        let isWrong = diagnostics.contains { $0.severity == .error || strict }
        try RunEnd.leave(with: isWrong ? 2 : 0)
    }

    /// The project whose plugins the file may use: the folder that holds its `pipelines/`, or else this one.
    private func root(of file: String, _ place: Place) -> String? {
        if let root = Place.root(ofPipeline: file) { return root }
        return try? place.project().root
    }

    private static func words(_ count: Int) -> String { " in \(Words.count(count, "file"))" }

    private func chosen(_ place: Place) throws(CommandFailure) -> [(path: String, name: String)] {
        if !files.isEmpty { return files.map { (place.path($0), $0) } }
        let project = try place.project()
        let names = PipelineFile.all(of: project)
        guard !names.isEmpty else {
            throw CommandFailure(.usage, "\(project.root)/pipelines holds no *.yaml", hint: "name the files to check")
        }
        return names.map { name in
            let file = "pipelines/\(name).yaml"
            return (Place.join(project.root, file), file)
        }
    }
}

enum ValidationForm: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif
}
