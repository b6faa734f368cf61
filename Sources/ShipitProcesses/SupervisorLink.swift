import Dispatch
import Glibc
import ShipitCore
import ShipitEngine
import SupervisorProtocol
import Synchronization

/// One connection to the supervisor. A thread waits for what it says; requests are written by whoever makes them.
final class SupervisorLink: Sendable {
    private typealias EndWaiter = CheckedContinuation<Answer<CommandFate>, Never>

    /// The connection may break before there is an answer; then it is asked again over another one.
    private enum Answer<Value: Sendable>: Sendable {
        case value(Value)
        case refused(String)
        case lost
    }

    private struct State: ~Copyable {
        var isOpen = true
        var fence: Epoch?
        var failure: String?
        var ends: [String: [EndWaiter]] = [:]
        var records: [String: [CheckedContinuation<Answer<CommandRecord>, Never>]] = [:]
        var tickets: [UInt32: CheckedContinuation<Answer<Bool>, Never>] = [:]
        var farewells: [CheckedContinuation<Answer<Bool>, Never>] = []
        var isSaidGoodbye = false
        var nextTicket: UInt32 = 1
        var extents: [String: OutputExtent] = [:]
        /// What the socket had no room for; `writer` is at it.
        var backlog: [UInt8] = []
        var isWriting = false
    }

    /// The supervisor, if this process started it.
    let child: pid_t?
    private let descriptor: Int32
    private let state = Mutex(State())
    private let writer = DispatchQueue(label: "shipit.supervisor.writer")

    /// Says hello and waits for the answer. `nil` if the supervisor left instead.
    init?(_ descriptor: Int32, epoch: Epoch, child: pid_t?) throws(ProcessesError) {
        self.descriptor = descriptor
        self.child = child
        var frames = FrameBuffer()
        do {
            guard try Self.greet(descriptor, epoch: epoch, &frames) else {
                close(descriptor)
                if let child { waitpid(child, nil, 0) }
                return nil
            }
        } catch {
            close(descriptor)
            throw error
        }
        Blocking.start { [self, frames] in listen(frames) }
    }

    private static func greet(
        _ descriptor: Int32, epoch: Epoch, _ frames: inout FrameBuffer
    ) throws(ProcessesError) -> Bool {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let hello = SupervisorRequest.hello(epoch: epoch.number).frame
        guard send(descriptor, hello, hello.count, Int32(MSG_NOSIGNAL)) == hello.count else { return false }
        while true {
            guard let reply = try next(&frames) else {
                switch receive(descriptor, &frames) {
                case .bytes: continue
                case .closed: return false
                case .late: throw .unavailable("the supervisor does not answer")
                }
            }
            switch reply {
            case .welcome:
                limit.tv_sec = 0
                setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                return true
            case .fenced(let epoch): throw .fenced(by: Epoch(epoch))
            case .failed(let reason): throw .unavailable("the supervisor cannot work: \(reason)")
            default: continue
            }
        }
    }

    private enum Reception { case bytes, closed, late }

