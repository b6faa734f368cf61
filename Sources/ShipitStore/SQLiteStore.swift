import Foundation
import GRDB
import ShipitCore
public import ShipitEngine
import Synchronization

/// The `RunStore` of one machine: a SQLite database in the state folder, in WAL mode, every commit durable when it returns.
///
/// Many processes may have the same folder open. Who may write to a run is decided by the environment's epoch inside the
/// transaction that writes; see `SQLiteStore+Lock.swift`.
public final class SQLiteStore: RunStore {
    let folder: StateFolder?
    /// `nil` where nothing has been recorded yet and the store only reads.
    private let database: DatabaseQueue?
    private let isReadOnly: Bool
    /// The environments' locks that this store has, with the system's lock behind each.
    let held = Mutex<[String: LockFile]>([:])

    /// Opens the state folder for writing, making it and the database where they are missing.
    public init(folder path: String) throws(StoreError) {
        let (folder, descriptor) = try StateFolder.prepare(at: path)
        // Two processes that both find an empty file would get in each other's way while they switch it to WAL.
        while flock(descriptor.number, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw .unusable(path: folder.path, reason: "cannot be locked: \(StateFolder.reason(errno))")
            }
        }
        let file = folder.databasePath
        database = try attempt("open \(file)", opening: file) {
            let database = try DatabaseQueue(path: file, configuration: Self.configuration(readOnly: false))
            try database.writeWithoutTransaction { database in try Self.makeReady(database, folder) }
            return database
        }
        Reserve(in: folder).fill(mode: folder.fileMode)
        // By now the log file beside the database exists, too.
        try folder.sync(descriptor)
        self.folder = folder
        isReadOnly = false
    }

    /// Opens the state folder for reading only. Nothing is created: where there is no folder yet, there are no runs. Works on
    /// a disk that cannot be written.
    public init(readingFolder path: String) throws(StoreError) {
        isReadOnly = true
        let folder = try StateFolder.existing(at: path)
        self.folder = folder
        guard let file = folder?.databasePath else {
            database = nil
            return
        }
        database = try attempt("open \(file)", opening: file) {
            let database = try ReadOnlyDatabase.open(file, configuration: Self.configuration(readOnly: true))
            return switch try database.read(Schema.found(in:)) {
            case .nothing where folder?.holdsRuns == true: throw StoreError.unusable(path: file, reason: Self.emptied)
            case .nothing: nil
            case .foreign: throw StoreError.unusable(path: file, reason: Self.foreign)
            case .version(let version) where version <= Schema.known: database
            case .version(let version): throw StoreError.version(found: version, known: Schema.known)
            }
        }
    }

    /// A journal is made before the first run's folder, so it has been there.
    static let emptied =
        "it is empty, but runs/ beside it holds runs: the journal was lost. Bring it back from a backup; to begin anew, move the "
        + "whole folder away"
    private static let foreign = "it is a database, but not one of shipit's; nothing was changed"

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL")
        }
        return configuration
    }

    /// Looks first and writes then: what is not ours is left as it was.
    private static func makeReady(_ database: Database, _ folder: StateFolder) throws {
        let file = folder.databasePath
        let found = try Schema.found(in: database)
        switch found {
        case .foreign: throw StoreError.unusable(path: file, reason: foreign)
        case .version(let version) where version > Schema.known:
            throw StoreError.version(found: version, known: Schema.known)
        case .nothing where folder.holdsRuns: throw StoreError.unusable(path: file, reason: emptied)
        case .version, .nothing: break
        }
        if try String.fetchOne(database, sql: "PRAGMA journal_mode") != "wal" {
            let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            guard mode == "wal" else {
                throw StoreError.unusable(
                    path: file,
                    reason: "SQLite keeps its journal mode \(mode ?? "unknown") instead of WAL on this file system")
            }
        }
        if found != .version(Schema.known) { try Schema.migrate(database) }
    }

    // MARK: - Access

    /// Runs `body` on one consistent state of the database; `nil` where there is none yet.
    func read<Value>(_ what: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value? {
        guard let database else { return nil }
        return try attempt(what, opening: nil) { try database.read(body) }
    }

    /// Runs `body` in one transaction; when this returns, it is durable.
    func write<Value>(_ what: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        guard let database, !isReadOnly else { throw .failed(what, cause: "the state folder is open for reading only") }
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
}

/// Does something with the database and tells its errors in our words.
/// - Parameter file: the database, where its opening is what is attempted.
func attempt<Value>(_ what: String, opening file: String?, _ body: () throws -> Value) throws(StoreError) -> Value {
    do {
        return try body()
    } catch let error as StoreError {
        throw error
    } catch let error as DatabaseError {
        throw StoreError(error, what: what, opening: file)
    } catch {
        throw .failed(what, cause: String(describing: error))
    }
}

extension StoreError {
    static let fullDisk = "the disk is full"

    /// Nothing was written: a failed fsync, which must never be tried again, is another error.
    var isFullDisk: Bool {
        guard case .failed(_, Self.fullDisk) = self else { return false }
        return true
    }

    fileprivate init(_ error: DatabaseError, what: String, opening file: String?) {
        let cause: String =
            switch error.resultCode {
            case .SQLITE_NOTADB: "it is not a database; nothing was changed"
            case .SQLITE_CORRUPT: "the database is damaged (\(error.message ?? "malformed")); nothing was repaired"
            case .SQLITE_FULL: Self.fullDisk
            case .SQLITE_BUSY: "another process has been writing to the journal for more than 10 s"
            case .SQLITE_READONLY: "the database cannot be written (\(error.message ?? "read-only"))"
            case .SQLITE_CANTOPEN: "it cannot be opened; is the disk read-only, or full?"
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
                "there is no room for its shared memory; is the disk full?"
            default: "\(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))"
            }
        if let file { self = .unusable(path: file, reason: cause) } else { self = .failed(what, cause: cause) }
    }
}
