import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore {
    public func request(_ request: RunRequest, of run: RunID, at now: Instant) throws(StoreError) {
        try write("ask the engine of \(run)") { database in
            guard let head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            try database.execute(
                sql: "INSERT INTO requests (run, at, body) VALUES (?, ?, ?)",
                arguments: [head.number, now.milliseconds, try StoredJSON.encode(request)])
        }
    }

    public func withdraw(_ request: RunRequest, of run: RunID) throws(StoreError) -> Bool {
        try write("take back what was asked of \(run)") { database in
            guard let head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            try database.execute(
                sql: "UPDATE requests SET taken = 1 WHERE run = ? AND taken = 0 AND body = ?",
                arguments: [head.number, try StoredJSON.encode(request)])
            return database.changesCount > 0
        }
    }

    public func takeRequests(of run: RunID) throws(StoreError) -> [RunRequest] {
        // Engines ask often and are rarely asked something: looking takes no lock from a writer.
        let waiting = try read("look for requests to \(run)") { database in
            let statement = try database.cachedStatement(
                sql: "SELECT 1 FROM requests WHERE taken = 0 AND run = (SELECT number FROM runs WHERE id = ?) LIMIT 1")
            return try Int.fetchOne(statement, arguments: [run.text]) != nil
        }
        guard waiting == true else { return [] }
        return try write("take the requests to \(run)") { database in
            guard let head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            let bodies = try String.fetchAll(
                database, sql: "SELECT body FROM requests WHERE run = ? AND taken = 0 ORDER BY number",
                arguments: [head.number])
            try database.execute(
                sql: "UPDATE requests SET taken = 1 WHERE run = ? AND taken = 0", arguments: [head.number])
            return try bodies.map { body in try StoredJSON.decode(RunRequest.self, body) }
        }
    }
}
