import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine
import Synchronization

/// An environment's lock is a row with an epoch; every append names the epoch. The row alone decides who may write. Whether
/// its holder still lives is judged twice, by the process table and by a lock of the operating system that ends with the
/// process: only what both call dead is dead.
extension SQLiteStore {
    public func takeLock(environment: String, run: RunID, holder: Holder) throws(StoreError) -> LockAnswer {
        // Given back when the transaction fails, kept in `held` when it is durable.
        var taken: LockFile?
        let answer = try write("take the lock of \(environment)") { database -> LockAnswer in
            let current = try LockRow.fetch(environment, in: database)
            if let current, try !self.isOpen(current, to: run, of: holder, in: database) {
                return .refused(try self.judged(current))
            }
            if self.held.withLock({ $0[environment] }) == nil {
                taken = try self.takeFile(of: environment)
                let mine = try current.map { try $0.held && $0.holder().isSameProcess(as: holder) } ?? false
                // Another store of this very process may have it; the row protects both.
                if taken == nil, !mine {
                    guard let current, current.held else { throw Self.strangeLock(environment) }
                    return .refused(try self.judged(current))
                }
            }
            let epoch = Epoch((current?.epoch.number ?? 0) + 1)
            let lock = try LockRow(
                number: current?.number, environment: environment, run: run, epoch: epoch, holder: holder,
                dirty: current?.dirty ?? false)
            try lock.save(in: database)
            return .taken(epoch)
        }
        if let taken { held.withLock { $0[environment] = taken } }
        return answer
    }

    public func releaseLock(environment: String, epoch: Epoch, dirty: Bool) throws(StoreError) {
        try writeFromReserve("give back the lock of \(environment)") { database in
            let current = try LockRow.fetch(environment, in: database)
            guard var lock = current, lock.epoch == epoch else {
                throw StoreError.fenced(by: try current.flatMap { try self.state(of: $0, in: database) })
            }
            lock.held = false
            lock.dirty = dirty
            try lock.save(in: database)
            // Inside the transaction: whoever finds the row free finds the file free, too.
            self.held.withLock { $0[environment] = nil }
        }
    }

    public func revokeLock(
        _ lock: LockState, by holder: Holder, recording events: [RunEvent], notices: [Notice], after last: Int64,
        at now: Instant, summary: RunSummaryState, dirty: Bool
    ) throws(StoreError) -> Epoch {
        let environment = lock.environment
        return try write("take the lock of \(environment) away") { database in
            let current = try LockRow.fetch(environment, in: database)
            guard let current, current.held, current.epoch == lock.epoch, current.run == lock.run else {
                throw StoreError.fenced(by: try current.flatMap { try self.state(of: $0, in: database) })
            }
            if var head = try RunHead.fetch(lock.run, in: database) {
                guard head.lastSequence == last else {
                    throw StoreError.conflict(run: lock.run, expected: last, found: head.lastSequence)
                }
                try head.append(
                    events, notices: notices, version: JournalChain.eventVersion, at: now, summary: summary,
                    in: database)
            }
            let epoch = Epoch(current.epoch.number + 1)
            var revoked = try LockRow(
                number: current.number, environment: environment, run: lock.run, epoch: epoch, holder: holder,
                dirty: dirty)
            revoked.held = false
            try revoked.save(in: database)
            // The old holder keeps its lock of the system on a file without a name, where it is in nobody's way; whoever comes
            // next makes a new one. Before the commit: once the row is free, the file must be, too.
            if let path = self.folder?.lockFile(of: environment), unlink(path) != 0, errno != ENOENT {
                throw StoreError.failed("take the lock of \(environment) away", cause: StateFolder.reason(errno))
            }
            return epoch
        }
    }

    public func lock(of environment: String) throws(StoreError) -> LockState? {
        let state = try read("look at the lock of \(environment)") { database in
            try LockRow.fetch(environment, in: database).flatMap { try self.state(of: $0, in: database) }
        }
        return state ?? nil
    }

    /// `nil` where nobody has it and nothing keeps it closed.
    func state(of lock: LockRow, in database: Database) throws -> LockState? {
        try isOpenToAll(lock, in: database) ? nil : try judged(lock)
    }

    private func judged(_ lock: LockRow) throws -> LockState {
        let holder = try lock.holder()
        // One who has given it back stands in nobody's way, living or not.
        let isDead = try !lock.held || isDead(lock)
        return LockState(
            environment: lock.environment, run: lock.run, epoch: lock.epoch, holder: holder, holderIsDead: isDead,
            dirty: lock.dirty, life: isDead ? .dead : try life(of: holder, of: lock.environment))
    }

    /// Of one who is not proven dead: where the process table doesn't tell, the system's lock does.
    private func life(of holder: Holder, of environment: String) throws -> HolderLife {
        switch holder.life {
        case .alive: .alive
        case .stopped: .stopped
        case .dead: .alive
        case .unknown:
            try folder.map { try LockFile.isTaken($0.lockFile(of: environment)) } == true ? .alive : .unknown
        }
    }

    /// Whether `run` may take the lock from where it stands.
    private func isOpen(_ lock: LockRow, to run: RunID, of holder: Holder, in database: Database) throws -> Bool {
        if lock.run == run, try !lock.held || lock.holder().isSameProcess(as: holder) || isDead(lock) { return true }
        return try isOpenToAll(lock, in: database)
    }

    /// Given back; or its holder was killed with nothing left to be resumed or undone: before the run was recorded, or
    /// between the run's good end and giving the lock back.
    private func isOpenToAll(_ lock: LockRow, in database: Database) throws -> Bool {
        guard lock.held else { return !lock.dirty }
        guard try isDead(lock) else { return false }
        guard let run = try RunHead.fetch(lock.run, in: database) else { return !lock.dirty }
        let clean: Set<Outcome> = [.succeeded, .superseded, .rolledBack, .refused]
        return run.summary.outcome.map(clean.contains) ?? false
    }

    private func isDead(_ lock: LockRow) throws -> Bool {
        guard try lock.holder().isProvenDead else { return false }
        let isOurs = held.withLock { $0[lock.environment] != nil }
        guard !isOurs, let folder else { return true }
        return try !LockFile.isTaken(folder.lockFile(of: lock.environment))
    }

    private func takeFile(of environment: String) throws -> LockFile? {
        guard let folder else { return nil }
        return try LockFile.take(folder.lockFile(of: environment), mode: folder.fileMode)
    }

    private static func strangeLock(_ environment: String) -> StoreError {
        .failed(
            "take the lock of \(environment)",
            cause: "a process that the journal doesn't know has locked its file in the folder locks")
    }
}
