import FoundationEssentials

/// Appends to the message file, a line a message.
struct Messages {
    let path: String

    func preview(_ lines: [String]) { tell(["preview": lines]) }
    func log(_ text: String) { tell(["log": text]) }
    func reason(_ text: String) { tell(["reason": text]) }
    func output(drained count: Int) throws(Trouble) { try say(["output": ["drained": count]]) }

    /// What an undo will go by: where it cannot be kept, nothing may be changed.
    func output(was standing: Standing) throws(Trouble) { try say(["output": ["was": standing.rawValue]]) }

    private func say(_ message: some Encodable) throws(Trouble) {
        guard let line = try? JSONEncoder().encode(message),
            Files.append(Array(line) + [UInt8(ascii: "\n")], to: path)
        else { throw .failed("\(path) cannot be written") }
    }

    /// Words for a person, which must not keep the work from being done.
    private func tell(_ message: some Encodable) {
        do throws(Trouble) { try say(message) } catch { print(error.reason) }
    }
}
