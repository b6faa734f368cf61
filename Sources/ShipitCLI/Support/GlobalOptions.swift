import ArgumentParser
import Foundation

/// Where the project and its state are.
struct PlaceOptions: ParsableArguments {
    @Option(name: .customShort("C"), help: ArgumentHelp("Work as if started in DIR.", valueName: "dir"))
    var folder: String?

    @Option(
        help: ArgumentHelp("Where runs live (or SHIPIT_STATE); default: .shipit beside pipelines/.", valueName: "dir"))
    var state: String?

    func place() throws -> Place {
        try Place(folder: folder, state: state, environment: ProcessInfo.processInfo.environment)
    }
}

/// Which pipeline and which environment.
struct TargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The pipeline: pipelines/NAME.yaml. Default: deploy.", valueName: "name"))
    var pipeline: String?

    @Option(help: ArgumentHelp("The environment. Default: the pipeline's only one.", valueName: "name"))
    var env: String?
}

/// The forms of a result.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The forms of a result that grows while one looks.
enum StreamForm: String, ExpressibleByArgument, CaseIterable {
    case text, json, jsonl
}

struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The form of the result: text or json.", valueName: "form"))
    var output: OutputForm = .text
}

struct StreamOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The form of the result: text, json, or jsonl (one event a line).", valueName: "form"))
    var output: StreamForm = .text
}
