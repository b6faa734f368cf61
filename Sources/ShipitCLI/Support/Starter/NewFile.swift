import Foundation

/// A file that wasn't there before.
enum NewFile {
    /// Writes all of it or leaves nothing. What is there already, whatever it is, is never touched.
    static func write(_ text: String, to path: String, shownAs name: String) throws(CommandFailure) {
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.machine, "the folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw isThere(name) }
            throw CommandFailure(.machine, "cannot write \(name): \(String(cString: strerror(errno)))")
        }
        var rest = Array(text.utf8)[...]
        var trouble: Int32?
        while trouble == nil, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { trouble = errno }
        }
        if close(descriptor) != 0, trouble == nil { trouble = errno }
        guard let trouble else { return }
        unlink(path)
        throw CommandFailure(.machine, "cannot write \(name): \(String(cString: strerror(trouble)))")
    }

    static func isThere(_ name: String) -> CommandFailure {
        CommandFailure(
            .refused, "\(name) is there already; nothing was written",
            hint: "shipit validate checks it; --pipeline NAME writes another one")
    }
}
