import GRDB
import ShipitEngine

/// The tables, and which version of them a database holds. Versions are gated both ways: an older shipit doesn't write what it
/// doesn't understand, a newer one migrates, in one transaction, before it does anything else.
enum Schema {
    /// Marks the file as ours: "ship".
    private static let applicationID: Int64 = 0x7368_6970

    /// The step at index `n` leads from version `n` to `n + 1`. Released steps are never edited.
    private static let steps: [String] = [first, samples, firings, outbox]

    static var known: Int { steps.count }

    /// What is found in the file, before anything is written to it.
    enum Found: Equatable {
        case nothing
        case version(Int)
        /// A database of something else.
        case foreign
    }

    static func found(in database: Database) throws -> Found {
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        if application == applicationID {
            return .version(try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0)
        }
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        return application == 0 && tables == 0 ? .nothing : .foreign
    }

    /// Whether the tables are those that `migrate` makes, and there is nothing beside them, such as a trigger.
    static func isAsMade(in database: Database) throws -> Bool {
        let model = try DatabaseQueue()
        let made = try model.writeWithoutTransaction { model in
            try migrate(model)
            return try tables(in: model)
        }
        return try tables(in: database) == made
    }

    private static func tables(in database: Database) throws -> Set<[String?]> {
        let rows = try Row.fetchAll(database, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master")
        return Set(
            try rows.map { row in
                try [row.value("type"), row.value("name"), row.value("tbl_name"), row.value("sql") as String?]
            })
    }

    /// Brings the database to the known version.
    static func migrate(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            // Another process may have done it since it was looked at.
            var version = 0
            if case .version(let number) = try found(in: database) { version = number }
            guard version < known else {
                guard version == known else { throw StoreError.version(found: version, known: known) }
                return .commit
            }
            for step in steps[version...] { try database.execute(sql: step) }
            try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(known)")
            return .commit
        }
    }

    /// `seal` covers what never changes in a run (and its plan), and begins the chain of its events; `summary_seal` covers
    /// what every append changes. A damaged byte is so found before it is believed. What decides (locks, the live run) is
    /// found by reading rows, not by an index: an index that is damaged leaves rows out, and nothing tells.
    private static let first = """
        CREATE TABLE runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            pipeline TEXT NOT NULL,
            environment TEXT NOT NULL,
            dry_run INTEGER NOT NULL,
            created TEXT NOT NULL,
            root TEXT NOT NULL,
            file TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            plan_hash BLOB NOT NULL,
            seal BLOB NOT NULL,
            state TEXT NOT NULL,
            outcome TEXT,
            finished_at INTEGER,
            last_sequence INTEGER NOT NULL,
            last_hash BLOB NOT NULL,
            summary_seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE plans (
            run INTEGER PRIMARY KEY REFERENCES runs (number),
            json TEXT NOT NULL
        ) STRICT;
        CREATE TABLE events (
            run INTEGER NOT NULL REFERENCES runs (number),
            sequence INTEGER NOT NULL,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            version INTEGER NOT NULL,
            body TEXT NOT NULL,
            previous BLOB NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY (run, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE locks (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            environment TEXT NOT NULL,
            run TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            holder TEXT NOT NULL,
            held INTEGER NOT NULL,
            dirty INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE requests (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER NOT NULL REFERENCES runs (number),
            at INTEGER NOT NULL,
            body TEXT NOT NULL,
            taken INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX requests_open ON requests (run, number) WHERE taken = 0;
        """

    /// What the monitor measured. A day of ten sources is some 170,000 rows, so a row holds nothing twice.
    private static let samples = """
        CREATE TABLE samples (
            run INTEGER NOT NULL REFERENCES runs (number),
            number INTEGER NOT NULL,
            source TEXT NOT NULL,
            at INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            seconds REAL,
            value REAL,
            standings TEXT NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;
        """

    /// Until when the times of schedules have been dealt with, and what became of each: by its key there is one row of it,
    /// whoever looks at the clock.
    private static let firings = """
        CREATE TABLE schedules (
            entry TEXT NOT NULL PRIMARY KEY,
            digest TEXT NOT NULL,
            seen INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE firings (
            entry TEXT NOT NULL,
            nominal TEXT NOT NULL,
            at INTEGER NOT NULL,
            state TEXT NOT NULL,
            run TEXT,
            exit_code INTEGER,
            words TEXT NOT NULL,
            holder TEXT,
            changed INTEGER NOT NULL,
            PRIMARY KEY (entry, nominal)
        ) STRICT, WITHOUT ROWID;
        """

    /// Who is to be told of which event: a row holds no words, only what has become of it. It may be sent from `next_at` on,
    /// once whoever took it last has had it for long enough.
    private static let outbox = """
        CREATE TABLE outbox (
            run INTEGER NOT NULL REFERENCES runs (number),
            sequence INTEGER NOT NULL,
            source TEXT NOT NULL,
            moment TEXT NOT NULL,
            at INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,
            tries INTEGER NOT NULL DEFAULT 0,
            next_at INTEGER NOT NULL,
            held_until INTEGER NOT NULL DEFAULT 0,
            trouble TEXT,
            PRIMARY KEY (run, sequence, source)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_open ON outbox (run, source, sequence) WHERE state = 0;
        """
}