    private static func receive(_ descriptor: Int32, _ frames: inout FrameBuffer) -> Reception {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            while true {
                let count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
                if count > 0 {
                    frames.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    return .bytes
                }
                if count == 0 { return .closed }
                if errno == EAGAIN { return .late }
                if errno != EINTR { return .closed }
            }
        }
    }

    private static func next(_ frames: inout FrameBuffer) throws(ProcessesError) -> SupervisorReply? {
        do throws(WireError) {
            guard let frame = try frames.next() else { return nil }
            return try SupervisorReply(frame: frame)
        } catch {
            throw .unavailable("the supervisor's answer makes no sense: \(error)")
        }
    }

    // MARK: What is known

    var isOpen: Bool { state.withLock { $0.isOpen } }
    var fence: Epoch? { state.withLock { $0.fence } }
    var allOutputExtents: [String: OutputExtent] { state.withLock { $0.extents } }
    func outputExtent(of key: String) -> OutputExtent? { state.withLock { $0.extents[key] } }

    /// Nobody will ask any more.
    func hangUp() { state.withLock { if $0.isOpen { shutdown(descriptor, Int32(SHUT_RDWR)) } } }

    // MARK: Asking

    /// `nil` if the connection was lost.
    func waitForEnd(of key: String, asking frame: [UInt8]) async throws(ProcessesError) -> CommandFate? {
        try result(
            await ask(frame) { state, continuation in state.ends[key, default: []].append(continuation) })
    }

    /// `nil` if the connection was lost.
    func record(of key: String) async throws(ProcessesError) -> CommandRecord? {
        try result(
            await ask(SupervisorRequest.query(key: key).frame) { state, continuation in
                state.records[key, default: []].append(continuation)
            })
    }

    /// Whether everything under the prefix is proven gone; false if the connection was lost.
    func end(prefix: String) async throws(ProcessesError) -> Bool {
        let ticket = state.withLock { state in
            defer { state.nextTicket += 1 }
            return state.nextTicket
        }
        return try result(
            await ask(SupervisorRequest.end(ticket: ticket, prefix: prefix).frame) { state, continuation in
                state.tickets[ticket] = continuation
            }) ?? false
    }

    /// Whether the supervisor said goodbye; false if the connection was lost before.
    func finish() async throws(ProcessesError) -> Bool {
        try result(
            await ask(SupervisorRequest.done.frame) { state, continuation in state.farewells.append(continuation) })
            ?? false
    }

    private func result<Value>(_ answer: Answer<Value>) throws(ProcessesError) -> Value? {
        switch answer {
        case .value(let value): return value
        case .refused(let reason): throw .unavailable(reason)
        case .lost:
            let (fence, failure) = state.withLock { ($0.fence, $0.failure) }
            if let fence { throw .fenced(by: fence) }
            if let failure { throw .unavailable(failure) }
            return nil
        }
    }

    private func ask<Value>(
        _ frame: [UInt8],
        enrol: sending (inout State, CheckedContinuation<Answer<Value>, Never>) -> Void
    ) async -> Answer<Value> {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                guard state.isOpen else { return false }
                enrol(&state, continuation)
                write(frame, &state)
                return true
            }
            if !isOpen { continuation.resume(returning: .lost) }
        }
    }

    /// Nearly always the socket has room. If not, the rest is written by a thread that may wait.
    private func write(_ frame: [UInt8], _ state: inout State) {
        var sent = 0
        if state.backlog.isEmpty, !state.isWriting {
            sent = max(0, send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)))
        }
        guard sent < frame.count else { return }
        state.backlog += frame[sent...]
        guard !state.isWriting else { return }
        state.isWriting = true
        writer.async { [self] in writeBacklog() }
    }

    private func writeBacklog() {
        while true {
            let piece: [UInt8]? = state.withLock { state in
                guard state.isOpen, !state.backlog.isEmpty else {
                    state.isWriting = false
                    return nil
                }
                defer { state.backlog = [] }
                return state.backlog
            }
            guard let piece else { return }
            var sent = 0
            while sent < piece.count {
                let count = piece.withUnsafeBytes {
                    send(descriptor, $0.baseAddress! + sent, piece.count - sent, Int32(MSG_NOSIGNAL))
                }
                // A broken connection is noticed by whoever listens.
                guard count > 0 || errno == EINTR else { break }
                sent += max(0, count)
            }
        }
    }

    // MARK: Listening

    private func listen(_ begun: FrameBuffer) {
        var frames = begun
        do throws(ProcessesError) {
            repeat {
                while let reply = try Self.next(&frames) { take(reply) }
            } while Self.receive(descriptor, &frames) == .bytes
        } catch {
            state.withLock { $0.failure = "\(error)" }
        }
        lose()
    }

    private func take(_ reply: SupervisorReply) {
        switch reply {
        case .ended(let command):
            let (ends, records) = state.withLock { state in
                state.extents[command.key] = command.output
                return (
                    state.ends.removeValue(forKey: command.key) ?? [],
                    state.records.removeValue(forKey: command.key) ?? []
                )
            }
            for waiter in ends { waiter.resume(returning: .value(command.fate)) }
            for waiter in records { waiter.resume(returning: .value(.finished(CommandEnd(command.fate)))) }
        case .absent(let key): answer(key, .absent)
        case .running(let key): answer(key, .running)
        case .refused(let key, let reason):
            let waiters = state.withLock { $0.ends.removeValue(forKey: key) ?? [] }
            for waiter in waiters { waiter.resume(returning: .refused(reason)) }
        case .gone(let ticket):
            state.withLock { $0.tickets.removeValue(forKey: ticket) }?.resume(returning: .value(true))
        case .fenced(let epoch): state.withLock { $0.fence = Epoch(epoch) }
        case .failed(let reason): state.withLock { $0.failure = reason }
        case .bye: state.withLock { $0.isSaidGoodbye = true }
        case .welcome, .listing: break
        }
    }

    private func answer(_ key: String, _ record: CommandRecord) {
        let waiters = state.withLock { $0.records.removeValue(forKey: key) ?? [] }
        for waiter in waiters { waiter.resume(returning: .value(record)) }
    }

    /// The other side is gone: whoever waits learns it.
    private func lose() {
        let (ends, records, tickets, farewells, isSaidGoodbye) = state.withLock { state in
            state.isOpen = false
            defer {
                state.ends = [:]
                state.records = [:]
                state.tickets = [:]
                state.farewells = []
            }
            return (state.ends, state.records, state.tickets, state.farewells, state.isSaidGoodbye)
        }
        // Not closed while the writer may be inside `send`.
        writer.async { [descriptor] in close(descriptor) }
        for waiter in ends.values.joined() { waiter.resume(returning: .lost) }
        for waiter in records.values.joined() { waiter.resume(returning: .lost) }
        for waiter in tickets.values { waiter.resume(returning: .lost) }
        for waiter in farewells { waiter.resume(returning: isSaidGoodbye ? .value(true) : .lost) }
    }
}
