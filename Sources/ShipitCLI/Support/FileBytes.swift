import Foundation

/// Reads small files that somebody named, without ever waiting for a pipe or swallowing a disk.
enum FileBytes {
    static func read(_ path: String, atMost limit: Int, shownAs name: String) throws(CommandFailure) -> [UInt8] {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(name, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(name, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.usage, "\(name) is not a file")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(name, errno) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        throw CommandFailure(.usage, "\(name) is larger than \(limit >> 20) MiB")
    }

    private static func failure(_ name: String, _ code: Int32) -> CommandFailure {
        let hint = code == ENOENT ? "is the path right?" : nil
        return CommandFailure(.usage, "cannot read \(name): \(String(cString: strerror(code)))", hint: hint)
    }
}
