import ArgumentParser
import Foundation
import ShipitCore
import ShipitSyntax

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first pipeline that fits what is in this folder.",
        discussion: "On a terminal it asks what the options don't say; elsewhere it takes what is likely.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("What it is called: pipelines/NAME.yaml.", valueName: "name"))
    var pipeline = PipelineFile.defaultName

    @Option(help: ArgumentHelp("What is deployed: sqlite (an app with SQLite), app or commands.", valueName: "kind"))
    var kind: StarterPipeline.Kind?

    @Option(help: ArgumentHelp("The SQLite database, from this folder.", valueName: "path"))
    var database: String?

    @Option(help: ArgumentHelp("What answers 200 when the app is well, or none.", valueName: "url"))
    var health: String?

    func run() throws {
        let streams = Streams()
        let folder = try place.place().folder
        guard NameRule.holds(for: pipeline) else {
            throw CommandFailure(
                .usage, "\"\(pipeline)\" is no name of a pipeline",
                hint: "letters, digits, dots, dashes and underscores")
        }
        let file = "pipelines/\(pipeline).yaml"
        let path = Place.join(folder, file)
        // Before anything is asked.
        if Self.isThere(path) { throw NewFile.isThere(file) }
        let starter = try starter(ProjectFindings(lookingAt: folder), Questions(streams: streams))
        try check(starter, file)
        try NewFile.write(EditorSchema.modeline + starter.text, to: path, shownAs: file)
        try EditorSchema.write(besidePipeline: path, shownAs: file)
        say(starter, file, Self.tag(in: folder), streams)
    }

    /// A link that leads nowhere counts.
    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    // MARK: Answers

    private func starter(_ findings: ProjectFindings, _ questions: Questions) throws -> StarterPipeline {
        var kind = self.kind ?? (database == nil ? StarterPipeline.likelyKind(findings) : .sqlite)
        if self.kind == nil, database == nil, questions.isThere {
            let kinds = StarterPipeline.Kind.allCases
            let question = "What is deployed? (return: \(kind.rawValue))"
            let choices = kinds.map { (name: $0.rawValue, words: "\($0.rawValue): \($0.words)") }
            if let chosen = questions.choice(question, among: choices) { kind = kinds[chosen] }
        }
        var database = self.database ?? findings.databases.first ?? "var/app.db"
        if kind == .sqlite, self.database == nil, findings.databases.count != 1 {
            database = answer("Where is the database?", likely: database, questions)
        }
        let likely = StarterPipeline.likelyHealth(findings)
        let health =
            self.health ?? answer("Which URL answers 200 when the app is well (or none)?", likely: likely, questions)
        try Self.requireURL(health)
        return StarterPipeline(
            kind: kind, name: pipeline, database: database, health: health == "none" ? nil : health, findings: findings)
    }

    /// As a variable's value it would be found wrong only when the checks run.
    private static func requireURL(_ health: String) throws(CommandFailure) {
        if health == "none" { return }
        let url = URL(string: health)
        guard let scheme = url?.scheme, ["http", "https"].contains(scheme), url?.host?.isEmpty == false else {
            throw CommandFailure(
                .usage, "\"\(health)\" is no URL that can be asked; nothing was written",
                hint: "http://HOST:PORT/PATH is expected, or none")
        }
    }

    /// Return takes what is likely.
    private func answer(_ question: String, likely: String, _ questions: Questions) -> String {
        guard questions.isThere, let answer = questions.answer("\(question) [\(SafeText.line(likely))]"),
            !answer.isEmpty
        else { return likely }
        return answer
    }

    /// Whatever was answered, what is written is valid.
    private func check(_ starter: StarterPipeline, _ file: String) throws(CommandFailure) {
        let bytes = Array(starter.text.utf8)
        let reading = PipelineReader(catalog: Wiring.catalog, zones: Wiring.zones).read(bytes, file: file)
        guard !reading.diagnostics.isEmpty else { return }
        let rendered = DiagnosticRenderer(sources: [file: bytes]).render(reading.diagnostics)
        throw CommandFailure(
            .usage, "with these answers the pipeline would not be valid; nothing was written\n\(rendered)",
            hint: "see: shipit init --help")
    }

    // MARK: Words

    /// The newest tag that could be deployed; `nil` where there is none, or no repository.
    private static func tag(in folder: String) -> String? {
        let releases = try? Releases(
            ReleaseSource(tags: "v*"), of: Project(root: folder, stateFolder: Place.join(folder, ".shipit")))
        return (try? releases?.all())?.first?.tag
    }

    private func say(_ starter: StarterPipeline, _ file: String, _ tag: String?, _ streams: Streams) {
        let option = pipeline == PipelineFile.defaultName ? "" : " --pipeline \(pipeline)"
        let name = tag.map(ShellWord.quoted) ?? "TAG"
        let next = ["shipit validate \(file)", "shipit graph\(option)", "shipit plan\(option) \(name)"].map {
            TypedPlace.complete($0)
        }
        let found = starter.findings.told
        switch output.output {
        case .json:
            streams.result(
                JSONValue.members([
                    "file": .string(file), "kind": .string(starter.kind.rawValue),
                    "found": .array(found.map(JSONValue.string)),
                    "toReplace": .integer(Int64(starter.replacements)), "next": .array(next.map(JSONValue.string)),
                ]).pretty + "\n")
        case .text:
            var text = "wrote \(file): \(starter.kind.words)\n"
            text += found.isEmpty ? "" : "found: " + SafeText.line(found.joined(separator: ", ")) + "\n"
            if starter.replacements > 0 {
                text +=
                    "\(Words.count(starter.replacements, "place")) in it marked \(StarterPipeline.mark): only you can say it, "
                text += "and until then the deployment fails there\n"
            }
            text += "next:\n" + next.map { "  \($0)\n" }.joined()
            if tag == nil { text += "  (TAG is a git tag such as v1.0.0; there is none yet)\n" }
            streams.result(text)
        }
    }
}

extension StarterPipeline.Kind: ExpressibleByArgument {}
