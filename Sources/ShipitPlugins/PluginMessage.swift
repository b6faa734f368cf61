/// One line of a message file.
package enum PluginMessage: Hashable, Sendable {
    case log(String, level: String?)
    case progress(Double, note: String?)
    case outputs([String: JSONText])
    case cursor(JSONText)
    case preview([String])
    case reason(String)

    var isForPeople: Bool {
        switch self {
        case .log, .progress: true
        case .outputs, .cursor, .preview, .reason: false
        }
    }

    /// The largest cursor, in bytes of JSON.
    static let cursorLimit = 64 << 10

    private static let kinds: Set<String> = ["log", "progress", "output", "cursor", "preview", "reason"]
    private static let companions: [String: Set<String>] = ["log": ["level"], "progress": ["note"]]

    init(_ line: some Collection<UInt8>) throws(MessageFault.Problem) {
        guard String(validating: line, as: UTF8.self) != nil else { throw .notUTF8 }
        guard let value = JSONText(parsing: line) else { throw .notJSON }
        guard case .object(let members) = value else { throw .notAnObject }
        let found = members.keys.filter(Self.kinds.contains)
        guard found.count == 1, let kind = found.first, let body = members[kind] else {
            throw .unknownKind(members.keys.sorted())
        }
        let others = Set(members.keys).subtracting([kind])
        guard others.isSubset(of: Self.companions[kind] ?? []) else { throw .unknownKind(members.keys.sorted()) }
        switch kind {
        case "log":
            guard let text = body.text else { throw .wrongValue(kind, "a text") }
            self = .log(text, level: try Self.text(members["level"], "level"))
        case "progress":
            guard let share = body.double, (0...1).contains(share) else {
                throw .wrongValue(kind, "a number from 0 to 1")
            }
            self = .progress(share, note: try Self.text(members["note"], "note"))
        case "output":
            guard case .object(let outputs) = body else { throw .wrongValue(kind, "an object") }
            self = .outputs(outputs)
        case "cursor":
            guard body.bytes.map({ $0.count <= Self.cursorLimit }) == true else {
                throw .wrongValue(kind, "at most 64 KiB")
            }
            self = .cursor(body)
        case "preview":
            guard case .list(let lines) = body else { throw .wrongValue(kind, "a list of texts") }
            let texts = lines.compactMap(\.text)
            guard texts.count == lines.count else { throw .wrongValue(kind, "a list of texts") }
            self = .preview(texts)
        default:
            guard let text = body.text else { throw .wrongValue(kind, "a text") }
            self = .reason(text)
        }
    }

    private static func text(_ value: JSONText?, _ key: String) throws(MessageFault.Problem) -> String? {
        guard let value else { return nil }
        guard let text = value.text else { throw .wrongValue(key, "a text") }
        return text
    }
}

/// What is wrong with a message file.
package struct MessageFault: Error, Hashable, Sendable {
    package enum Problem: Error, Hashable, Sendable {
        case notUTF8, notJSON, notAnObject
        case unknownKind([String])
        /// A key, and what it must be.
        case wrongValue(String, String)
        case lineTooLong, tooMuch
        /// Nothing of a line: the file itself.
        case file(String)
    }

    /// From 1.
    package var line: Int
    package var problem: Problem

    var words: String {
        switch problem {
        case .notUTF8: "line \(line) of its messages is not UTF-8"
        case .notJSON: "line \(line) of its messages is no JSON"
        case .notAnObject: "line \(line) of its messages is no object"
        case .unknownKind(let keys):
            "line \(line) of its messages is of an unknown kind: "
                + (keys.isEmpty ? "{}" : keys.prefix(5).map { String($0.prefix(40)) }.joined(separator: ", "))
        case .wrongValue(let key, let wanted): "line \(line) of its messages: \"\(key)\" must be \(wanted)"
        case .lineTooLong: "line \(line) of its messages is longer than 1 MiB"
        case .tooMuch: "its messages are more than 64 MiB; line \(line) was being read"
        case .file(let what): "its message file \(what), after line \(line - 1)"
        }
    }
}

/// Puts bytes together to lines and reads them; holds at most one line.
package struct MessageReader {
    package static let lineLimit = 1 << 20
    static let callLimit = 64 << 20

    package init() {}

    private var rest: [UInt8] = []
    private var line = 1
    private(set) var taken = 0

    var nextLine: Int { line }

    package mutating func take(_ bytes: some Collection<UInt8>) throws(MessageFault) -> [PluginMessage] {
        taken += bytes.count
        guard taken <= Self.callLimit else { throw MessageFault(line: line, problem: .tooMuch) }
        var messages: [PluginMessage] = []
        for (index, piece) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            if index > 0, let message = try endLine() { messages.append(message) }
            guard rest.count + piece.count <= Self.lineLimit else {
                throw MessageFault(line: line, problem: .lineTooLong)
            }
            rest += piece
        }
        return messages
    }

    /// A last line without its line break: complete, where whoever wrote it has ended by itself.
    package mutating func finish() throws(MessageFault) -> [PluginMessage] {
        guard let message = try endLine() else { return [] }
        return [message]
    }

    private mutating func endLine() throws(MessageFault) -> PluginMessage? {
        defer {
            line += 1
            rest.removeAll(keepingCapacity: rest.count < 4096)
        }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        guard rest.contains(where: { $0 != UInt8(ascii: " ") }) else { return nil }
        do throws(MessageFault.Problem) { return try PluginMessage(rest) } catch {
            throw MessageFault(line: line, problem: error)
        }
    }
}
