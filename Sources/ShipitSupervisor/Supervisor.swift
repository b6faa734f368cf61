import CSupervisor
import Glibc
import SupervisorProtocol

/// The run's commands, the engines that are connected, and one loop that waits for whatever happens next.
///
/// **It has one thread and never blocks on anybody**: not on an engine that doesn't read, not on a command that doesn't
/// end, not on a grandchild that holds a pipe.
final class Supervisor {
    /// Without an engine and without a command it stays this long, in case the next engine is on its way.
    static let idleMilliseconds: Int64 = 3000
    let bootID: String
    let signals: Int32
    let listener: Int32
    var file: LedgerFile
    var log: OutputWriter
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    var connections: [Connection] = []
    /// Commands without an end on record, by id.
    var active: [UInt32: RunningCommand] = [:]
    /// The processes that were started themselves, while they live.
    var leaders: [Int32: RunningCommand] = [:]
    /// Pipes of commands that have ended and left something running that may still write.
    var keptPipes: [OutputPipe] = []
    var family = Family()
    var groups = ControlGroups()
    var waiters: [PendingEnd] = []
    /// Set when there is no child at all, which waiting for children tells for nothing.
    var isChildless = true
    var isDone = false
    var idleSince: Int64?
    private var lastSecrets: [String] = []
    private var lastPatterns = MaskPatterns(secrets: [])

    static func run(engine: Int32) -> Int32 {
        csup_set_close_on_exec(engine)
        csup_set_nonblocking(engine)
        csup_become_subreaper()
        let signals = csup_child_signals()
        let bootID = currentBootID()
        let connection = Connection(engine)
        func fail(_ reason: String) -> Int32 {
            connection.send(.failed(reason))
            return 1
        }
        guard signals >= 0 else { return fail("signals: \(description(ofError: -signals))") }
        switch openLedger(bootID: bootID) {
        case .held: return 0
        case .failed(let reason): return fail(reason)
        case .opened(let file):
            unlink(supervisorSocketName)
            let listener = csup_listen(supervisorSocketName)
            guard listener >= 0 else { return fail("\(supervisorSocketName): \(description(ofError: -listener))") }
            guard let log = OutputWriter() else {
                return fail("\(OutputFrame.fileName): \(description(ofError: errno))")
            }
            let supervisor = Supervisor(bootID: bootID, signals: signals, listener: listener, file: file, log: log)
            supervisor.connections.append(connection)
            supervisor.recover()
            supervisor.work()
            supervisor.leave()
            return 0
        }
    }

    /// A supervisor that is just leaving lets go of the ledger within moments; one that stays is the one to talk to.
    private static func openLedger(bootID: String) -> LedgerFile.Opening {
        for _ in 0..<50 {
            let opening = LedgerFile.open(bootID: bootID)
            guard case .held = opening else { return opening }
            usleep(2000)
        }
        return .held
    }

    private init(bootID: String, signals: Int32, listener: Int32, file: LedgerFile, log: OutputWriter) {
        self.bootID = bootID
        self.signals = signals
        self.listener = listener
        self.file = file
        self.log = log
    }

    /// Compiled once for a run of commands that see the same secrets.
    func patterns(for secrets: [String]) -> MaskPatterns {
        if secrets != lastSecrets {
            lastSecrets = secrets
            lastPatterns = MaskPatterns(secrets: secrets)
        }
        return lastPatterns
    }

    private func work() {
        while !shouldLeave() {
            let pipes = active.values.flatMap(\.pipes).filter(\.isOpen) + keptPipes
            var polled = [
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            ]
            let talking = connections
            for connection in talking {
                let events = connection.hasBacklog ? POLLIN | POLLOUT : POLLIN
                polled.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
            }
            for pipe in pipes { polled.append(pollfd(fd: pipe.descriptor, events: Int16(POLLIN), revents: 0)) }
            let inputs = active.values.compactMap(\.standardInput).filter(\.hasMore)
            for input in inputs { polled.append(pollfd(fd: input.descriptor, events: Int16(POLLOUT), revents: 0)) }
            guard poll(&polled, nfds_t(polled.count), pause()) >= 0 || errno == EINTR else { continue }
            for (index, connection) in talking.enumerated() where polled[2 + index].revents != 0 {
                serve(connection)
            }
            for (index, pipe) in pipes.enumerated() where polled[2 + talking.count + index].revents != 0 {
                read(pipe)
            }
            for (index, input) in inputs.enumerated() where polled[2 + talking.count + pipes.count + index].revents != 0
            {
                input.write()
            }
            if polled[0].revents != 0 { reap() }
            if polled[1].revents != 0 { welcome() }
            look()
        }
    }

    private func read(_ pipe: OutputPipe) {
        guard pipe.isOpen else { return }
        _ = pipe.read(into: &log, buffer: buffer)
        if !pipe.isOpen { keptPipes.removeAll { $0 === pipe } }
        guard case .draining(_, let until) = pipe.command.phase else { return }
        pipe.command.phase = .draining(idleAt: Time.steady + Self.drainIdle, until: until)
        if !pipe.isOpen { settle(pipe.command) }
    }

    /// How long nothing is due, in milliseconds; -1 for as long as nothing happens.
    private func pause() -> Int32 {
        var next = active.values.map(\.nextEvent).min() ?? .max
        if let idleSince { next = min(next, idleSince + Self.idleMilliseconds) }
        if !file.isComplete { next = min(next, Time.steady + 1000) }
        guard next < .max else { return -1 }
        return Int32(clamping: max(0, next - Time.steady))
    }

    /// Does what time has made due.
    private func look() {
        if !file.isComplete { _ = file.retryUnwritten() }
        let now = Time.steady
        for command in active.values where command.nextEvent <= now {
            switch command.phase {
            case .running: timeOut(command)
            case .draining, .ending: settle(command)
            }
        }
    }

    private func shouldLeave() -> Bool {
        // Once the run's end is in the journal, nobody will ask the ledger any more: an end that finds no room there is let go.
        guard active.isEmpty, file.isComplete || isDone else {
            idleSince = nil
            return false
        }
        if isDone { return true }
        guard connections.isEmpty else {
            idleSince = nil
            return false
        }
        let since = idleSince ?? Time.steady
        idleSince = since
        return Time.steady - since >= Self.idleMilliseconds
    }
}
