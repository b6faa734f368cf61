import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore {
    public func run(_ id: RunID) throws(StoreError) -> RunRecord? {
        let record = try read("find the run \(id)") { database in try RunRow.fetch(id, in: database)?.record }
        return record ?? nil
    }

    public func plan(of run: RunID) throws(StoreError) -> Plan? {
        let plan = try read("read the plan of \(run)") { database in
            try RunRow.fetch(run, in: database).map { row in try Self.plan(of: row, in: database) }
        }
        return plan ?? nil
    }

    static func plan(of row: RunRow, in database: Database) throws -> Plan {
        let json = try String.fetchOne(
            database, sql: "SELECT json FROM plans WHERE run = ?", arguments: [row.head.number])
        guard let json, Seal.text(json) == row.planHash else {
            throw StoreError.damaged(run: row.id, lastGood: 0, reason: "the run's plan is not what was recorded")
        }
        do {
            return try StoredJSON.decode(Plan.self, json)
        } catch {
            throw StoreError.damaged(run: row.id, lastGood: 0, reason: "the run's plan cannot be understood: \(error)")
        }
    }

    /// Newest is what was recorded last: a clock that was set back changes nothing.
    public func runs(matching prefix: String?, environment: String?, limit: Int) throws(StoreError) -> [RunRecord] {
        try read("list the runs") { database in
            let rows = try RunRow.newest(limit, in: database) { head in
                (prefix.map(head.id.text.hasPrefix) ?? true) && (environment.map { $0 == head.environment } ?? true)
            }
            return rows.map(\.record)
        } ?? []
    }

    public func liveRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord? {
        let live: Set<Outcome> = [.succeeded, .superseded]
        let record = try read("find the live release of \(environment)") { database in
            try RunRow.newest(1, in: database) { head in
                head.environment == environment && head.summary.outcome.map(live.contains) ?? false
            } where: { run in
                run.created.pipeline == pipeline && !run.created.dryRun && !run.created.isRehearsal
            }.first?.record
        }
        return record ?? nil
    }
}
