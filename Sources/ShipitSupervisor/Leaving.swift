import CSupervisor
import Glibc
import SupervisorProtocol

extension Supervisor {
    /// Takes up what an earlier supervisor of this run did not finish: its commands' outcome nobody can know any more,
    /// and what is alive of them is ended.
    func recover() {
        for entry in file.ledger.entries.values where !entry.left.isEmpty && entry.bootID == bootID {
            family.keep(entry.command.id, tag: entry.command.tag)
            family.recorded.formUnion(entry.left)
        }
        let open = file.ledger.open
        for entry in open {
            let command = RunningCommand(entry.command, process: entry.process, isRecovered: true, deadline: nil)
            command.exit = .unknown
            if entry.bootID == bootID { command.group = entry.group.flatMap(ControlGroup.init(madeEarlier:)) }
            active[command.id] = command
        }
        // Those in which no open command is, nobody will need again.
        for path in file.ledger.groups.subtracting(open.compactMap(\.group)) {
            ControlGroup(madeEarlier: path)?.remove()
        }
        for entry in open {
            guard let command = active[entry.command.id] else { continue }
            let isAlive = entry.process.map { ProcessRecord(pid: $0.pid)?.identity == $0 } ?? false
            if entry.bootID != bootID {
                finish(command)
            } else if command.leavesRunning, !isAlive {
                keepRemains(of: command)
                finish(command)
            } else {
                beginEnding(command, as: nil, grace: command.killAfter)
            }
        }
    }

    /// Nothing runs any more. Ends strays, puts on record what stays, says goodbye.
    func leave() {
        endStrays()
        groups.removeAll()
        unlink(supervisorSocketName)
        close(listener)
        file.release()
        for connection in connections where connection.epoch != nil { connection.send(.bye) }
        for connection in connections { connection.shut() }
        guard !keptPipes.isEmpty else { return }
        readOnForNobody()
    }

    private func endStrays() {
        reap()
        guard !isChildless else { return }
        let begin = Time.steady
        var asked: Set<Int32> = []
        // Longer than this only a process lasts that the kernel itself holds.
        while Time.steady - begin < 10_000 {
            let census = takeCensus()
            let strays = census.strays
            // Who ends meanwhile may have left a child that was not counted.
            guard !strays.isEmpty || !census.ended.isEmpty else { return }
            for stray in strays where stray.group > 1 && stray.group != getpgrp() {
                if Time.steady - begin > 500 {
                    kill(-stray.group, SIGKILL)
                } else if asked.insert(stray.group).inserted {
                    kill(-stray.group, SIGTERM)
                }
            }
            usleep(5000)
            reap()
        }
    }

    /// A service that was allowed to stay and still writes to its command's pipes would die of the first line it writes
    /// once they are closed. So its words are taken off it, and thrown away, for as long as it lives.
    private func readOnForNobody() {
        signal(SIGCHLD, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
        while !keptPipes.isEmpty {
            var polled = keptPipes.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 60_000) >= 0 || errno == EINTR else { return }
            for (index, pipe) in keptPipes.enumerated() where polled[index].revents != 0 {
                let count = Glibc.read(pipe.descriptor, buffer.baseAddress!, buffer.count)
                if count == 0 { keptPipes.remove(at: index); break }
            }
            while waitpid(-1, nil, WNOHANG) > 0 {}
        }
    }
}
