import ArgumentParser
import Foundation

/// Where the caller said to work, in the caller's own words: a command that is proposed must work when it is typed as it stands.
enum TypedPlace {
    /// ` -C DIR --state DIR`, or nothing.
    @TaskLocal static var words = ""

    /// What a command was given.
    static func words(of command: any ParsableCommand) -> String {
        for child in Mirror(reflecting: command).children {
            guard let place = (child.value as? OptionGroup<PlaceOptions>)?.wrappedValue else { continue }
            let folder = place.folder.map { " -C \(ShellWord.quoted($0))" } ?? ""
            return folder + (place.state.map { " --state \(ShellWord.quoted($0))" } ?? "")
        }
        return ""
    }

    /// The text, each command of shipit in it with the words that belong to it.
    static func complete(_ text: String) -> String {
        guard !words.isEmpty else { return text }
        var pieces = text.components(separatedBy: "shipit ")
        for place in pieces.indices.dropFirst() {
            let name = pieces[place].prefix { $0.isLetter }
            guard ShipitCommand.commandNames.contains(String(name)) else { continue }
            pieces[place] = words.dropFirst() + " " + pieces[place]
        }
        return pieces.joined(separator: "shipit ")
    }
}
