import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine

/// A run as it is stored, with all that its seal is made of.
public struct StoredRun: Hashable, Sendable {
    public var record: RunRecord
    public var number: Int64
    /// What it was created with, and its plan: the very texts.
    public var created: String
    public var plan: String
    /// Hashes in hexadecimal digits. The seal is where the chain of events begins, the head where it ends.
    public var planHash: String
    public var seal: String
    public var head: String
}

/// An event as it is stored, found good.
public struct StoredEvent: Hashable, Sendable {
    public var entry: JournalEntry
    public var version: Int64
    /// The very text that was hashed.
    public var body: String
    public var previousHash: String
    public var hash: String
}

extension SQLiteStore {
    /// Gives the run, then its events one by one, each checked. At a damage what is good has been given, and it throws.
    public func export(
        _ run: RunID, run begin: (StoredRun) -> Void, event: ((StoredEvent) -> Void)?
    ) throws(StoreError) {
        let isThere: Void? = try read("export the journal of \(run)") { database in
            guard let row = try RunRow.fetch(run, in: database) else { throw Self.unknown(run) }
            let texts = try Row.fetchOne(
                database, sql: "SELECT created, json FROM runs JOIN plans ON run = number WHERE number = ?",
                arguments: [row.head.number])
            _ = try Self.plan(of: row, in: database)
            guard let texts else { throw Self.unknown(run) }
            begin(
                StoredRun(
                    record: row.record, number: row.head.number, created: try texts.value("created"),
                    plan: try texts.value("json"), planHash: row.planHash.hexadecimal,
                    seal: row.head.runSeal.hexadecimal,
                    head: row.head.lastHash.hexadecimal))
            guard let event else { return }
            var chain = try JournalChain(of: row, after: 0, in: database)
            try chain.walk(in: database) { link in
                event(
                    StoredEvent(
                        entry: link.entry, version: link.version, body: link.body,
                        previousHash: link.previous.hexadecimal,
                        hash: link.hash.hexadecimal))
            }
        }
        if isThere == nil { throw Self.unknown(run) }
    }

    /// The hash of an event in hexadecimal digits, as it stands there; of 0, the seal that the run's chain begins with. `nil`
    /// where there is no such run or event.
    public func hash(of run: RunID, at sequence: Int64) throws(StoreError) -> String? {
        let hash = try read("look for event \(sequence) of \(run)") { database -> Data? in
            guard let row = try RunHead.row(of: run, columns: "number, seal", in: database) else { return nil }
            if sequence == 0 { return try row.value("seal") as Data }
            let number: Int64 = try row.value("number")
            let statement = try database.cachedStatement(sql: "SELECT hash FROM events WHERE run = ? AND sequence = ?")
            return try Row.fetchOne(statement, arguments: [number, sequence]).map { try $0.value("hash") as Data }
        }
        return hash.flatMap { $0 }?.hexadecimal
    }
}
