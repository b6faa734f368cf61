import Foundation
import GRDB
import ShipitCore
import ShipitEngine

/// A row of `runs`, its seals checked: a damaged byte is found before it is believed.
struct RunRow {
    var head: RunHead
    var record: RunRecord
    var planHash: Data

    var id: RunID { head.id }

    private static let columns =
        RunHead.columns + ", pipeline, dry_run, created, root, file, started_at, plan_hash"

    static func fetch(_ id: RunID, in database: Database) throws -> RunRow? {
        try RunHead.row(of: id, columns: columns, in: database).map(RunRow.init)
    }

    /// The newest of the runs whose head is a candidate and that are wanted. What is asked of a run is asked after its seals were
    /// checked: a condition of SQL would leave a damaged row out without a word.
    static func newest(
        _ limit: Int, in database: Database, head isCandidate: (RunHead) -> Bool,
        where isWanted: (RunRecord) -> Bool = { _ in true }
    ) throws -> [RunRow] {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM runs ORDER BY number DESC")
        let rows = try Row.fetchCursor(statement)
        var found: [RunRow] = []
        while found.count < limit, let row = try rows.next() {
            guard isCandidate(try RunHead(row)) else { continue }
            let run = try RunRow(row)
            if isWanted(run.record) { found.append(run) }
        }
        return found
    }

    private init(_ row: Row) throws {
        head = try RunHead(row)
        planHash = try row.value("plan_hash")
        let createdJSON: String = try row.value("created")
        let startedAt = Instant(milliseconds: try row.value("started_at"))
        let (root, file): (String, String) = (try row.value("root"), try row.value("file"))
        let seal = Self.seal(
            number: head.number, created: createdJSON, root: root, file: file, startedAt: startedAt, planHash: planHash)
        let created = try? StoredJSON.decode(RunCreated.self, createdJSON)
        // Text that cannot be read any more is as changed as text whose seal is another.
        let (pipeline, dryRun): (String, Bool) = (try row.value("pipeline"), try row.value("dry_run"))
        guard seal == head.runSeal, let created, created.run == head.id, created.pipeline == pipeline,
            created.environment == head.environment, created.dryRun == dryRun
        else {
            throw StoreError.damaged(
                run: head.id, lastGood: 0, reason: "what the run was created with has been changed")
        }
        record = RunRecord(
            created: created, root: root, file: file, startedAt: startedAt, summary: head.summary,
            lastSequence: head.lastSequence)
    }

    /// Over what never changes.
    static func seal(
        number: Int64, created: String, root: String, file: String, startedAt: Instant, planHash: Data
    ) -> Data {
        var seal = Seal()
        seal.add(number)
        seal.add(created)
        seal.add(root)
        seal.add(file)
        seal.add(startedAt.milliseconds)
        seal.add(planHash)
        return seal.value()
    }
}
