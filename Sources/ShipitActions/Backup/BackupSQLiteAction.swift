public import ShipitCore
public import ShipitEngine

/// `backup/sqlite`: a copy of a database that is in use, proven to be good before it is called a backup.
public struct BackupSQLiteAction: Action {
    public init() {}

    public let description = ActionDescription(
        name: "backup/sqlite", help: "Back up an SQLite database, which may be in use, and check the copy.",
        inputs: [
            FieldDescription("database", .path, required: true, help: "The database."),
            FieldDescription("to", .path, required: true, help: "The folder for the backup."),
            FieldDescription(
                "verify", .choice(["integrity", "restore"]), fallback: "integrity",
                help: "Check the copy itself, or restore it elsewhere and compare."),
            FieldDescription(
                "keep", .number, help: "How many backups of this database to keep; older ones are removed."),
        ], outputs: ["path", "size", "sha256"], undo: .nothing)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        let order = try Order(context)
        try order.database.mustExist()
        var lines = ["back up \(context.written(order.database.path)) to \(context.written(order.backup))"]
        lines.append(order.restores ? "restore the copy elsewhere, check it and compare its rows" : "check the copy")
        if let keep = order.keep { lines.append("keep the newest \(keep) backups, remove older ones") }
        return lines
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let order = try Order(context)
        let record = try await blocking { (stop) throws(ActionError) in
            if let record = try order.existing(stop) { return record }
            do throws(ActionError) {
                return try order.make(stop)
            } catch {
                order.clearAway()
                throw error
            }
        }
        let rows = record.rows.values.reduce(0, +)
        context.services.note(
            "backed up \(record.database): \(record.size) bytes, \(record.rows.count) tables, \(rows) rows, checked")
        if let keep = order.keep {
            let removed = try await blocking { (_) throws(ActionError) in
                try BackupPruning.prune(order.folder, of: record.database, keep: keep, sparing: order.names.file)
            }
            for name in removed { context.services.note("removed the older backup \(name)") }
        }
        return order.outputs(record)
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        let order = try Order(context)
        return try await blocking { (stop) throws(ActionError) in
            guard let record = try order.existing(stop) else { return .notDone }
            return .done(outputs: order.outputs(record))
        }
    }

    /// A backup is kept whatever happens.
    public func undo(_ context: ActionContext) async throws(ActionError) {}

    /// What is to be done, in absolute paths.
    private struct Order: Sendable {
        var database: SQLiteFile
        var folder: String
        var names: BackupNames
        var restores: Bool
        var keep: Int?
        private var blank: BackupRecord
        private var scratch: String
        /// Where attempts before this one may have left half a copy.
        private var abandoned: [String]
        private var written: String

        var backup: String { folder + "/" + names.file }
        private var temporary: SQLiteFile { SQLiteFile(path: folder + "/" + names.temporary) }
        private var restored: SQLiteFile { SQLiteFile(path: scratch + "/restored.db") }

        init(_ context: ActionContext) throws(ActionError) {
            database = SQLiteFile(path: context.absolute(try context.inputs.requiredText("database")))
            folder = context.absolute(try context.inputs.requiredText("to"))
            switch try context.inputs.text("verify") ?? "integrity" {
            case "integrity": restores = false
            case "restore": restores = true
            case let other: throw .badInput("verify", "\"\(other)\" is neither integrity nor restore")
            }
            keep = try context.inputs.number("keep")
            if let keep, keep < 1 { throw .badInput("keep", "must be at least 1") }
            names = BackupNames(database: database.path, version: context.release.release.version, key: context.key)
            blank = BackupRecord(
                database: context.written(database.path), sha256: "", size: 0, release: context.release.release.version,
                commit: context.release.release.commit, key: context.key.text, at: context.services.now, rows: [:])
            scratch = context.scratch
            abandoned = context.earlierKeys.map { [folder, database] key in
                folder + "/"
                    + BackupNames(database: database.path, version: context.release.release.version, key: key).temporary
            }
            written = context.written(folder + "/" + names.file)
        }

        /// The backup that this very attempt has made already.
        func existing(_ stop: StopFlag) throws(ActionError) -> BackupRecord? {
            guard Disk.kind(backup) == .file, let record = try BackupRecord.read(beside: backup) else { return nil }
            guard try Digest.file(backup, stop: stop) == record.sha256 else {
                throw .failedForGood("the backup \(backup) is not what its record says: it was changed or damaged")
            }
            return record
        }

        func make(_ stop: StopFlag) throws(ActionError) -> BackupRecord {
            try database.mustExist()
            try Disk.makeFolder(folder)
            clearAway()
            try Disk.makePrivateFile(temporary.path)
            let rows = try database.copy(to: temporary, stop: stop)
            try temporary.consolidate()
            try Self.mustAgree(try temporary.check(), rows, "the copy")
            if restores { try tryRestoring(rows, stop) }
            var record = blank
            record.rows = rows
            record.size = try Disk.size(temporary.path)
            record.sha256 = try Digest.file(temporary.path, stop: stop)
            try Disk.sync(temporary.path)
            // The record first: a backup without one would never be seen again by us.
            try record.write(beside: backup)
            try Disk.publish(temporary.path, as: backup)
            return record
        }

        /// What a half-done try left; a failure to remove it is told by whatever needs its place.
        func clearAway() {
            for file in [temporary.path, restored.path] + abandoned {
                for suffix in ["", "-journal", "-wal", "-shm"] { try? Disk.remove(file + suffix) }
            }
        }

        private func tryRestoring(_ rows: [String: Int], _ stop: StopFlag) throws(ActionError) {
            try Disk.makePrivateFile(restored.path)
            _ = try temporary.copy(to: restored, stop: stop)
            try Self.mustAgree(try restored.check(), rows, "the restored copy")
            try Disk.remove(restored.path)
        }

        private static func mustAgree(_ found: [String: Int], _ rows: [String: Int], _ what: String) throws(ActionError)
        {
            for table in Set(found.keys).union(rows.keys).sorted() where found[table] != rows[table] {
                let (has, had) = (found[table].map(String.init) ?? "no", rows[table].map(String.init) ?? "no")
                throw .failed("\(what) has \(has) rows in \(table), the database \(had)")
            }
        }

        func outputs(_ record: BackupRecord) -> [String: String] {
            ["path": written, "size": String(record.size), "sha256": record.sha256]
        }
    }
}
