import Foundation
import GRDB
import ShipitCore
import ShipitEngine

/// The changing end of a run: where its journal ends and what lists show. An append needs nothing else of the run.
struct RunHead {
    var id: RunID
    var number: Int64
    var environment: String
    /// Covers what never changes in the run, and begins the chain of its events.
    var runSeal: Data
    var summary: RunSummaryState
    var lastSequence: Int64
    var lastHash: Data

    static let columns =
        "number, id, environment, seal, state, outcome, finished_at, last_sequence, last_hash, summary_seal"

    static func fetch(_ id: RunID, in database: Database) throws -> RunHead? {
        try row(of: id, columns: columns, in: database).map(RunHead.init)
    }

    /// By the index, and where that knows nothing by looking at each row: a damaged index must not make a run unknown.
    static func row(of id: RunID, columns: String, in database: Database) throws -> Row? {
        for table in ["runs", "runs NOT INDEXED"] {
            let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM \(table) WHERE id = ?")
            if let row = try Row.fetchOne(statement, arguments: [id.text]) { return row }
        }
        return nil
    }

    init(id: RunID, number: Int64, environment: String, runSeal: Data, summary: RunSummaryState) {
        self.id = id
        self.number = number
        self.environment = environment
        self.runSeal = runSeal
        self.summary = summary
        lastSequence = 0
        lastHash = runSeal
    }

    /// From a row with at least `columns`.
    init(_ row: Row) throws {
        id = RunID(try row.value("id"))
        let (state, outcomeText): (String, String?) = (try row.value("state"), try row.value("outcome"))
        let outcome = outcomeText.flatMap(Outcome.init(rawValue:))
        guard let phase = RunPhase(rawValue: state), outcome?.rawValue == outcomeText else {
            throw StoreError.damaged(
                run: id, lastGood: 0, reason: "there is no state \"\(state)\" with outcome \"\(outcomeText ?? "none")\""
            )
        }
        let finished: Int64? = try row.value("finished_at")
        number = try row.value("number")
        environment = try row.value("environment")
        runSeal = try row.value("seal")
        summary = RunSummaryState(state: phase, outcome: outcome, finishedAt: finished.map(Instant.init(milliseconds:)))
        lastSequence = try row.value("last_sequence")
        lastHash = try row.value("last_hash")
        let stored: Data = try row.value("summary_seal")
        guard seal == stored else {
            throw StoreError.damaged(run: id, lastGood: 0, reason: "the run's state, outcome or end has been changed")
        }
    }

    /// Appends events to the journal, and what is to be told of them to the outbox; the head then stands for its new end, in
    /// the database, too.
    mutating func append(
        _ events: [RunEvent], notices: [Notice], version: Int64, at now: Instant, summary: RunSummaryState,
        in database: Database
    ) throws {
        let insert = try database.cachedStatement(
            sql: """
                INSERT INTO events (run, sequence, at, type, version, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for event in events {
            let sequence = lastSequence + 1
            let body = try StoredJSON.encode(event)
            let hash = Seal.event(
                previous: lastHash, sequence: sequence, at: now.milliseconds, version: version, body: body)
            try insert.execute(arguments: [
                number, sequence, now.milliseconds, event.type, version, body, lastHash, hash,
            ])
            (lastSequence, lastHash) = (sequence, hash)
        }
        try OutboxRow.add(notices, of: number, at: now, in: database)
        self.summary = summary
        let update = try database.cachedStatement(
            sql: """
                UPDATE runs SET state = ?, outcome = ?, finished_at = ?, last_sequence = ?, last_hash = ?, summary_seal = ?
                WHERE number = ?
                """)
        try update.execute(arguments: [
            summary.state.rawValue, summary.outcome?.rawValue, summary.finishedAt?.milliseconds, lastSequence, lastHash,
            seal, number,
        ])
    }

    /// Over what every append changes.
    private var seal: Data {
        var seal = Seal()
        seal.add(id.text)
        seal.add(runSeal)
        seal.add(environment)
        seal.add(summary.state.rawValue)
        seal.add(summary.outcome?.rawValue ?? "")
        seal.add(summary.finishedAt?.milliseconds ?? -1)
        seal.add(lastSequence)
        seal.add(lastHash)
        return seal.value()
    }
}
