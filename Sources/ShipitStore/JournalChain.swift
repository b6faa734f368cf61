import Foundation
import GRDB
import ShipitCore
import ShipitEngine

/// A run's events, read in order and each checked against the one before. What is damaged is told, never repaired: the
/// error carries the last event that is still good.
struct JournalChain {
    /// The version of the events' form that this code writes, and the newest that it reads.
    static let eventVersion: Int64 = 1

    private let row: RunRow
    /// The last event that was found good.
    private(set) var sequence: Int64
    private var hash: Data

    /// Goes on after `sequence`, whose own hash is taken as good; after 0 the run's seal begins the chain.
    init(of row: RunRow, after sequence: Int64, in database: Database) throws {
        self.row = row
        self.sequence = min(max(0, sequence), row.head.lastSequence)
        if self.sequence == row.head.lastSequence {
            hash = row.head.lastHash
        } else if self.sequence == 0 {
            hash = row.head.runSeal
        } else {
            let found = try Data.fetchOne(
                database, sql: "SELECT hash FROM events WHERE run = ? AND sequence = ?",
                arguments: [row.head.number, sequence])
            guard let found else {
                throw StoreError.damaged(run: row.id, lastGood: 0, reason: "event \(sequence) is missing")
            }
            hash = found
        }
    }

    /// An event as it is stored, found good.
    struct Link {
        var entry: JournalEntry
        var version: Int64
        var body: String
        var previous: Data
        var hash: Data
    }

    /// All that follow; the journal must end where the run's row says that it does.
    mutating func rest(in database: Database) throws -> [JournalEntry] {
        var entries: [JournalEntry] = []
        try walk(in: database) { entries.append($0.entry) }
        return entries
    }

    /// The same one by one, so that no journal is too long.
    mutating func walk(in database: Database, _ body: (Link) throws -> Void) throws {
        try walk(through: .max, in: database, body)
        guard sequence == row.head.lastSequence, hash == row.head.lastHash else {
            throw damage("the journal ends at \(sequence), but the run was recorded up to \(row.head.lastSequence)")
        }
    }

    mutating func entries(through last: Int64, in database: Database) throws -> [JournalEntry] {
        var entries: [JournalEntry] = []
        try walk(through: last, in: database) { entries.append($0.entry) }
        return entries
    }

    private mutating func walk(through last: Int64, in database: Database, _ body: (Link) throws -> Void) throws {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, at, type, version, body, previous, hash FROM events
                WHERE run = ? AND sequence > ? AND sequence <= ? ORDER BY sequence
                """)
        let rows = try Row.fetchCursor(statement, arguments: [row.head.number, sequence, last])
        let decoder = StoredJSON.decoder()
        while let event = try rows.next() { try body(try check(event, decoder)) }
    }

    private mutating func check(_ event: Row, _ decoder: JSONDecoder) throws -> Link {
        let (number, at, type): (Int64, Int64, String) = (
            try event.value(at: 0), try event.value(at: 1), try event.value(at: 2)
        )
        let (version, body): (Int64, String) = (try event.value(at: 3), try event.value(at: 4))
        let (previous, stored): (Data, Data) = (try event.value(at: 5), try event.value(at: 6))
        guard number == sequence + 1 else { throw damage("event \(sequence + 1) is missing") }
        let expected = Seal.event(previous: hash, sequence: number, at: at, version: version, body: body)
        guard previous == hash, stored == expected else { throw damage("event \(number) is not what was recorded") }
        guard version <= Self.eventVersion else {
            throw StoreError.version(found: Int(version), known: Int(Self.eventVersion))
        }
        let decoded: RunEvent
        do {
            decoded = try decoder.decode(RunEvent.self, from: Data(body.utf8))
        } catch {
            throw damage("event \(number) cannot be understood: \(error)")
        }
        guard decoded.type == type else { throw damage("event \(number) is called \(type), which it is not") }
        (sequence, hash) = (number, stored)
        let entry = JournalEntry(sequence: number, at: Instant(milliseconds: at), event: decoded)
        return Link(entry: entry, version: version, body: body, previous: previous, hash: stored)
    }

    private func damage(_ reason: String) -> StoreError {
        .damaged(run: row.id, lastGood: sequence, reason: reason)
    }
}
