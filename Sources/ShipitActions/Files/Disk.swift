import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Files that must be there after a power cut, and nobody else's to read.
enum Disk {
    enum Kind { case absent, file, folder, other }

    static func kind(_ path: String) -> Kind {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return .absent }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    static func size(_ path: String) throws(ActionError) -> Int {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw failure("read", path) }
        return Int(facts.st_size)
    }

    /// The names in a folder, in their order.
    static func names(_ folder: String) throws(ActionError) -> [String] {
        guard let listing = opendir(folder) else { throw failure("read", folder) }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(ActionError) {
        switch kind(path) {
        case .folder: return
        case .file, .other: throw .failedForGood("\(path) is not a folder")
        case .absent: break
        }
        if let slash = path.dropFirst().lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("make", path) }
    }

    /// A new empty file of our own; what stood there before goes.
    static func makePrivateFile(_ path: String) throws(ActionError) {
        try remove(path)
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("make", path) }
        close(descriptor)
    }

    static func remove(_ path: String) throws(ActionError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("remove", path) }
    }

    /// Moves a finished file to its name: afterwards both the content and the name survive a power cut.
    static func publish(_ temporary: String, as path: String) throws(ActionError) {
        try sync(temporary)
        guard rename(temporary, path) == 0 else { throw failure("rename to", path) }
        try sync(folder(of: path))
    }

    /// Writes a whole file so that a reader sees either all of it or the one before.
    static func write(_ bytes: [UInt8], to path: String) throws(ActionError) {
        let temporary = path + ".partial"
        try makePrivateFile(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("write", temporary) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Self.write(descriptor, $0) }
            guard count > 0 else {
                let error = failure("write", temporary)
                close(descriptor)
                throw error
            }
            written += count
        }
        close(descriptor)
        try publish(temporary, as: path)
    }

    static func sync(_ path: String) throws(ActionError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("sync", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// Gives a file to `take` in pieces.
    static func read(_ path: String, take: (UnsafeRawBufferPointer) throws(ActionError) -> Void) throws(ActionError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Self.read(descriptor, buffer)
            if count == 0 { return }
            guard count > 0 else { throw failure("read", path) }
            try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            let count = systemWrite(descriptor, bytes)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = systemRead(descriptor, buffer)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    /// What went wrong just now, as the system says.
    static func failure(_ what: String, _ path: String) -> ActionError {
        .failed("cannot \(what) \(path): \(errorWords(errno))")
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
