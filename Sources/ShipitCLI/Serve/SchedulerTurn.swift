import ShipitCore
import ShipitEngine

/// One look at the clock after the other: what has come due, what overlaps, what was lost.
struct SchedulerTurn {
    let project: Project
    let firings: any FiringStore
    let store: any RunStore
    let log: ServeLog

    private var entries: [ScheduledEntry] = []
    private var unreadable: [String] = []
    /// Until when each entry has been looked at, by its key.
    private var looked: [String: Instant] = [:]
    private var digests: [String: String] = [:]
    private var children: [FiringKey: OwnProcess] = [:]
    /// How often a time was begun again whose process had died.
    private var retries: [FiringKey: Int] = [:]
    private var account = TurnAccount()

    /// How many of an entry's last times may still matter.
    private static let remembered = 50
    /// A process that dies whenever it is started is not started for ever.
    private static let mostRetries = 3

    init(project: Project, firings: any FiringStore, store: any RunStore, log: ServeLog) {
        self.project = project
        self.firings = firings
        self.store = store
        self.log = log
    }

    /// An entry that can no longer be read is not begun; one that comes back goes on where it was.
    mutating func readPipelines() throws {
        let book = try ScheduleBook(of: project)
        for trouble in book.troubles where !unreadable.contains(trouble.pipeline) {
            log.say("the schedule of \(trouble.pipeline) is left out: \(trouble.reason)")
        }
        unreadable = book.troubles.map(\.pipeline)
        entries = book.entries
        for entry in entries where digests[entry.key] != entry.digest {
            digests[entry.key] = entry.digest
            looked[entry.key] = nil
        }
    }

    mutating func take(now: Instant) throws -> TurnAccount {
        account = TurnAccount()
        account.unreadable = unreadable
        collectChildren()
        for entry in entries {
            try look(at: entry, now: now)
            try takeUp(entry, now: now)
            account.next[entry.key] = entry.next(after: now)?.start
        }
        return account
    }

    // MARK: What is due

    private mutating func look(at entry: ScheduledEntry, now: Instant) throws {
        var seen = looked[entry.key]
        if seen.map({ $0 > now }) ?? true {
            seen = try firings.lastLook(at: entry.key, as: entry.digest, now: now)
        }
        let due = entry.entry.due(after: seen ?? now, until: now, entry.zone)
        if due != .none {
            if let last = due.lastMissed { try tellMissed(last, due, of: entry, now: now) }
            if let firing = due.firing { try begin(firing, isCatchUp: due.isCatchUp, of: entry, now: now) }
            try firings.look(at: entry.key, until: now)
        }
        looked[entry.key] = now
    }

    private mutating func tellMissed(
        _ last: Firing, _ due: DueFirings, of entry: ScheduledEntry, now: Instant
    ) throws {
        let more = due.missedMore ? "at least " : ""
        let words =
            due.missed == 1 ? "nobody looked at the clock" : "the last of \(more)\(due.missed) that nobody looked at"
        guard try firings.note(FiringKey(entry: entry.key, last), at: last.at, .missed, words, now: now) else { return }
        account.missed.append((entry.key, due.missed))
        log.say("\(entry.key): missed \(more)\(due.missed), the last at \(last.nominal) \(entry.entry.zone)")
    }

    private mutating func begin(
        _ firing: Firing, isCatchUp: Bool, of entry: ScheduledEntry, now: Instant
    ) throws {
        let key = FiringKey(entry: entry.key, firing)
        guard let before = try unfinished(of: entry, but: key) else {
            return start(key, at: firing.at, of: entry, isCatchUp ? "made up for" : "due")
        }
        if entry.entry.overlap == .queue {
            let isFull = try firings.firings(of: entry.key, limit: Self.remembered).contains { $0.state == .queued }
            if !isFull {
                if try firings.note(key, at: firing.at, .queued, before, now: now) {
                    log.say("\(key) waits: \(before)")
                }
                return
            }
        }
        guard try firings.note(key, at: firing.at, .skipped, before, now: now) else { return }
        account.skipped.append(entry.key)
        log.say("\(key) is skipped: \(before)")
    }

    /// Why a run of the entry cannot begin yet: one that was begun before it has not ended.
    private func unfinished(of entry: ScheduledEntry, but key: FiringKey) throws -> String? {
        for firing in try firings.firings(of: entry.key, limit: Self.remembered) where firing.key != key {
            if let id = firing.run {
                if let run = try store.run(id), run.summary.outcome == nil { return "run \(id) has not ended" }
            } else if firing.state == .claimed, !firing.holderIsDead {
                return "the one of \(firing.key.nominal) has not ended"
            }
        }
        return nil
    }

    // MARK: What is left

    /// Those that wait for the one before, and those whose process died before it had begun a run.
    private mutating func takeUp(_ entry: ScheduledEntry, now: Instant) throws {
        let known = try firings.firings(of: entry.key, limit: Self.remembered)
        for firing in known where children[firing.key] == nil {
            let isLost = firing.state == .claimed && firing.run == nil && firing.holderIsDead
            let isLeft = entry.entry.missed == .skip || firing.key != known.first?.key
            if isLost, isLeft || retries[firing.key, default: 0] >= Self.mostRetries {
                try firings.giveUp(firing.key, "who had begun it was gone before there was a run", now: now)
                retries[firing.key] = nil
                log.say("\(firing.key) is lost: who had begun it is gone")
            } else if isLost || firing.state == .queued, try unfinished(of: entry, but: firing.key) == nil {
                if isLost { retries[firing.key, default: 0] += 1 }
                start(firing.key, at: firing.at, of: entry, isLost ? "begun again" : "its turn")
            }
        }
    }

    // MARK: Processes

    private mutating func start(_ key: FiringKey, at: Instant, of entry: ScheduledEntry, _ why: String) {
        guard children[key] == nil else { return }
        do throws(CommandFailure) {
            let folder = Place.join(project.stateFolder, "schedule")
            let sharing = Sharing(of: project.stateFolder)
            if let reason = sharing.makeFolder(folder) {
                throw CommandFailure(.machine, "\(folder) cannot be made: \(reason)")
            }
            let log = folder + "/\(entry.pipeline).\(entry.entry.name).log"
            children[key] = try OwnProcess.start(
                entry.arguments(in: project, for: FiringOrder(key, at: at)), name: key.description, log: log,
                sharing: sharing)
            account.begun.append(entry.key)
            self.log.say("\(key): \(why)")
        } catch {
            log.say("\(key) cannot be begun: \(error.message)")
        }
    }

    private mutating func collectChildren() {
        for (key, child) in children {
            guard let code = child.ending() else { continue }
            children[key] = nil
            log.say("\(key): exit \(code)")
        }
    }
}
