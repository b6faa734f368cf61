import ShipitEngine

/// Which backups go when only so many are kept.
enum BackupPruning {
    /// Removes the oldest backups of a database that we made, until `keep` are left.
    /// - Parameter sparing: the one just made, which stays whatever the clock says about its age.
    /// - Returns: the names of those removed.
    static func prune(
        _ folder: String, of database: String, keep: Int, sparing: String
    ) throws(ActionError) -> [String] {
        var made: [(name: String, record: BackupRecord)] = []
        for name in try Disk.names(folder) where name.hasSuffix(BackupRecord.suffix) {
            let backup = String(name.dropLast(BackupRecord.suffix.count))
            guard Disk.kind("\(folder)/\(backup)") == .file, let record = record("\(folder)/\(backup)") else {
                continue
            }
            made.append((backup, record))
        }
        let doomed = doomed(made, of: database, keep: keep, sparing: sparing)
        for name in doomed {
            // The backup first: a record without a backup is harmless, a backup without a record is nobody's.
            try Disk.remove("\(folder)/\(name)")
            try Disk.remove(BackupRecord.path(of: "\(folder)/\(name)"))
        }
        return doomed
    }

    /// What cannot be read as a record of ours is not ours to remove.
    private static func record(_ backup: String) -> BackupRecord? { try? BackupRecord.read(beside: backup) }

    static func doomed(
        _ made: [(name: String, record: BackupRecord)], of database: String, keep: Int, sparing: String
    ) -> [String] {
        made.filter { $0.record.kind == BackupRecord.kind && $0.record.database == database && $0.name != sparing }
            .sorted { ($0.record.at, $0.name) > ($1.record.at, $1.name) }
            .dropFirst(max(0, keep - 1)).map(\.name)
    }
}
