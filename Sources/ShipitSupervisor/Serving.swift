import CSupervisor
import Glibc
import SupervisorProtocol

/// Someone waits for the commands under a prefix to be gone.
struct PendingEnd {
    var connection: Connection
    var ticket: UInt32
    var commands: Set<UInt32>
}

extension Supervisor {
    func welcome() {
        while true {
            let descriptor = csup_accept(listener)
            if descriptor >= 0 {
                connections.append(Connection(descriptor))
            } else if descriptor != -EPERM, descriptor != -EINTR, descriptor != -ECONNABORTED {
                return
            }
        }
    }

    func serve(_ connection: Connection) {
        connection.flush()
        var isMore = true
        while isMore, connection.isOpen {
            isMore = connection.receive(buffer)
            do throws(WireError) {
                while connection.isOpen, let frame = try connection.frames.next() {
                    handle(try SupervisorRequest(frame: frame), from: connection)
                }
            } catch {
                connection.shut()
            }
        }
        dropClosed()
    }

    private func dropClosed() {
        connections.removeAll { !$0.isOpen }
        waiters.removeAll { !$0.connection.isOpen }
    }

    private func handle(_ request: SupervisorRequest, from connection: Connection) {
        if case .hello(let epoch) = request { return greet(connection, epoch: epoch) }
        guard connection.epoch != nil else { return connection.shut() }
        switch request {
        case .hello: break
        case .start(let command): start(command, for: connection)
        case .query(let key): answer(connection, about: key)
        case .end(let ticket, let prefix): end(prefix, ticket: ticket, for: connection)
        case .list:
            let entries = file.ledger.entries.values.sorted { $0.command.id < $1.command.id }
            connection.send(
                .listing(running: active.values.map(\.key).sorted(), ended: entries.compactMap(\.end)))
        case .done:
            isDone = true
            for command in active.values { beginEnding(command, as: .ended, grace: command.killAfter) }
        }
    }

    private func greet(_ connection: Connection, epoch: Int64) {
        guard epoch >= file.ledger.epoch else {
            connection.send(.fenced(by: file.ledger.epoch))
            return connection.shut()
        }
        if epoch > file.ledger.epoch {
            file.append(.epoch(epoch))
            for other in connections where other !== connection && other.epoch != nil {
                other.send(.fenced(by: epoch))
                other.shut()
            }
        }
        // Who comes while everything is being ended waits until that is done, and then for the next supervisor.
        guard !isDone else { return }
        connection.epoch = epoch
        connection.send(.welcome(pid: getpid()))
    }

    /// The answer about a command that an earlier supervisor started waits until its rest is ended.
    private func answer(_ connection: Connection, about key: String) {
        guard let entry = file.ledger.entries[key] else { return connection.send(.absent(key: key)) }
        if let end = entry.end {
            connection.send(.ended(end))
        } else if active[entry.command.id]?.isRecovered != true {
            connection.send(.running(key: key))
        }
    }

    private func end(_ prefix: String, ticket: UInt32, for connection: Connection) {
        let commands = active.values.filter { SupervisorProtocol.key($0.key, isUnder: prefix) }
        waiters.append(PendingEnd(connection: connection, ticket: ticket, commands: Set(commands.map(\.id))))
        for command in commands { beginEnding(command, as: .ended, grace: command.killAfter) }
        answerWaiters()
    }

    func answerWaiters() {
        for waiter in waiters where waiter.commands.isEmpty { waiter.connection.send(.gone(ticket: waiter.ticket)) }
        waiters.removeAll { $0.commands.isEmpty }
    }

    func announce(_ end: EndedCommand) {
        for connection in connections where connection.epoch != nil { connection.send(.ended(end)) }
    }
}
