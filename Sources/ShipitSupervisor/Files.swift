import Glibc

/// What is in a file, or `nil` if it cannot be read. Fit for `/proc`, whose files tell no size.
func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
        var bytes: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
            if count > 0 {
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                return nil
            }
        }
    }
}

/// Opens a file of the run's folder, which it makes where it is missing: for the owner alone, or for the group where the folder
/// is a group's (2770), whatever the umask says.
func openKept(_ name: String, _ flags: Int32) -> Int32 {
    let descriptor = open(name, flags | O_CREAT | O_CLOEXEC, 0o600)
    var folder = stat()
    // Another member's file has its mode already, and only its owner may set it.
    if descriptor >= 0, stat(".", &folder) == 0, folder.st_mode & 0o2770 == 0o2770 { _ = fchmod(descriptor, 0o660) }
    return descriptor
}

/// Writes all of it, or tells the errno that stopped it and how much got there.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> (written: Int, failure: Int32) {
    var written = 0
    while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        if count >= 0 {
            written += count
        } else if errno != EINTR {
            return (written, errno)
        }
    }
    return (written, 0)
}

func description(ofError number: Int32) -> String { String(cString: strerror(number)) }

/// This boot of the machine; pids and start times of another one mean nothing.
func currentBootID() -> String {
    let bytes = contents(of: "/proc/sys/kernel/random/boot_id") ?? []
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}
