import ArgumentParser
import ShipitCore
import ShipitPlugins

struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "See which plugins there are, write one, hold one to its promises.",
        subcommands: [PluginListCommand.self, PluginNewCommand.self, PluginTestCommand.self])

    func run() throws {
        throw CommandFailure(.usage, "plugin: list, new or test is expected", hint: "see: shipit plugin --help")
    }
}

struct PluginListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the plugins that pipelines may use, and those that are refused.",
        discussion: """
            They lie in plugins/ beside pipelines/, then in share/shipit/plugins of the installation. None is started. \
            Exit code 2 where one of the project's is refused.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let streams = Streams()
        let equipment = Wiring.equipment(ofProject: try place.place().project().root)
        switch output.output {
        case .text: streams.result(PluginWords.text(equipment))
        case .json: streams.result(PluginWords.json(equipment))
        }
        try RunEnd.leave(with: equipment.refused.contains { $0.origin == .project } ? 2 : 0)
    }
}
