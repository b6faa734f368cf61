import Foundation
import Synchronization

/// The message file of one call, read as it grows. What it says is gathered here; a fault ends the reading for good.
final class MessageFile: Sendable {
    let path: String
    private let state: Mutex<State>

    private struct State {
        var descriptor: Int32
        var reader = MessageReader()
        var gathered = Gathered()
        var shown = 0
    }

    /// How many messages of a call a person is shown.
    private static let shownLimit = 10_000

    /// What the messages have said so far.
    struct Gathered: Sendable {
        var outputs: [String: JSONText] = [:]
        var cursor: JSONText?
        var preview: [String] = []
        var reason: String?
        var fault: MessageFault?
    }

    /// Makes the file, or opens the one of a call that goes on.
    init(_ path: String, isNew: Bool) throws(PluginFileError) {
        self.path = path
        // Not through a link, and without waiting for a pipe: a plugin may have put anything there.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = isNew ? open(path, flags | O_CREAT | O_EXCL, 0o600) : open(path, flags)
        guard descriptor >= 0 else {
            throw PluginFileError(reason: "\(path): \(String(cString: strerror(errno)))")
        }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { _ = state.withLock { close($0.descriptor) } }

    var gathered: Gathered { state.withLock(\.gathered) }

    /// Reads what has come. With `isLast`, a last line without its line break counts as well.
    /// - Returns: messages for a person.
    func catchUp(isLast: Bool = false) -> [PluginMessage] {
        state.withLock { state in
            guard state.gathered.fault == nil else { return [] }
            var messages: [PluginMessage] = []
            do throws(MessageFault) {
                var buffer = [UInt8](repeating: 0, count: 256 << 10)
                while true {
                    // Each time: whoever writes faster than this reads must not fill the disk meanwhile.
                    try Self.checkPlace(path, state)
                    let count = read(state.descriptor, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    guard count >= 0 else {
                        throw Self.fault(state, "cannot be read: \(String(cString: strerror(errno)))")
                    }
                    if count == 0 { break }
                    Self.take(try state.reader.take(buffer[..<count]), &state, shown: &messages)
                }
                if isLast { Self.take(try state.reader.finish(), &state, shown: &messages) }
            } catch {
                state.gathered.fault = error
            }
            return messages
        }
    }

    private static func take(_ messages: [PluginMessage], _ state: inout State, shown: inout [PluginMessage]) {
        for message in messages {
            state.gathered.take(message)
            guard message.isForPeople, state.shown < shownLimit else { continue }
            state.shown += 1
            shown.append(message)
            if state.shown == shownLimit {
                shown.append(.log("further messages of this call are not shown", level: nil))
            }
        }
    }

    /// That the path is still this very file, and not shorter than what was read.
    private static func checkPlace(_ path: String, _ state: State) throws(MessageFault) {
        var there = stat()
        var own = stat()
        guard fstat(state.descriptor, &own) == 0, lstat(path, &there) == 0 else {
            throw fault(state, "is gone")
        }
        guard own.st_mode & S_IFMT == S_IFREG, there.st_ino == own.st_ino, there.st_dev == own.st_dev else {
            throw fault(state, "was replaced by \(kind(there.st_mode))")
        }
        guard own.st_size >= state.reader.taken else { throw fault(state, "was made shorter") }
        // An endless line is told before an endless file.
        guard own.st_size <= MessageReader.callLimit || state.reader.taken <= MessageReader.lineLimit else {
            throw MessageFault(line: state.reader.nextLine, problem: .tooMuch)
        }
    }

    private static func fault(_ state: borrowing State, _ what: String) -> MessageFault {
        MessageFault(line: state.reader.nextLine, problem: .file(what))
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFLNK: "a symbolic link"
        case S_IFDIR: "a folder"
        case S_IFREG: "another file"
        default: "something that is no file"
        }
    }
}

extension MessageFile.Gathered {
    fileprivate mutating func take(_ message: PluginMessage) {
        switch message {
        case .log, .progress: break
        case .outputs(let values): outputs.merge(values) { $1 }
        case .cursor(let value): cursor = value
        case .preview(let lines): preview += lines
        case .reason(let text): reason = text
        }
    }
}
