import Glibc

/// Files as they are needed here: read whole, appended to, or replaced at once.
enum Files {
    /// `nil` where it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// - Returns: whether all of it is there.
    static func append(_ bytes: [UInt8], to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return write(descriptor, bytes)
    }

    /// Whoever reads it sees the old text or the new one. Its mode and its owner stay.
    static func replace(_ path: String, with text: String) throws(Trouble) {
        // The file itself, where the path is a link to it.
        guard let resolved = realpath(path, nil) else { throw failure(path) }
        defer { free(resolved) }
        let place = String(cString: resolved)
        var status = stat()
        guard stat(place, &status) == 0 else { throw failure(place) }
        let new = place + ".shipit-new"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(new) }
        defer { close(descriptor) }
        // Only root may give a file away; then it is the owner's already.
        if fchown(descriptor, status.st_uid, status.st_gid) != 0, status.st_uid != getuid() {
            unlink(new)
            throw .failed("\(place) belongs to somebody else")
        }
        guard fchmod(descriptor, status.st_mode & 0o7777) == 0, write(descriptor, Array(text.utf8)),
            fsync(descriptor) == 0, rename(new, place) == 0
        else {
            let trouble = failure(new)
            unlink(new)
            throw trouble
        }
    }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func failure(_ path: String) -> Trouble { .failed("\(path): \(String(cString: strerror(errno)))") }
}
