import ArgumentParser
import Foundation
import ShipitCore

struct PluginNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a first plugin, which works as it stands.",
        discussion:
            "It goes to plugins/NAME beside pipelines/, and points a link at something: a first step to your own.")

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("What it is written in: sh, python or swift.", valueName: "language"))
    var language: PluginStarter.Language = .sh

    @Argument(help: ArgumentHelp("Its name: small letters, digits, dots, dashes and underscores.", valueName: "name"))
    var name: String

    func run() throws {
        let streams = Streams()
        let root = try place.place().project().root
        guard PluginStarter.isName(name) else {
            throw CommandFailure(
                .usage, "\"\(name)\" is no name of a plugin",
                hint: "small letters, digits, dots, dashes and underscores; a letter or a digit first")
        }
        if let taken = Equipment.builtin(named: name, in: Wiring.catalog) {
            throw CommandFailure(.usage, "\"\(name)\" is the name of the built-in action \(taken)")
        }
        let folder = Place.join(root, "plugins/\(name)")
        var status = stat()
        // A link that leads nowhere counts.
        guard lstat(folder, &status) != 0 else {
            throw CommandFailure(.refused, "plugins/\(name) is there already; nothing was written")
        }
        let starter = PluginStarter(name: name, language: language)
        for file in starter.files {
            let path = Place.join(folder, file.path)
            try NewFile.write(file.text, to: path, shownAs: "plugins/\(name)/\(file.path)")
            if file.isProgram { chmod(path, 0o755) }
        }
        // Whatever the umask: what others may write is refused.
        for path in [Place.join(root, "plugins"), folder] { chmod(path, 0o755) }
        let written = starter.files.map { "wrote plugins/\(name)/\($0.path)\n" }.joined()
        let next = starter.next.map { TypedPlace.complete("next: \($0)\n") }.joined()
        streams.result(written + next)
    }
}

extension PluginStarter.Language: ExpressibleByArgument {}
