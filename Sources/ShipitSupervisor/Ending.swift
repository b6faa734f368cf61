import Glibc
import SupervisorProtocol

extension Supervisor {
    /// After a command has exited, what it started may have something left to say: until its pipes are this long idle …
    static let drainIdle: Int64 = 100
    /// … and no longer than this.
    static let drainLimit: Int64 = 5000
    /// What a command left behind gets this long to obey TERM, or its `killAfter` if that is shorter.
    static let remainsGrace: Int64 = 2000

    func timeOut(_ command: RunningCommand) {
        log.note("its time is up: it is ended", about: command, at: Time.wall)
        beginEnding(command, as: .timedOut, grace: command.killAfter)
    }

    /// Something happened to the command or below it: puts it on record if nothing of it is left, else goes on with it.
    func settle(_ command: RunningCommand) {
        guard command.exit != nil else {
            if command.isEnding { continueEnding(command, remains: remains(of: command)) }
            return
        }
        if command.leavesRunning, !command.isEnding {
            keepRemains(of: command)
            return finish(command)
        }
        let remains = remains(of: command)
        guard !remains.isEmpty else { return finish(command) }
        let now = Time.steady
        let isQuiet = !command.pipes.contains { $0.isOpen }
        switch command.phase {
        case .running where !isQuiet:
            command.phase = .draining(idleAt: now + Self.drainIdle, until: now + Self.drainLimit)
        case .draining(let idleAt, let until) where !isQuiet && now < idleAt && now < until: break
        case .running, .draining:
            noteRemains(remains, of: command)
            beginEnding(command, as: nil, grace: min(command.killAfter, Self.remainsGrace))
        case .ending: continueEnding(command, remains: remains)
        }
    }

    private func noteRemains(_ remains: [ProcessRecord], of command: RunningCommand) {
        log.note("it left running, and it is ended: \(names(remains))", about: command, at: Time.wall)
    }

    private func names(_ records: [ProcessRecord]) -> String {
        let shown = records.prefix(5).map { "\(ProcessTable.name(of: $0.pid)) (pid \($0.pid))" }
        let rest = records.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// TERM to the whole tree now, KILL after `grace`. A command that has exited by itself keeps its own status.
    func beginEnding(_ command: RunningCommand, as verdict: CommandFate?, grace: Int64) {
        if command.exit == nil, command.verdict == nil { command.verdict = verdict }
        let killAt = Time.steady + grace
        if case .ending(let earlier) = command.phase {
            command.phase = .ending(killAt: min(earlier, killAt))
            return
        }
        command.phase = .ending(killAt: killAt)
        continueEnding(command, remains: remains(of: command))
    }

    /// Once around: looks again until nothing is left, because processes fork while they are being ended.
    func continueEnding(_ command: RunningCommand, remains: [ProcessRecord]) {
        guard case .ending(let killAt) = command.phase else { return }
        if remains.isEmpty, command.exit != nil { return finish(command) }
        let now = Time.steady
        let isTimeToKill = now >= killAt
        if now >= killAt + Self.remainsGrace, !remains.isEmpty, remains.allSatisfy(isBeyondReach) {
            return giveUp(command, remains: remains)
        }
        if isTimeToKill, !command.isKillNoted {
            command.isKillNoted = true
            command.lookInterval = 1
            log.note("TERM did not end it, so it gets KILL: \(names(remains))", about: command, at: Time.wall)
        }
        if isTimeToKill { command.group?.kill() }
        for record in remains {
            if isTimeToKill {
                signal(record, of: command, SIGKILL)
            } else if command.signalledGroups.insert(record.group).inserted {
                signal(record, of: command, SIGTERM)
                // A stopped process can only obey once it goes on.
                signal(record, of: command, SIGCONT)
            }
        }
        command.lookInterval = min(command.lookInterval * 2, 100)
        command.nextLook = now + command.lookInterval
        if !isTimeToKill { command.nextLook = min(command.nextLook, killAt) }
    }

    /// It runs as another user, as what `sudo` starts does.
    private func isBeyondReach(_ record: ProcessRecord) -> Bool { kill(record.pid, 0) != 0 && errno == EPERM }

    /// Waiting for what may not be signalled could take for ever; that it stays is put on record instead.
    private func giveUp(_ command: RunningCommand, remains: [ProcessRecord]) {
        log.note("it runs as another user and cannot be ended: \(names(remains))", about: command, at: Time.wall)
        family.keep(command.id, tag: command.tag)
        for record in remains {
            leaders[record.pid] = nil
            family.owners[record.pid] = .kept(command.id)
            if family.recorded.insert(record.identity).inserted {
                file.append(.left(id: command.id, process: record.identity))
            }
        }
        finish(command)
    }

    /// To the whole group, which no fork can escape. Groups never reach beyond a session, and sessions of processes below
    /// this one are their own; of a recovered command only the group that carries its pid is known to be its own.
    private func signal(_ record: ProcessRecord, of command: RunningCommand, _ number: Int32) {
        let isOwn = !command.isRecovered || record.group == command.process?.pid
        if record.group > 1, record.group != getpgrp(), isOwn {
            kill(-record.group, number)
        } else {
            kill(record.pid, number)
        }
    }

    /// What the command leaves running stays; it is put on record so that people and later stages can find it.
    func keepRemains(of command: RunningCommand) {
        let grouped = command.group?.processes ?? []
        var remains: [ProcessRecord] = []
        if command.isRecovered {
            remains = recoveredRemains(of: command)
        } else if !isChildless {
            let census = takeCensus()
            remains = census.commands[command.id] ?? []
            // A stray that is younger than the command is its own, if no other command could have lost it.
            if active.values.allSatisfy({ $0.leavesRunning }), let start = command.process?.startTime {
                let strays = census.strays.filter { $0.identity.startTime >= start }
                for stray in strays { family.owners[stray.pid] = .command(command.id) }
                remains += strays
            }
        }
        for record in grouped where !remains.contains(where: { $0.pid == record.pid }) {
            if record.parent == getpid() { family.owners[record.pid] = .command(command.id) }
            remains.append(record)
        }
        command.group?.letGo()
        guard !remains.isEmpty else { return }
        family.keep(command.id, tag: command.tag)
        for record in remains where family.recorded.insert(record.identity).inserted {
            file.append(.left(id: command.id, process: record.identity))
        }
        log.note("it leaves running: \(names(remains))", about: command, at: Time.wall)
    }
}
