import Glibc
import SupervisorProtocol

extension Supervisor {
    /// Looks at every process below this one. Costs milliseconds on a machine with many processes, so it is done only
    /// when there is something to find.
    func takeCensus() -> Census {
        let own = getpid()
        var children: [Int32: [ProcessRecord]] = [:]
        for record in ProcessTable.all() { children[record.parent, default: []].append(record) }
        var census = Census()
        var open: [(ProcessRecord, Owner)] = []
        for child in children[own] ?? [] {
            if let command = leaders[child.pid] {
                open.append((child, .command(command.id)))
            } else {
                let owner = evidence(of: child)
                family.owners[child.pid] = owner
                if !child.isAlive { census.ended.append(child) }
                open.append((child, owner))
            }
        }
        while let (record, owner) = open.popLast() {
            if record.isAlive { census.add(record, of: owner) }
            if owner != .stray, family.sessions[record.session] == nil { family.sessions[record.session] = owner }
            for child in children[record.pid] ?? [] {
                open.append((child, owner == .stray ? evidence(of: child) : owner))
            }
        }
        record(census.kept)
        return census
    }

    /// What a process without a living parent tells of whose it is.
    private func evidence(of record: ProcessRecord) -> Owner {
        if let known = family.owners[record.pid], known != .stray { return known }
        if let command = command(whoseGroupHolds: record.pid) { return .command(command.id) }
        if let known = family.sessions[record.session] ?? family.sessions[record.group] { return known }
        guard let tag = ProcessTable.variable(Self.tagName, of: record.pid), !tag.isEmpty else { return .stray }
        if let id = family.keptCommand(tagged: tag) { return .kept(id) }
        let tagged = active.values.filter { $0.tag == tag && !$0.isRecovered }
        return tagged.count == 1 ? .command(tagged[0].id) : .stray
    }

    private func command(whoseGroupHolds pid: Int32) -> RunningCommand? {
        let grouped = active.values.filter { $0.group != nil }
        guard !grouped.isEmpty, let membership = contents(of: "/proc/\(pid)/cgroup"),
            let path = ControlGroupPlace.path(inUnifiedHierarchy: membership)
        else { return nil }
        let names = path.split(separator: "/")
        return grouped.first { command in command.group.map { names.contains($0.name) } ?? false }
    }

    /// Puts on record what commands left running, once each.
    private func record(_ kept: [UInt32: [ProcessRecord]]) {
        for (id, records) in kept.sorted(by: { $0.key < $1.key }) {
            for record in records where family.recorded.insert(record.identity).inserted {
                file.append(.left(id: id, process: record.identity))
            }
        }
    }

    /// The living processes of a command. What belongs to nobody belongs to the last command.
    func remains(of command: RunningCommand) -> [ProcessRecord] {
        // What lives in its group is its own; but a process of root's may have left the group, and parentage shows that.
        let grouped = command.group?.processes ?? []
        let found: [ProcessRecord]
        if command.isRecovered {
            // No child of this process, it leaves no zombie here: looking again is all there is.
            let first = recoveredRemains(of: command)
            found = first.isEmpty ? recoveredRemains(of: command) : first
        } else if command.exit != nil, !mayHaveRemains(command) {
            found = []
        } else {
            found = counted(of: command)
        }
        let known = Set(grouped.map(\.pid))
        return grouped + found.filter { !known.contains($0.pid) }
    }

    /// Its processes below this one.
    ///
    /// **That none is seen proves nothing by itself**: the list of processes is older than what is read of each, so one
    /// that forks and ends all the time can be read as ended while its child is not on the list. But whatever is missing
    /// from the list has an ancestor that ended after the list was made, and lies here as a zombie.
    private func counted(of command: RunningCommand) -> [ProcessRecord] {
        var census = takeCensus()
        for _ in 0..<20 {
            let own = census.commands[command.id] ?? []
            let found = active.count == 1 ? own + census.strays : own
            guard found.isEmpty, !census.ended.isEmpty else { return found }
            for zombie in census.ended where waitpid(zombie.pid, nil, WNOHANG) == zombie.pid {
                family.owners[zombie.pid] = nil
            }
            census = takeCensus()
        }
        return census.ended
    }

    /// Whether a command that has exited can have left anything: if so, some orphan of it is a child of this process.
    private func mayHaveRemains(_ command: RunningCommand) -> Bool {
        if isChildless { return false }
        guard let children = ProcessTable.ownChildren() else { return true }
        return children.contains { pid in
            if leaders[pid] != nil { return false }
            switch family.owners[pid] {
            case .command(let id): return id == command.id
            case .kept: return false
            case .stray: return active.count == 1
            case nil: return true
            }
        }
    }

    /// What is left of a command whose supervisor died: it may be anywhere.
    func recoveredRemains(of command: RunningCommand) -> [ProcessRecord] {
        let all = ProcessTable.all()
        let leader = command.process
        // Another process with the pid of the command's own means that the number was given away.
        let isReused = all.contains { $0.pid == leader?.pid && $0.identity != leader }
        let isTagUnique = !command.tag.isEmpty && family.keptCommand(tagged: command.tag) == nil
        var found: Set<Int32> = []
        var open: [ProcessRecord] = []
        for record in all where record.pid != getpid() && leaders[record.pid] == nil {
            let isInSession = leader.map { !isReused && (record.session == $0.pid || record.group == $0.pid) } ?? false
            let isTagged = isTagUnique && ProcessTable.variable(Self.tagName, of: record.pid) == command.tag
            if record.identity == leader || isInSession || isTagged, found.insert(record.pid).inserted {
                open.append(record)
            }
        }
        var remains: [ProcessRecord] = []
        while let record = open.popLast() {
            if record.isAlive { remains.append(record) }
            for child in all where child.parent == record.pid && found.insert(child.pid).inserted { open.append(child) }
        }
        return remains
    }
}
