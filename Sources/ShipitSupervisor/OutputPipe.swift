import Glibc
import SupervisorProtocol

/// One stream of a command, from its pipe through the masker into the log.
final class OutputPipe {
    let descriptor: Int32
    let command: RunningCommand
    private let kind: OutputFrame.Kind
    private var masker: Masker
    private var total: Int64 = 0
    private var ring: RingWriter?
    private var hasNoRing = false
    private(set) var isOpen = true

    init(_ descriptor: Int32, of command: RunningCommand, _ kind: OutputFrame.Kind, patterns: MaskPatterns) {
        self.descriptor = descriptor
        self.command = command
        self.kind = kind
        masker = Masker(patterns)
    }

    /// Reads once. Whether there may be more right away.
    func read(into log: inout OutputWriter, buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard isOpen else { return false }
        let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
        if count > 0 {
            var shown: [UInt8] = []
            shown.reserveCapacity(count + 64)
            masker.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &shown)
            keep(shown, in: &log)
            return true
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return errno == EINTR }
        finish(in: &log)
        return false
    }

    /// Takes what is in the pipe now, and no more than a pipe may hold: whoever still writes is not waited for.
    func drain(into log: inout OutputWriter, buffer: UnsafeMutableRawBufferPointer) {
        for _ in 0..<32 {
            guard read(into: &log, buffer: buffer) else { return }
        }
    }

    func finish(in log: inout OutputWriter) {
        guard isOpen else { return }
        isOpen = false
        close(descriptor)
        var rest: [UInt8] = []
        masker.finish(into: &rest)
        keep(rest, in: &log)
        guard let ring else { return }
        ring.finish()
        log.write(.ringClosed, of: command, at: Time.wall, [kind.rawValue])
        self.ring = nil
    }

    /// The first bytes go into the log, the rest into a ring.
    private func keep(_ bytes: [UInt8], in log: inout OutputWriter) {
        guard !bytes.isEmpty else { return }
        let now = Time.wall
        let room = Int(max(0, OutputBounds.head - total))
        if room > 0 { log.write(kind, of: command, at: now, bytes.prefix(room)) }
        if bytes.count > room {
            if ring == nil, !hasNoRing {
                ring = RingWriter(command: command.id, stream: kind.rawValue, total: max(total, OutputBounds.head))
                hasNoRing = ring == nil
                if ring != nil { log.write(.ring, of: command, at: now, [kind.rawValue]) }
            }
            if ring == nil { log.lose(bytes.count - room) }
            ring?.write(bytes.dropFirst(room), at: now)
        }
        total += Int64(bytes.count)
    }
}
