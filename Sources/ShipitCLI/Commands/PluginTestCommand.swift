import ArgumentParser
import Foundation
import ShipitCore
import ShipitPlugins

struct PluginTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Hold a plugin to what every action promises.",
        discussion: """
            Its calls are started for real, in temporary folders, and cut off at every message. What it is given stands in \
            DIR/test.yaml, a pipeline whose stages are the cases, or is what its manifest says by default and --with; files \
            of DIR/test are put into the folder first. Ends with 0 when every promise is kept, 3 when one is not, 2 when \
            the plugin is refused or an input is missing.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .customLong("with"), help: ArgumentHelp("An input, for every action that has it.", valueName: "k=v"))
    var inputs: [String] = []

    @Option(help: ArgumentHelp("Try this action alone.", valueName: "name"))
    var action: String?

    @Argument(help: ArgumentHelp("The plugin's folder.", valueName: "dir"))
    var folder: String

    func run() async throws {
        let streams = Streams()
        let findings = Wiring.plugin(inFolder: try place.place().path(folder))
        let equipment = Equipment(findings, builtin: Wiring.actions, catalog: Wiring.catalog)
        guard let plugin = equipment.plugins.first else {
            throw CommandFailure(.usage, equipment.refused.first.map { "\($0.folder): \($0.reason)" } ?? "no plugin")
        }
        let cases = try PluginCases(plugin, equipment, inputs: inputs, action: action, says: streams)
        let trial = try PluginTrial(plugin, equipment, cases)
        defer { trial.clearAway() }
        var results: [PluginTrial.Result] = []
        for stage in cases.stages {
            streams.progress("trying \(SafeText.line("\(stage.name) (\(stage.perform.action))"))\n")
            results.append(await trial.result(of: stage))
        }
        let report = PluginTestReport(plugin: plugin, results: results)
        switch output.output {
        case .text: streams.result(report.text)
        case .json: streams.result(report.json.pretty + "\n")
        }
        try RunEnd.leave(with: report.hasPassed ? 0 : 3)
    }
}
