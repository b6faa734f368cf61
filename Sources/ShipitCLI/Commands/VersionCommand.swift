import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() {
        switch output.output {
        case .text: Streams().result("shipit \(Wiring.version)\n")
        case .json: Streams().result(JSONValue.members(["version": .string(Wiring.version)]).pretty + "\n")
        }
    }
}
