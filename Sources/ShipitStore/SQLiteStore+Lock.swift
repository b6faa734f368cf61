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
                let mine = current.map { $0.held && $0.holder.isSameProcess(as: holder) } ?? false
                // Another store of this very process may have it; the row protects both.
                if taken == nil, !mine {
                    guard let current else { throw Self.strangeLock(environment) }
                    return .refused(try self.judged(current))
                }
            }
            let epoch = Epoch((current?.epoch.number ?? 0) + 1)
            let lock = LockRow(
                number: current?.number, environment: environment, run: run, epoch: epoch, holder: holder, held: true,
                dirty: current?.dirty ?? false)
            try lock.save(in: database)
            return .taken(epoch)
        }
        if let taken { held.withLock { $0[environment] = taken } }
        return answer
    }

    public func releaseLock(environment: String, epoch: Epoch, dirty: Bool) throws(StoreError) {
        try write("give back the lock of \(environment)") { database in
            let current = try LockRow.fetch(environment, in: database)
            guard var lock = current, lock.epoch == epoch else {
                throw StoreError.fenced(by: try current.flatMap(self.state(of:)))
            }
            lock.held = false
            lock.dirty = dirty
            try lock.save(in: database)
            // Inside the transaction: whoever finds the row free finds the file free, too.
            self.held.withLock { $0[environment] = nil }
        }
    }

    public func lock(of environment: String) throws(StoreError) -> LockState? {
        let state = try read("look at the lock of \(environment)") { database in
            try LockRow.fetch(environment, in: database).flatMap(self.state(of:))
        }
        return state ?? nil
    }

    /// `nil` where nobody has it and nothing keeps it closed.
    func state(of lock: LockRow) throws -> LockState? {
        lock.held || lock.dirty ? try judged(lock) : nil
    }

    private func judged(_ lock: LockRow) throws -> LockState {
        LockState(
            environment: lock.environment, run: lock.run, epoch: lock.epoch, holder: lock.holder,
            // One who has given it back stands in nobody's way, living or not.
            holderIsDead: try !lock.held || isDead(lock), dirty: lock.dirty)
    }

    /// Whether `run` may take the lock from where it stands.
    private func isOpen(_ lock: LockRow, to run: RunID, of holder: Holder, in database: Database) throws -> Bool {
        guard lock.held else { return !lock.dirty || lock.run == run }
        if lock.run == run, lock.holder.isSameProcess(as: holder) { return true }
        guard try isDead(lock) else { return false }
        if lock.run == run { return true }
        // Killed between the run's end and giving the lock back: nothing is left to be resumed or undone.
        let clean: [Outcome] = [.succeeded, .superseded, .rolledBack, .refused]
        let outcome = try RunHead.fetch(lock.run, in: database)?.summary.outcome
        return !lock.dirty && outcome.map(clean.contains) ?? false
    }

    private func isDead(_ lock: LockRow) throws -> Bool {
        guard lock.holder.isProvenDead else { return false }
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
