import Foundation
import GRDB
public import ShipitCore
public import ShipitEngine
import Synchronization

/// The `CheckBook` of one machine: a small SQLite database beside the journal, opened when it is first needed.
public final class SQLiteCheckBook: CheckBook {
    private let folder: String
    private let opened = Mutex<DatabaseQueue?>(nil)

    /// How many records of a suite stay.
    private static let recordsKept = 100
    /// How many words on a suite stay; those that count are among the newest.
    private static let wordsKept = 2000

    /// Nothing is made before the first use.
    public init(folder: String) { self.folder = folder }

    public func words(on suite: SuiteKey) throws(StoreError) -> [CheckWord] {
        let bodies = try use("read what people have said about suite \(suite.suite)") { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT body FROM words WHERE number IN (
                        SELECT max(number) FROM words
                        WHERE pipeline = ? AND environment = ? AND suite = ? GROUP BY check_name
                    ) ORDER BY number
                    """, arguments: [suite.pipeline, suite.environment, suite.suite])
        }
        return try attempt("read what people have said about suite \(suite.suite)", opening: nil) {
            try bodies.map { try StoredJSON.decode(CheckWord.self, $0) }.filter { $0.kind != .withdrawal }
        }
    }

    public func add(_ word: CheckWord, on suite: SuiteKey) throws(StoreError) {
        try use("record the word of \(word.person)") { database in
            try database.execute(
                sql: """
                    INSERT INTO words (pipeline, environment, suite, check_name, at, body) VALUES (?, ?, ?, ?, ?, ?);
                    """,
                arguments: [
                    suite.pipeline, suite.environment, suite.suite, word.check, word.at.milliseconds,
                    try StoredJSON.encode(word),
                ])
            try database.execute(
                sql: """
                    DELETE FROM words WHERE pipeline = ? AND environment = ? AND suite = ? AND number <= (
                        SELECT number FROM words WHERE pipeline = ? AND environment = ? AND suite = ?
                        ORDER BY number DESC LIMIT 1 OFFSET \(Self.wordsKept))
                    """,
                arguments: [
                    suite.pipeline, suite.environment, suite.suite, suite.pipeline, suite.environment, suite.suite,
                ])
        }
    }

    public func keep(_ record: SuiteRecord, of suite: SuiteKey) throws(StoreError) {
        try use("keep what came of suite \(suite.suite)") { database in
            try database.execute(
                sql: "INSERT INTO records (pipeline, environment, suite, at, go, body) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    suite.pipeline, suite.environment, suite.suite, record.at.milliseconds, record.go,
                    try StoredJSON.encode(record),
                ])
            let key: [any DatabaseValueConvertible] = [suite.pipeline, suite.environment, suite.suite]
            try database.execute(
                sql: """
                    DELETE FROM records WHERE pipeline = ? AND environment = ? AND suite = ? AND number <= (
                        SELECT number FROM records WHERE pipeline = ? AND environment = ? AND suite = ?
                        ORDER BY number DESC LIMIT 1 OFFSET \(Self.recordsKept)
                    ) AND number <> (
                        SELECT max(number) FROM records
                        WHERE pipeline = ? AND environment = ? AND suite = ? AND go = 1)
                    """, arguments: StatementArguments(key + key + key))
        }
    }

    public func newest(of suite: SuiteKey) throws(StoreError) -> SuiteRecord? { try newest(of: suite, green: false) }

    public func newestGreen(of suite: SuiteKey) throws(StoreError) -> SuiteRecord? {
        try newest(of: suite, green: true)
    }

    public func newest(of suite: SuiteKey, askedBy run: RunID) throws(StoreError) -> SuiteRecord? {
        let what = "read what came of suite \(suite.suite) in run \(run)"
        let bodies = try use(what) { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT body FROM records WHERE pipeline = ? AND environment = ? AND suite = ? ORDER BY number DESC
                    """, arguments: [suite.pipeline, suite.environment, suite.suite])
        }
        return try attempt(what, opening: nil) {
            for body in bodies {
                let record = try StoredJSON.decode(SuiteRecord.self, body)
                if record.run == run { return record }
            }
            return nil
        }
    }

    private func newest(of suite: SuiteKey, green: Bool) throws(StoreError) -> SuiteRecord? {
        let what = "read what came of suite \(suite.suite) before"
        let body = try use(what) { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT body FROM records WHERE pipeline = ? AND environment = ? AND suite = ? AND go >= ?
                    ORDER BY number DESC LIMIT 1
                    """, arguments: [suite.pipeline, suite.environment, suite.suite, green ? 1 : 0])
        }
        guard let body else { return nil }
        return try attempt(what, opening: nil) { try StoredJSON.decode(SuiteRecord.self, body) }
    }

    // MARK: - Access

    private func use<Value>(_ what: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        let database = try database()
        return try attempt(what, opening: nil) {
            try database.writeWithoutTransaction { database in
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
                guard let value else { preconditionFailure("a committed transaction has run its body") }
                return value
            }
        }
    }

    private func database() throws(StoreError) -> DatabaseQueue {
        do {
            return try opened.withLock { opened in
                if let opened { return opened }
                let made = try open()
                opened = made
                return made
            }
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("opening throws nothing else: \(error)")
        }
    }

    private func open() throws(StoreError) -> DatabaseQueue {
        let (folder, descriptor) = try StateFolder.prepare(at: self.folder)
        let file = try folder.makeCheckBook(in: descriptor)
        return try attempt("open \(file)", opening: file) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL")
            }
            let database = try DatabaseQueue(path: file, configuration: configuration)
            try database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try Self.makeReady(database, file)
                    return .commit
                }
            }
            try folder.sync(descriptor)
            return database
        }
    }

    /// Marks the file as ours: "shck".
    private static let applicationID: Int64 = 0x7368_636b
    private static let version = 1

    private static func makeReady(_ database: Database, _ file: String) throws {
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if application == applicationID {
            let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard found == version else { throw StoreError.version(found: found, known: version) }
            return
        }
        guard application == 0, tables == 0 else {
            throw StoreError.unusable(
                path: file, reason: "it is a database, but not one of shipit's; nothing was changed")
        }
        try database.execute(sql: tablesSQL)
        try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }

    private static let tablesSQL = """
        CREATE TABLE words (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            pipeline TEXT NOT NULL, environment TEXT NOT NULL, suite TEXT NOT NULL, check_name TEXT NOT NULL,
            at INTEGER NOT NULL, body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX words_of_suite ON words (pipeline, environment, suite, check_name, number);
        CREATE TABLE records (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            pipeline TEXT NOT NULL, environment TEXT NOT NULL, suite TEXT NOT NULL,
            at INTEGER NOT NULL, go INTEGER NOT NULL, body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX records_of_suite ON records (pipeline, environment, suite, number);
        """
}
