import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The file that a command leaves its outputs in: `name=value` lines.
enum OutputFile {
    static let limit = 1 << 20

    /// Makes it before the command does: what is written there may hold a secret for a moment, and the command's umask
    /// may be anything. What an attempt that is taken up again has written stays.
    static func prepare(_ path: String) throws(ActionError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw .stopped("cannot make \(path): \(errorWords(errno))")
        }
    }

    static func read(_ path: String) throws(ActionError) -> [String: String] {
        // Not through a link, and without waiting for the other end of a pipe: a command may have put anything there.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [:] }
            throw .failedForGood("the outputs in \(path) cannot be read: \(errorWords(errno))")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw .failedForGood("\(path) is not a plain file")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = systemRead(descriptor, &buffer)
            if count == 0 { break }
            guard count > 0 else { throw .failedForGood("the outputs cannot be read: \(errorWords(errno))") }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { throw .failedForGood("the outputs are larger than 1 MiB") }
        }
        return try parse(bytes)
    }

    /// Whatever stands there; what cannot be removed is at least known to nobody but the run's owner.
    static func remove(_ path: String) { unlink(path) }

    static func parse(_ bytes: [UInt8]) throws(ActionError) -> [String: String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .failedForGood("the outputs are not UTF-8")
        }
        var outputs: [String: String] = [:]
        // A CR stays part of the value: nobody but the author can say that it was not meant.
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty { continue }
            let line = String(line)
            guard let equals = line.unicodeScalars.firstIndex(of: "="), isName(line[..<equals]) else {
                throw .failedForGood("line \(index + 1) of the outputs is not name=value: \(line.prefix(80))")
            }
            outputs[String(line[..<equals])] = String(line[line.unicodeScalars.index(after: equals)...])
        }
        return outputs
    }

    private static func isName(_ text: Substring) -> Bool { text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]*/) != nil }
}

private func systemRead(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count >= 0 || errno != EINTR { return count }
    }
}
