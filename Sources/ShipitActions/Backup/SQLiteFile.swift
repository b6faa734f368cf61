import GRDB
import ShipitEngine

/// What is done with an SQLite database: all of it synchronous, and through SQLite's own means, so that it is right while
/// others have the database open.
struct SQLiteFile {
    var path: String

    /// How long another's lock is waited for.
    private static let patience = 60.0
    /// 16 MiB with SQLite's default pages: often enough to look whether the attempt was ended.
    private static let pagesPerStep: CInt = 4096

    /// That there is a database to be read, before SQLite could take nothing for an empty one.
    func mustExist() throws(ActionError) {
        switch Disk.kind(path) {
        case .absent: throw .failedForGood("there is no database at \(path)")
        case .folder, .other: throw .failedForGood("\(path) is not a database")
        case .file: break
        }
        var header: [UInt8] = []
        try Disk.read(path) { (piece) throws(ActionError) in if header.isEmpty { header = Array(piece.prefix(16)) } }
        if header.isEmpty { throw .failedForGood("the database at \(path) is empty: not even a header") }
        guard header == Array("SQLite format 3\0".utf8) else {
            throw .failedForGood("\(path) is not an SQLite database")
        }
    }

    /// Copies the whole database as it is at one moment; writers go on meanwhile.
    /// - Returns: how many rows each table held at that moment.
    func copy(to destination: SQLiteFile, stop: StopFlag) throws(ActionError) -> [String: Int] {
        try Self.translating("copy \(path) to \(destination.path)") {
            let source = try open(readOnly: true)
            defer { try? source.close() }
            let target = try destination.open(readOnly: false)
            defer { try? target.close() }
            // One read transaction around it all: what others commit meanwhile is not seen, so the copy never starts over.
            let rows = try source.read { database in
                let rows = try Self.rowCounts(database)
                try target.writeWithoutTransaction { copy in
                    try database.backup(to: copy, pagesPerStep: Self.pagesPerStep) { _ in try stop.check() }
                }
                return rows
            }
            return rows
        }
    }

    /// Makes one self-contained file of it: no `-wal` beside it that could be forgotten.
    func consolidate() throws(ActionError) {
        try Self.translating("finish \(path)") {
            let queue = try open(readOnly: false)
            defer { try? queue.close() }
            try queue.writeWithoutTransaction { database in
                let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
                guard mode == "delete" else {
                    throw ActionError.failed("the journal of \(path) cannot be closed: \(mode ?? "no answer")")
                }
            }
        }
    }

    /// Reads every page and checks what it says. Any finding is thrown.
    /// - Returns: how many rows each table holds.
    func check() throws(ActionError) -> [String: Int] {
        try Self.translating("check \(path)") {
            let queue = try open(readOnly: true)
            defer { try? queue.close() }
            return try queue.read { database in
                let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check(10)")
                guard findings == ["ok"] else {
                    throw ActionError.failed("\(path) is damaged: \(findings.joined(separator: "; "))")
                }
                return try Self.rowCounts(database)
            }
        }
    }

    private func open(readOnly: Bool) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(Self.patience)
        configuration.foreignKeysEnabled = false
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func rowCounts(_ database: Database) throws -> [String: Int] {
        // Virtual tables need modules that only the application may have; what they keep is in ordinary tables.
        let tables = try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_master
                WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'
                ORDER BY name
                """)
        var rows: [String: Int] = [:]
        for table in tables {
            rows[table] = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(quoted(table))")
        }
        return rows
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func translating<Value>(_ what: String, _ work: () throws -> Value) throws(ActionError) -> Value {
        do {
            return try work()
        } catch let error as ActionError {
            throw error
        } catch let error as DatabaseError {
            throw .failed("cannot \(what): \(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")")
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .failed("cannot \(what): \(error)")
        }
    }
}
