import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore: FiringStore {
    public func lastLook(at entry: String, as digest: String, now: Instant) throws(StoreError) -> Instant {
        try write("look at the schedule of \(entry)") { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT digest, seen FROM schedules WHERE entry = ?", arguments: [entry])
            if let row {
                let (known, seen): (String, Int64) = (try row.value("digest"), try row.value("seen"))
                if known == digest, seen <= now.milliseconds { return Instant(milliseconds: seen) }
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO schedules (entry, digest, seen) VALUES (?, ?, ?)",
                arguments: [entry, digest, now.milliseconds])
            return now
        }
    }

    public func look(at entry: String, until instant: Instant) throws(StoreError) {
        try write("look at the schedule of \(entry)") { database in
            try database.execute(
                sql: "UPDATE schedules SET seen = ? WHERE entry = ?", arguments: [instant.milliseconds, entry])
        }
    }

    public func claim(
        _ key: FiringKey, at instant: Instant, by holder: Holder, now: Instant
    ) throws(StoreError) -> Bool {
        try write("take the firing \(key)") { database in
            if let known = try Self.firing(key, in: database) {
                let isLost = known.state == .claimed && known.run == nil && known.holderIsDead
                guard known.state == .queued || isLost else { return false }
            }
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO firings (entry, nominal, at, state, words, holder, changed)
                    VALUES (?, ?, ?, ?, '', ?, ?)
                    """,
                arguments: [
                    key.entry, key.nominal, instant.milliseconds, FiringRecord.State.claimed.rawValue,
                    try StoredJSON.encode(holder), now.milliseconds,
                ])
            return true
        }
    }

    public func note(
        _ key: FiringKey, at instant: Instant, _ state: FiringRecord.State, _ words: String, now: Instant
    ) throws(StoreError) -> Bool {
        try write("record the firing \(key)") { database in
            guard try Self.firing(key, in: database) == nil else { return false }
            try database.execute(
                sql: """
                    INSERT INTO firings (entry, nominal, at, state, words, changed) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.entry, key.nominal, instant.milliseconds, state.rawValue, words, now.milliseconds,
                ])
            return true
        }
    }

    public func settle(_ key: FiringKey, _ words: String, exitCode: Int, now: Instant) throws(StoreError) {
        try change(key, to: .settled, from: [.claimed], words, exitCode: exitCode, now: now)
    }

    public func giveUp(_ key: FiringKey, _ words: String, now: Instant) throws(StoreError) {
        try change(key, to: .lost, from: [.claimed, .queued], words, exitCode: nil, now: now)
    }

    private func change(
        _ key: FiringKey, to state: FiringRecord.State, from before: Set<FiringRecord.State>, _ words: String,
        exitCode: Int?, now: Instant
    ) throws(StoreError) {
        try write("record the firing \(key)") { database in
            guard let known = try Self.firing(key, in: database), before.contains(known.state) else { return }
            try database.execute(
                sql: """
                    UPDATE firings SET state = ?, words = ?, exit_code = ?, holder = NULL, changed = ?
                    WHERE entry = ? AND nominal = ?
                    """,
                arguments: [state.rawValue, words, exitCode, now.milliseconds, key.entry, key.nominal])
        }
    }

    public func firings(of entry: String?, limit: Int) throws(StoreError) -> [FiringRecord] {
        try read("list the firings") { database in
            guard try database.tableExists("firings") else { return [] }
            let condition = entry == nil ? "" : "WHERE entry = :entry"
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT \(Self.columns) FROM firings \(condition) ORDER BY at DESC, entry, nominal LIMIT :limit",
                arguments: entry.map { ["entry": $0, "limit": limit] } ?? ["limit": limit])
            return try rows.map(Self.firing)
        } ?? []
    }

    /// Ties a run that is being created to the time that it was begun for: a second one for the same time is refused, whoever
    /// creates it.
    static func tie(_ run: RunID, to key: FiringKey, in database: Database) throws {
        try database.execute(
            sql: "UPDATE firings SET run = ? WHERE entry = ? AND nominal = ? AND state = ? AND run IS NULL",
            arguments: [run.text, key.entry, key.nominal, FiringRecord.State.claimed.rawValue])
        guard database.changesCount == 1 else {
            throw StoreError.failed("begin a run for \(key)", cause: "somebody else has dealt with that time")
        }
    }

    private static let columns = "entry, nominal, at, state, run, exit_code, words, holder"

    private static func firing(_ key: FiringKey, in database: Database) throws -> FiringRecord? {
        try Row.fetchOne(
            database, sql: "SELECT \(columns) FROM firings WHERE entry = ? AND nominal = ?",
            arguments: [key.entry, key.nominal]
        ).map(firing)
    }

    private static func firing(_ row: Row) throws -> FiringRecord {
        let (state, run): (String, String?) = (try row.value("state"), try row.value("run"))
        guard let state = FiringRecord.State(rawValue: state) else {
            throw StoreError.failed("read the firings", cause: "a row is damaged: there is no state \"\(state)\"")
        }
        let holder: String? = try row.value("holder")
        return FiringRecord(
            key: FiringKey(entry: try row.value("entry"), nominal: try row.value("nominal")),
            at: Instant(milliseconds: try row.value("at")), state: state, run: run.map { RunID($0) },
            exitCode: try row.value("exit_code"), words: try row.value("words"),
            holderIsDead: try holder.map { try StoredJSON.decode(Holder.self, $0).isProvenDead } ?? false)
    }
}
