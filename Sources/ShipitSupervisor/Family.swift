import SupervisorProtocol

/// Whose descendant a process is.
enum Owner: Hashable {
    case command(UInt32)
    /// It belongs to a command that has ended and was allowed to leave it running.
    case kept(UInt32)
    /// It tells nothing of whose it is.
    case stray
}

/// What is known of the processes below this one. Because orphans come here, every living descendant of a command is
/// below one of this process's children, however often it forked and whatever sessions it made.
struct Family {
    /// Sessions in which processes of a known owner were seen. Their numbers are not reused while they have a member.
    var sessions: [Int32: Owner] = [:]
    /// The orphans among this process's children; their pids are not reused before they are reaped here.
    var owners: [Int32: Owner] = [:]
    /// Ended commands that left something running, and their tags.
    private(set) var keptTags: [UInt32: String] = [:]
    var recorded: Set<ProcessIdentity> = []

    func isKept(_ id: UInt32) -> Bool { keptTags[id] != nil }

    func keptCommand(tagged tag: String) -> UInt32? { keptTags.first { $0.value == tag }?.key }

    mutating func keep(_ id: UInt32, tag: String) {
        keptTags[id] = tag
        for (session, owner) in sessions where owner == .command(id) { sessions[session] = .kept(id) }
        for (pid, owner) in owners where owner == .command(id) { owners[pid] = .kept(id) }
    }

    mutating func forget(_ id: UInt32) {
        for (session, owner) in sessions where owner == .command(id) { sessions[session] = nil }
        for (pid, owner) in owners where owner == .command(id) { owners[pid] = nil }
    }
}

/// The living processes below this one, by owner, at one moment.
struct Census {
    var commands: [UInt32: [ProcessRecord]] = [:]
    var kept: [UInt32: [ProcessRecord]] = [:]
    var strays: [ProcessRecord] = []
    /// Orphans that have ended and were not reaped yet.
    var ended: [ProcessRecord] = []

    mutating func add(_ record: ProcessRecord, of owner: Owner) {
        switch owner {
        case .command(let id): commands[id, default: []].append(record)
        case .kept(let id): kept[id, default: []].append(record)
        case .stray: strays.append(record)
        }
    }
}
