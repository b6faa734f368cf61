import CSupervisor
import Glibc
import SupervisorProtocol

extension Supervisor {
    /// The variable by which processes that escaped their command's session are known.
    static let tagName = "SHIPIT_IDEMPOTENCY_KEY"

    /// A key on record is never spawned again: its end is told, now or when it comes.
    func start(_ command: StartCommand, for connection: Connection) {
        if let entry = file.ledger.entries[command.key] {
            if let end = entry.end { connection.send(.ended(end)) }
            return
        }
        guard !isDone else {
            return connection.send(.refused(key: command.key, reason: "the supervisor is leaving"))
        }
        let prefix = Self.tagName + "="
        let tag = command.environment.last { $0.hasPrefix(prefix) }?.dropFirst(prefix.count)
        let accepted = AcceptedCommand(
            id: file.ledger.lastID + 1, key: command.key, at: Time.wall, tag: tag.map(String.init) ?? "",
            killAfterMilliseconds: max(0, command.killAfterMilliseconds), leavesRunning: command.leavesRunning,
            outputStart: log.end)
        guard file.reserve(for: active.count + 1), file.append(.accepted(accepted)) else {
            return connection.send(
                .refused(key: command.key, reason: "no room on the disk for the record of how it ends"))
        }
        let deadline = command.timeoutMilliseconds.map { Time.steady + max(0, $0) }
        let group = groups.take()
        if let group { file.append(.grouped(id: accepted.id, path: group.path)) }
        do throws(NotStarted) {
            let spawned = try spawn(command, in: group)
            let running = RunningCommand(accepted, process: spawned.identity, isRecovered: false, deadline: deadline)
            if let group, spawned.isInGroup { running.group = group } else if let group { groups.giveUp(group) }
            let patterns = patterns(for: command.secrets)
            running.standardOutput = OutputPipe(
                spawned.standardOutput, of: running, .standardOutput, patterns: patterns)
            running.standardError = OutputPipe(spawned.standardError, of: running, .standardError, patterns: patterns)
            if let input = command.input {
                running.standardInput = InputPipe(spawned.standardInput, input)
                running.standardInput?.write()
            }
            active[running.id] = running
            leaders[spawned.identity.pid] = running
            family.sessions[spawned.identity.pid] = .command(running.id)
            isChildless = false
            file.append(.spawned(id: running.id, process: spawned.identity))
        } catch {
            if let group { groups.giveBack(group) }
            let running = RunningCommand(accepted, process: nil, isRecovered: false, deadline: nil)
            running.verdict = .notStarted(Masker.masked(error.reason, patterns(for: command.secrets)))
            finish(running)
        }
    }

    /// Takes the ends of children: the commands' own, and those of orphans that came here.
    func reap() {
        csup_clear_signals(signals)
        var hasOrphanEnded = false
        var exited: [RunningCommand] = []
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else {
                isChildless = pid < 0 && errno == ECHILD
                break
            }
            guard let command = leaders.removeValue(forKey: pid) else {
                family.owners[pid] = nil
                hasOrphanEnded = true
                continue
            }
            // The low seven bits are the signal, the second byte is the code.
            command.exit = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
            exited.append(command)
        }
        if hasOrphanEnded {
            for command in active.values where command.exit != nil && !exited.contains(where: { $0 === command }) {
                exited.append(command)
            }
        }
        for command in exited where active[command.id] != nil { settle(command) }
    }

    /// The command and its tree are gone: takes what its pipes still hold, and puts its end on record.
    func finish(_ command: RunningCommand) {
        for pipe in command.pipes where pipe.isOpen {
            pipe.drain(into: &log, buffer: buffer)
            guard pipe.isOpen else { continue }
            if family.isKept(command.id) {
                keptPipes.append(pipe)
            } else {
                pipe.finish(in: &log)
            }
        }
        if keptPipes.contains(where: { $0.command === command }) {
            log.note(
                "what stays running still writes to this command's output: nothing of that is kept after the run",
                about: command, at: Time.wall)
        }
        command.standardInput?.finish()
        let at = Time.wall
        if let group = command.group { groups.giveBack(group) }
        command.group = nil
        active[command.id] = nil
        family.forget(command.id)
        file.append(.ended(id: command.id, fate: command.fate, at: at, outputEnd: log.end))
        if let end = file.ledger.entries[command.key]?.end { announce(end) }
        for index in waiters.indices { waiters[index].commands.remove(command.id) }
        answerWaiters()
    }
}
