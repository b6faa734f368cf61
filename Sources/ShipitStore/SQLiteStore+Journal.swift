import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore {
    public func create(_ run: NewRun, events: [RunEvent], notices: [Notice], at now: Instant) throws(StoreError) {
        let id = run.created.run
        try write("record the run \(id)") { database in
            if let existing = try RunHead.fetch(id, in: database) {
                throw StoreError.conflict(run: id, expected: 0, found: existing.lastSequence)
            }
            for case .lockTaken(let epoch, _) in events {
                try self.requireLock(of: run.created.environment, by: id, in: epoch, database)
            }
            var head = try Self.insert(run, at: now, in: database)
            try head.append(
                events, notices: notices, version: JournalChain.eventVersion, at: now, summary: head.summary,
                in: database)
        }
    }

    /// A run without events as yet, tied to the time that it was begun for, if to any.
    static func insert(_ run: NewRun, at now: Instant, in database: Database) throws -> RunHead {
        let created = try StoredJSON.encode(run.created)
        let plan = try StoredJSON.encode(run.plan)
        let planHash = Seal.text(plan)
        // The number is part of the seal; nobody else takes one while this transaction lasts.
        let number = try Int64.fetchOne(database, sql: "SELECT coalesce(max(number), 0) + 1 FROM runs") ?? 1
        let seal = RunRow.seal(
            number: number, created: created, root: run.root, file: run.file, startedAt: now, planHash: planHash)
        let summary = RunSummaryState(state: .waiting)
        try database.execute(
            sql: """
                INSERT INTO runs (number, id, pipeline, environment, dry_run, created, root, file, started_at, plan_hash,
                    seal, state, last_sequence, last_hash, summary_seal)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, x'', x'')
                """,
            arguments: [
                number, run.created.run.text, run.created.pipeline, run.created.environment, run.created.dryRun,
                created,
                run.root,
                run.file, now.milliseconds, planHash, seal, summary.state.rawValue,
            ])
        try database.execute(sql: "INSERT INTO plans (run, json) VALUES (?, ?)", arguments: [number, plan])
        if let firing = run.created.firing { try tie(run.created.run, to: firing, in: database) }
        return RunHead(
            id: run.created.run, number: number, environment: run.created.environment, runSeal: seal, summary: summary)
    }

    public func append(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        do throws(StoreError) {
            return try appendOnce(events, notices, to: run, at: now, epoch: epoch, after: last, summary: summary)
        } catch {
            guard error.isFullDisk, let folder, Reserve(in: folder).release() else { throw error }
            var (events, summary) = (events, summary)
            // A run that has ended needs no more room than this. Any other stops here: what has happened is recorded, what
            // was to be started is known to be wanted, and the error keeps the engine from starting it.
            let hasEnded = summary.outcome != nil
            if !hasEnded {
                events.append(.interrupted(reason: "\(StoreError.fullDisk); nothing more was started"))
                summary.state = .interrupted
            }
            let end = try appendOnce(events, notices, to: run, at: now, epoch: epoch, after: last, summary: summary)
            guard hasEnded else { throw error }
            return end
        }
    }

    private func appendOnce(
        _ events: [RunEvent], _ notices: [Notice], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try write("append to the journal of \(run)") { database in
            guard var head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            try self.requireLock(of: head.environment, by: run, in: epoch, database)
            guard head.lastSequence == last else {
                throw StoreError.conflict(run: run, expected: last, found: head.lastSequence)
            }
            try head.append(
                events, notices: notices, version: JournalChain.eventVersion, at: now, summary: summary, in: database)
            return head.lastSequence
        }
    }

    public func appendWaiting(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try write("append to the journal of \(run)") { database in
            guard var head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            guard head.summary.state == .waiting, head.lastSequence == last else {
                throw StoreError.conflict(run: run, expected: last, found: head.lastSequence)
            }
            try head.append(
                events, notices: notices, version: JournalChain.eventVersion, at: now, summary: summary, in: database)
            return head.lastSequence
        }
    }

    func requireLock(of environment: String, by run: RunID, in epoch: Epoch, _ database: Database) throws {
        let lock = try LockRow.fetch(environment, in: database)
        guard let lock, lock.held, lock.run == run, lock.epoch == epoch else {
            throw StoreError.fenced(by: try lock.flatMap { try self.state(of: $0, in: database) })
        }
    }

    public func entries(of run: RunID, after sequence: Int64) throws(StoreError) -> [JournalEntry] {
        try read("read the journal of \(run)") { database in
            guard let row = try RunRow.fetch(run, in: database) else { return [] }
            var chain = try JournalChain(of: row, after: sequence, in: database)
            return try chain.rest(in: database)
        } ?? []
    }

    static func unknown(_ run: RunID) -> StoreError { .failed("find the run \(run)", cause: "there is no such run") }
}
