import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine

/// What an examination of a run's journal found to be in order.
public struct JournalAudit: Hashable, Sendable {
    public var run: RunID
    public var events: Int64
    /// The last event's hash in hexadecimal digits: whoever noted it can tell later that nothing before it was changed.
    public var head: String
}

/// What an examination of one run found, in order or not.
public struct RunAudit: Hashable, Sendable {
    public var run: RunID
    /// `nil` where the run's own row cannot be believed.
    public var environment: String?
    /// As many as are good, from the first on.
    public var events: Int64
    /// The hash of the last one that is good, in hexadecimal digits; `nil` where there is none.
    public var head: String?
    /// What is wrong with the one after that; `nil` where all is in order.
    public var damage: String?
    /// The highest epoch that an engine said it had.
    public var epoch = Epoch(0)
}

extension SQLiteStore {
    /// Reads the whole journal of a run, its plan included, and checks every link of the chain. Repairs nothing; damage is
    /// thrown as `damaged`, with the last good event.
    @discardableResult
    public func verifyChain(of run: RunID) throws(StoreError) -> JournalAudit {
        let audit = try audit(of: run)
        if let damage = audit.damage { throw .damaged(run: run, lastGood: audit.events, reason: damage) }
        return JournalAudit(run: run, events: audit.events, head: audit.head ?? "")
    }

    /// Every run that has a row, oldest first, whatever the row is worth.
    public func recordedRuns() throws(StoreError) -> [RunID] {
        try read("list the runs") { database in
            try Row.fetchAll(database, sql: "SELECT id FROM runs NOT INDEXED ORDER BY number").map { row in
                RunID(try row.value("id"))
            }
        } ?? []
    }

    /// The same as `verifyChain`, telling damage instead of throwing it; throws for a run without a row.
    public func audit(of run: RunID) throws(StoreError) -> RunAudit {
        let audit = try read("examine the journal of \(run)") { database in
            var audit = RunAudit(run: run, events: 0)
            do {
                guard let row = try RunRow.fetch(run, in: database) else { throw Self.unknown(run) }
                audit.environment = row.head.environment
                _ = try Self.plan(of: row, in: database)
                var chain = try JournalChain(of: row, after: 0, in: database)
                try chain.walk(in: database) { link in
                    (audit.events, audit.head) = (link.entry.sequence, link.hash.hexadecimal)
                    switch link.entry.event {
                    case .lockTaken(let epoch, _), .resumed(let epoch, _): audit.epoch = max(audit.epoch, epoch)
                    default: break
                    }
                }
            } catch StoreError.damaged(_, _, let reason) {
                audit.damage = reason
            } catch let error as DatabaseError {
                audit.damage = "a page of the file is damaged (\(error.message ?? "malformed"))"
            } catch StoreError.failed("read the journal", let cause) {
                audit.damage = cause
            }
            return audit
        }
        guard let audit else { throw Self.unknown(run) }
        return audit
    }

    /// The events before a damage: what is left to be looked at.
    public func goodEntries(of run: RunID, through last: Int64) throws(StoreError) -> [JournalEntry] {
        try read("read the journal of \(run)") { database in
            guard let row = try RunRow.fetch(run, in: database) else { return [] }
            var chain = try JournalChain(of: row, after: 0, in: database)
            return try chain.entries(through: last, in: database)
        } ?? []
    }

    // MARK: The file

    /// Examines the database file itself, every page and index of it: slow on a large journal. Repairs nothing.
    public func verifyFile() throws(StoreError) {
        guard let trouble = try troubles(of: [])?.first else { return }
        throw .failed("examine the database", cause: "\(trouble); nothing was repaired")
    }

    /// What is wrong with the file, its tables, the list of runs and the locks, beside the runs' own journals.
    /// - Parameter runs: what was found of the runs before: an environment's lock must not be older than they are.
    public func fileTroubles(after runs: [RunAudit]) throws(StoreError) -> [String] { try troubles(of: runs) ?? [] }

    private func troubles(of runs: [RunAudit]) throws(StoreError) -> [String]? {
        try read("examine the database") { database in
            var troubles: [String] = []
            for check in [Self.pages, Self.tables, Self.missingRuns] { troubles += Self.tried(check, database) }
            troubles += Self.tried({ try Self.lockTroubles($0, after: runs) }, database)
            return troubles
        }
    }

    /// A check that cannot be made is a finding of its own.
    private static func tried(_ check: (Database) throws -> [String], _ database: Database) -> [String] {
        do {
            return try check(database)
        } catch let error as DatabaseError {
            return ["the database is damaged (\(error.message ?? "malformed"))"]
        } catch StoreError.failed(let attempted, let cause) {
            return ["\(attempted): \(cause)"]
        } catch {
            return ["\(error)"]
        }
    }

    private static func pages(_ database: Database) throws -> [String] {
        let found = try String.fetchAll(database, sql: "PRAGMA integrity_check(5)")
        return found == ["ok"] ? [] : ["the database is damaged (\(found.joined(separator: "; ")))"]
    }

    private static func tables(_ database: Database) throws -> [String] {
        try Schema.isAsMade(in: database) ? [] : ["its tables are not those that shipit makes"]
    }

    /// Runs are numbered without gaps, and SQLite remembers the highest number.
    private static func missingRuns(_ database: Database) throws -> [String] {
        var troubles: [String] = []
        let numbers = try Row.fetchAll(database, sql: "SELECT number FROM runs NOT INDEXED ORDER BY number").map {
            try $0.value("number") as Int64
        }
        let highest = max(numbers.last ?? 0, try highestNumber(of: "runs", in: database))
        let missing = Set(1...max(1, highest)).subtracting(numbers).sorted()
        if highest > 0, !missing.isEmpty {
            let words = missing.prefix(5).map(String.init).joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
            troubles.append("\(missing.count) of \(highest) runs are missing from the list (by number: \(words))")
        }
        for table in ["events", "plans"] {
            let strays = try Int64.fetchOne(
                database,
                sql: "SELECT count(DISTINCT run) FROM \(table) WHERE run NOT IN (SELECT number FROM runs NOT INDEXED)")
            if let strays, strays > 0 {
                troubles.append("there are \(table) of \(strays) runs that are not in the list")
            }
        }
        return troubles
    }

    private static func highestNumber(of table: String, in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(seq) FROM sqlite_sequence WHERE name = ?", arguments: [table])
            ?? 0
    }

    private static func lockTroubles(_ database: Database, after runs: [RunAudit]) throws -> [String] {
        let locks = try LockRow.fetchAll(in: database)
        var troubles: [String] = []
        let highest = try highestNumber(of: "locks", in: database)
        if Int64(locks.count) < highest {
            troubles.append("\(highest - Int64(locks.count)) of \(highest) environments' locks are missing")
        }
        for (environment, runs) in Dictionary(grouping: runs, by: \.environment).sorted(by: {
            ($0.key ?? "") < ($1.key ?? "")
        }) {
            guard let environment, let newest = runs.max(by: { $0.epoch < $1.epoch }), newest.epoch > Epoch(0) else {
                continue
            }
            let epoch = locks.first { $0.environment == environment }?.epoch ?? Epoch(0)
            if epoch < newest.epoch {
                troubles.append(
                    "the lock of \(environment) is at epoch \(epoch), but run \(newest.run) had epoch \(newest.epoch)")
            }
        }
        return troubles
    }
}

extension Data {
    var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
