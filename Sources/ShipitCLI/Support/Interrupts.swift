import Foundation
import ShipitCore
import ShipitEngine
import Synchronization

/// The signals of a process that drives a run. Ctrl-C and TERM reach the conductor; a lost session and lost readers
/// reach nobody: the run goes on.
final class Interrupts: Sendable {
    private struct State {
        var count = 0
        var conductor: Conductor?
        var progress: (any Progress)?
    }

    private let state = Mutex(State())
    private let clock: SystemClock

    /// A signal's handler may do next to nothing, so it writes a byte, and a thread reads it.
    private static let pipe: (reader: Int32, writer: Int32) = {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }()

    /// From here on signals no longer end the process by themselves.
    init(clock: SystemClock) throws(CommandFailure) {
        self.clock = clock
        guard Self.pipe.reader >= 0 else {
            throw CommandFailure(.machine, "no more files can be opened by this process")
        }
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM] { signal(number, Self.handler) }
        let thread = Thread { self.listen() }
        thread.name = "signals"
        thread.start()
    }

    private static let handler: @convention(c) (Int32) -> Void = { _ in
        let before = errno
        var byte: UInt8 = 1
        _ = write(Interrupts.pipe.writer, &byte, 1)
        errno = before
    }

    /// Whether somebody wants the process to end.
    var hasCome: Bool { state.withLock { $0.count > 0 } }

    /// What came before there was a conductor is passed on now.
    func attach(_ conductor: Conductor, telling progress: any Progress) {
        let count = state.withLock { state in
            state.conductor = conductor
            state.progress = progress
            return state.count
        }
        for _ in 0..<min(count, 2) { conductor.interrupt() }
    }

    private func listen() {
        var byte: UInt8 = 0
        while true {
            let count = read(Self.pipe.reader, &byte, 1)
            if count == 1 { took() } else if count == 0 || errno != EINTR { return }
        }
    }

    private func took() {
        let (count, conductor, progress) = state.withLock { state in
            state.count += 1
            return (state.count, state.conductor, state.progress)
        }
        // More than two say nothing new.
        guard count <= 2 else { return }
        // Before the words: a terminal that takes none must not keep the conductor from hearing of it.
        conductor?.interrupt()
        progress?.say(
            count == 1
                ? "interrupted: running stages finish, nothing new starts; once more ends them"
                : "interrupted again: ending the running stages", now: clock.now)
    }
}
