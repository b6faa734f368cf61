public import ShipitCore
public import ShipitEngine

/// `restore`: puts a backup back into a database, which may be in use.
///
/// Doing it again gives the same, so an interrupted one is simply done again: SQLite makes either all of it or nothing
/// durable.
public struct RestoreAction: Action {
    public init() {}

    public let description = ActionDescription(
        name: "restore", help: "Restore a backup made by backup/sqlite, after checking it.",
        inputs: [
            FieldDescription("backup", .path, required: true, help: "The backup."),
            FieldDescription(
                "database", .path, fallback: "the one that was backed up", help: "The database to overwrite."),
        ], outputs: ["database", "sha256"], undo: .nothing, onInterrupt: .rerun)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        let backup = try context.inputs.requiredText("backup")
        let database = try context.inputs.text("database") ?? "the database that it was made of"
        return ["check \(backup) by its SHA-256 and its content", "restore it over \(database), and check that"]
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let order = try Order(context)
        let (rows, sha256) = try await blocking { (stop) throws(ActionError) in
            let sha256 = try order.checkBackup(stop)
            return (try order.restore(stop), sha256)
        }
        let count = rows.values.reduce(0, +)
        context.services.note(
            "restored \(context.written(order.database.path)): \(rows.count) tables, \(count) rows, checked"
                + (order.record == nil ? "; the backup has no record, so only its content could be checked" : ""))
        return ["database": context.written(order.database.path), "sha256": sha256]
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        let order = try Order(context)
        return try await blocking { (stop) throws(ActionError) in
            let sha256 = try order.checkBackup(stop)
            guard try order.isRestored(stop) else { return .notDone }
            return .done(outputs: ["database": context.written(order.database.path), "sha256": sha256])
        }
    }

    /// The content before the restore is gone; whoever needs it back has a backup of it.
    public func undo(_ context: ActionContext) async throws(ActionError) {}

    private struct Order: Sendable {
        var backup: SQLiteFile
        var record: BackupRecord?
        var database: SQLiteFile
        private var scratch: String

        init(_ context: ActionContext) throws(ActionError) {
            backup = SQLiteFile(path: context.absolute(try context.inputs.requiredText("backup")))
            guard Disk.kind(backup.path) == .file else {
                throw .failedForGood("there is no backup at \(context.written(backup.path))")
            }
            record = try BackupRecord.read(beside: backup.path)
            guard let target = try context.inputs.text("database") ?? record?.database else {
                throw .badInput("database", "is missing, and the backup has no record that says it")
            }
            database = SQLiteFile(path: context.absolute(target))
            guard database.path != backup.path else { throw .badInput("database", "is the backup itself") }
            scratch = context.scratch
        }

        /// Nothing is touched before the backup is known to be what was made, and good.
        func checkBackup(_ stop: StopFlag) throws(ActionError) -> String {
            try backup.mustExist()
            let sha256 = try Digest.file(backup.path, stop: stop)
            if let record, record.sha256 != sha256 {
                throw .failedForGood(
                    "\(backup.path) is not the backup that was made: its SHA-256 is \(sha256), it was \(record.sha256)")
            }
            let rows = try backup.check()
            if let record, record.rows != rows {
                throw .failedForGood("\(backup.path) does not hold the rows that its record names")
            }
            return sha256
        }

        func restore(_ stop: StopFlag) throws(ActionError) -> [String: Int] {
            switch Disk.kind(database.path) {
            case .file: break
            case .absent:
                try Disk.makeFolder(Disk.folder(of: database.path))
                // Of a database that was deleted: SQLite would apply them to the new one.
                for suffix in ["-wal", "-shm", "-journal"] { try Disk.remove(database.path + suffix) }
                try Disk.makePrivateFile(database.path)
            case .folder, .other: throw .failedForGood("\(database.path) is not a database")
            }
            let rows = try backup.copy(to: database, stop: stop)
            // The application may write again from now on, so only the check of the pages is sure to hold.
            _ = try database.check()
            return rows
        }

        /// Whether the database has the backup's content: a copy of it, page by page.
        func isRestored(_ stop: StopFlag) throws(ActionError) -> Bool {
            guard Disk.kind(database.path) == .file, try Disk.size(database.path) > 0 else { return false }
            let copy = SQLiteFile(path: scratch + "/verified.db")
            try Disk.makePrivateFile(copy.path)
            _ = try database.copy(to: copy, stop: stop)
            try copy.consolidate()
            let same = try PageComparison.sameContent(copy.path, backup.path, stop: stop)
            try Disk.remove(copy.path)
            return same
        }
    }
}
