import Foundation

/// Questions to the person in front of a terminal; elsewhere nobody is asked anything.
struct Questions {
    let streams: Streams

    /// Somebody can read the question and answer it. With `CI` set there is nobody, as if there were no terminal.
    var isThere: Bool {
        Streams.isInputTerminal && Streams.isErrorTerminal
            && !Terminal.isBuildServer(ProcessInfo.processInfo.environment)
    }

    /// Only `y` and `yes` mean yes; an end of input means no.
    func confirms(_ question: String) -> Bool {
        streams.progress("\(question) [y/N] ")
        guard let answer = readLine() else {
            streams.progress("\n")
            return false
        }
        return ["y", "yes"].contains(answer.trimmingCharacters(in: .whitespaces).lowercased())
    }

    /// What the person types; `nil` at an end of input.
    func answer(_ question: String) -> String? {
        streams.progress("\(question) ")
        guard let answer = readLine() else {
            streams.progress("\n")
            return nil
        }
        return answer.trimmingCharacters(in: .whitespaces)
    }

    /// One of several, by its number or by its name; `nil` when the person gives none.
    func choice(_ question: String, among choices: [(name: String, words: String)]) -> Int? {
        streams.progress(question + "\n")
        for (number, choice) in choices.enumerated() { streams.progress("  \(number + 1)  \(choice.words)\n") }
        streams.progress("number or name: ")
        guard let answer = readLine()?.trimmingCharacters(in: .whitespaces) else {
            streams.progress("\n")
            return nil
        }
        if let number = Int(answer), choices.indices.contains(number - 1) { return number - 1 }
        return choices.firstIndex { $0.name == answer }
    }
}
