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

extension SQLiteStore {
    /// Reads the whole journal of a run, its plan included, and checks every link of the chain. Repairs nothing; damage is
    /// thrown as `damaged`, with the last good event.
    @discardableResult
    public func verifyChain(of run: RunID) throws(StoreError) -> JournalAudit {
        let audit = try read("examine the journal of \(run)") { database -> JournalAudit in
            guard let row = try RunRow.fetch(run, in: database) else { throw Self.unknown(run) }
            _ = try Self.plan(of: row, in: database)
            var chain = try JournalChain(of: row, after: 0, in: database)
            let count = try chain.rest(in: database).count
            let head = row.head.lastHash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
            return JournalAudit(run: run, events: Int64(count), head: head)
        }
        guard let audit else { throw Self.unknown(run) }
        return audit
    }

    /// Examines the database file itself, every page and index of it: slow on a large journal. Repairs nothing.
    public func verifyFile() throws(StoreError) {
        let found = try read("examine the database") { database in
            try String.fetchAll(database, sql: "PRAGMA integrity_check(5)")
        }
        guard let found, found != ["ok"] else { return }
        throw .failed(
            "examine the database", cause: "it is damaged (\(found.joined(separator: "; "))); nothing was repaired")
    }

    /// The events before a damage: what is left to be looked at.
    public func goodEntries(of run: RunID, through last: Int64) throws(StoreError) -> [JournalEntry] {
        try read("read the journal of \(run)") { database in
            guard let row = try RunRow.fetch(run, in: database) else { return [] }
            var chain = try JournalChain(of: row, after: 0, in: database)
            return try chain.entries(through: last, in: database)
        } ?? []
    }
}
