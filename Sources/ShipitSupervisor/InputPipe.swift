import CSupervisor
import Glibc
import SupervisorProtocol

/// What a command reads on its standard input. The stream stays open until the command has ended, so that whoever reads
/// it can tell by its end that this supervisor is gone.
final class InputPipe {
    let descriptor: Int32
    private var rest: ArraySlice<UInt8>
    private var isOpen = true

    init(_ descriptor: Int32, _ text: String) {
        self.descriptor = descriptor
        rest = Array(text.utf8)[...]
    }

    var hasMore: Bool { isOpen && !rest.isEmpty }

    /// As much as the pipe has room for.
    func write() {
        while hasMore {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // Whoever does not read on does not want it.
                if errno != EAGAIN { finish() }
                return
            }
        }
    }

    func finish() {
        guard isOpen else { return }
        isOpen = false
        rest = []
        close(descriptor)
    }
}
