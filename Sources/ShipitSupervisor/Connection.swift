import Glibc
import SupervisorProtocol

/// An engine at the other end of a socket.
final class Connection {
    /// An engine that is this far behind with reading has stopped; it can connect again.
    private static let backlogLimit = 64 << 20

    let descriptor: Int32
    /// Set by its hello; nothing is done for a connection without one.
    var epoch: Int64?
    var frames = FrameBuffer()
    private(set) var isOpen = true
    private var backlog: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    var hasBacklog: Bool { !backlog.isEmpty }

    func send(_ reply: SupervisorReply) {
        guard isOpen else { return }
        backlog += reply.frame
        flush()
        if backlog.count > Self.backlogLimit { shut() }
    }

    func flush() {
        while isOpen, !backlog.isEmpty {
            let count = backlog.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                backlog.removeFirst(count)
            } else if errno != EINTR {
                if errno != EAGAIN { shut() }
                return
            }
        }
    }

    /// Whether more may be there.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard isOpen else { return false }
        let count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
        if count > 0 {
            frames.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return count == buffer.count
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return false }
        shut()
        return false
    }

    func shut() {
        guard isOpen else { return }
        isOpen = false
        close(descriptor)
    }
}
