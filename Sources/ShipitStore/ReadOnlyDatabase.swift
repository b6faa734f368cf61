import Foundation
import GRDB
import ShipitEngine

/// Reading a journal where nothing can be written. SQLite needs a file of shared memory beside a database in WAL mode; where
/// there is none and none can be made, nobody writes either, and a private copy tells the same.
enum ReadOnlyDatabase {
    static func open(_ file: String, configuration: Configuration) throws -> DatabaseQueue {
        do {
            return try DatabaseQueue(path: file, configuration: configuration)
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CANTOPEN || error.resultCode == .SQLITE_READONLY
        {
            return try openCopy(of: file, configuration: configuration)
        }
    }

    private static func openCopy(of file: String, configuration: Configuration) throws -> DatabaseQueue {
        let template = FileManager.default.temporaryDirectory.path + "/shipit-read-XXXXXX"
        var name = Array(template.utf8CString)
        guard mkdtemp(&name) != nil else {
            throw StoreError.unusable(
                path: template, reason: "a copy for reading cannot be made: \(StateFolder.reason(errno))")
        }
        let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Once open, the files need no names; so nothing is left behind however this process ends.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = folder + "/journal.db"
        try FileManager.default.copyItem(atPath: file, toPath: copy)
        if FileManager.default.fileExists(atPath: file + "-wal") {
            try FileManager.default.copyItem(atPath: file + "-wal", toPath: copy + "-wal")
        }
        return try DatabaseQueue(path: copy, configuration: configuration)
    }
}
