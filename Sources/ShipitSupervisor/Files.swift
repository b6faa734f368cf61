import Glibc

/// What is in a file, or `nil` if it cannot be read. Fit for `/proc`, whose files tell no size.
func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var capacity = 4096
    while true {
        let before = bytes.count
        var count = 0
        bytes.append(contentsOf: repeatElement(0, count: capacity))
        repeat {
            count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + before, capacity) }
        } while count < 0 && errno == EINTR
        bytes.removeLast(capacity - max(0, count))
        guard count > 0 else { return count == 0 ? bytes : nil }
        capacity = min(capacity * 2, 1 << 20)
    }
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
