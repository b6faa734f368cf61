import Foundation
import Synchronization

/// Where progress goes: a file descriptor whose reader may be slow, or gone. Neither may hold a deployment up, so a write
/// that fails is the last one. (The process must ignore SIGPIPE.)
final class OutputSink: Sendable {
    private let descriptor: Int32
    private let isGone = Mutex(false)
    private let trouble = Mutex<Int32?>(nil)

    /// Why something could not be written (an `errno`); `nil` also where only the reader has gone, which is its right.
    var failure: Int32? { trouble.withLock { $0 } }

    init(descriptor: Int32) { self.descriptor = descriptor }

    static let standardOutput = OutputSink(descriptor: STDOUT_FILENO)
    static let standardError = OutputSink(descriptor: STDERR_FILENO)

    /// All of it with as few writes as the other end takes.
    func write(_ text: String) {
        guard !text.isEmpty else { return }
        isGone.withLock { isGone in
            if !isGone { isGone = !writeAll(Array(text.utf8)) }
        }
    }

    private func writeAll(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(descriptor, buffer.baseAddress! + offset, bytes.count - offset)
            }
            if count > 0 {
                offset += count
            } else if count < 0, errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // An end that takes nothing for so long is as good as gone.
                if poll(&ready, 1, 5000) == 0 { return false }
            } else if count == 0 || errno != EINTR {
                let code = errno
                if count < 0, !isReaderGone(code) { trouble.withLock { $0 = code } }
                return false
            }
        }
        return true
    }

    /// A terminal that was closed answers EIO, and no longer says that it was one; a disk that fails is no device of characters.
    private func isReaderGone(_ code: Int32) -> Bool {
        if code == EPIPE { return true }
        var facts = stat()
        return code == EIO && fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFCHR
    }
}
