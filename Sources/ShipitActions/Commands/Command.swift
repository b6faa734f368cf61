import ShipitCore
import ShipitEngine

/// What an author wrote where a command is expected: a script for the shell, or the words of a program.
enum Command: Hashable, Sendable {
    case script(String)
    case argv([String])

    init(_ value: ResolvedValue, input: String) throws(ActionError) {
        switch value {
        case .text(let script):
            guard script.contains(where: { !$0.isWhitespace }) else { throw .badInput(input, "is empty") }
            self = .script(script)
        case .list(let values):
            let words = values.compactMap(\.text)
            guard words.count == values.count else { throw .badInput(input, "must be a list of words") }
            guard let program = words.first, !program.isEmpty else { throw .badInput(input, "names no program") }
            self = .argv(words)
        case .map: throw .badInput(input, "must be a script or a list of words")
        }
    }

    /// The words to start. A script goes to bash where the PATH has one, because only bash fails a pipe whose first part
    /// failed; else to sh.
    func words(hasBash: Bool) -> [String] {
        switch self {
        case .argv(let words): words
        case .script(let script):
            hasBash ? ["bash", "-euo", "pipefail", "-c", script] : ["sh", "-eu", "-c", script]
        }
    }

    /// A name for messages.
    var name: String {
        switch self {
        case .argv(let words): words[0]
        case .script(let script):
            script.split(whereSeparator: \.isNewline).lazy.map { $0.trimmingSpaces }.first { !$0.isEmpty }
                .map { $0.count > 60 ? $0.prefix(60) + "…" : $0 } ?? "the script"
        }
    }
}

/// Words as a person could paste them into a shell.
enum CommandLineText {
    static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    private static func quoted(_ word: String) -> String {
        let plain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./:=@%+,".utf8.contains(byte)
                }
            }
        return plain
            ? word
            : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}

extension Substring {
    var trimmingSpaces: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
