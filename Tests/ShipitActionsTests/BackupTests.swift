import Foundation
import GRDB
import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@testable import ShipitActions

/// A database in WAL mode as an application holds it open.
struct LiveDatabase {
    let queue: DatabaseQueue

    init(_ path: String, wal: Bool = true) throws {
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = \(wal ? "WAL" : "DELETE")")
            try database.execute(
                sql: """
                    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
                    CREATE TABLE "odd ""name" (x);
                    INSERT INTO account VALUES (1, 500), (2, 500);
                    """)
        }
    }

    /// Moves money, and adds a row: in every state that was ever committed the balances sum to 1000.
    func transfer() async throws {
        try await queue.write { database in
            try database.execute(
                sql: """
                    UPDATE account SET balance = balance - 1 WHERE id = 1;
                    UPDATE account SET balance = balance + 1 WHERE id = 2;
                    INSERT INTO account VALUES (NULL, 0);
                    INSERT INTO "odd ""name" VALUES (randomblob(2000));
                    """)
        }
    }

    func sum() throws -> Int? { try queue.read { try Int.fetchOne($0, sql: "SELECT sum(balance) FROM account") } }
    func count() throws -> Int? { try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account") } }

    static func open(_ path: String) throws -> LiveDatabase { LiveDatabase(queue: try DatabaseQueue(path: path)) }
    private init(queue: DatabaseQueue) { self.queue = queue }
}

@Suite(.timeLimit(.minutes(3)))
struct BackupTests {
    private let action = BackupSQLiteAction()
    private let inputs: [String: InputValue] = ["database": "var/app.db", "to": "backups", "verify": "restore"]

    @Test func `a database that is being written to is backed up as it was at one moment`() async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"))
            for _ in 0..<300 { try await live.transfer() }
            let writing = Task {
                var count = 0
                while !Task.isCancelled {
                    try await live.transfer()
                    count += 1
                }
                return count
            }
            let outputs = try await action.perform(try scene.context(inputs))
            writing.cancel()
            _ = try? await writing.value
            let path = try #require(outputs["path"])
            #expect(path.hasPrefix("backups/app-2.0.0-run-1-stage-1-") && path.hasSuffix(".db"))
            let copy = try LiveDatabase.open(scene.path(path))
            #expect(try copy.sum() == 1000)
            #expect(try (copy.count() ?? 0) >= 302)
            #expect(scene.names("backups").count == 2)
            #expect(scene.names("run/work/stage/1").isEmpty)
        }
    }

    @Test func `the record beside it says what it is, and both are private`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            let outputs = try await action.perform(try scene.context(inputs))
            let path = scene.path(try #require(outputs["path"]))
            let record = try #require(try BackupRecord.read(beside: path))
            #expect(record.database == "var/app.db")
            #expect(record.kind == "sqlite" && record.release == "2.0.0" && record.key == "run-1/stage/1")
            #expect(record.rows == ["account": 2, "odd \"name": 0])
            #expect(record.sha256 == outputs["sha256"] && String(record.size) == outputs["size"])
            for file in [path, path + ".json"] {
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode.map { $0 & 0o777 } == 0o600)
            }
        }
    }

    @Test func `performing twice under one key gives one backup, and verify finds it`() async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"))
            let context = try scene.context(inputs)
            #expect(try await action.verify(context) == .notDone)
            let first = try await action.perform(context)
            try await live.transfer()
            #expect(try await action.perform(context) == first)
            #expect(try await action.verify(context) == .done(outputs: first))
            let second = try await action.perform(try scene.context(inputs, number: 2))
            #expect(second["path"] != first["path"])
            #expect(scene.names("backups").count == 4)
        }
    }

    @Test(arguments: ["integrity", "restore"])
    func `a database whose index and table do not agree is not backed up`(verify: String) async throws {
        try await Scene.with { scene in
            let path = scene.path("var/app.db")
            let live = try LiveDatabase(path, wal: false)
            try await live.queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TABLE note (text TEXT); CREATE INDEX note_text ON note (text);
                        INSERT INTO note VALUES ('marked')
                        """)
            }
            try live.queue.close()
            var bytes = try Data(contentsOf: URL(filePath: path))
            // In the index or in the table: they no longer agree.
            let place = try #require(bytes.range(of: Data("marked".utf8), options: .backwards))
            bytes[place.lowerBound] = UInt8(ascii: "M")
            try bytes.write(to: URL(filePath: path))
            let context = try scene.context(inputs.merging(["verify": .text(Template(literal: verify))]) { $1 })
            #expect(await error { () throws(ActionError) in _ = try await action.perform(context) } != nil)
            #expect(scene.names("backups").isEmpty)
        }
    }

    @Test func `a backup that was changed is not taken for the one that was made`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            let context = try scene.context(inputs)
            let outputs = try await action.perform(context)
            let backup = scene.path(try #require(outputs["path"]))
            var bytes = try Data(contentsOf: URL(filePath: backup))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: backup))
            let expected = ActionError.failedForGood(
                "the backup \(backup) is not what its record says: it was changed or damaged")
            #expect(await error { () throws(ActionError) in _ = try await action.perform(context) } == expected)
            #expect(await error { () throws(ActionError) in _ = try await action.verify(context) } == expected)
        }
    }

    @Test func `what a killed try left is cleared away by the next one`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            let context = try scene.context(inputs)
            let names = BackupNames(database: "app.db", version: "2.0.0", key: context.key)
            try scene.write("backups/\(names.temporary)", "half")
            // The record was written, the backup not yet renamed.
            try scene.write("backups/\(names.file).json", "{}")
            _ = try await action.perform(context)
            #expect(scene.names("backups") == [names.file, names.file + ".json"])
        }
    }

    @Test func `what a killed attempt left is cleared away by the next attempt as well`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            let killed = try scene.context(inputs)
            let names = BackupNames(database: scene.path("var/app.db"), version: "2.0.0", key: killed.key)
            for suffix in ["", "-wal"] { try scene.write("backups/" + names.temporary + suffix, "half") }
            _ = try await action.perform(try scene.context(inputs, number: 2))
            #expect(scene.names("backups").allSatisfy { !$0.contains(".partial") })
        }
    }

    @Test func `a missing database is an error and is not made`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(inputs)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(context) }
                    == .failedForGood("there is no database at \(scene.path("var/app.db"))"))
            #expect(scene.names("var").isEmpty && scene.names("backups").isEmpty)
        }
    }

    @Test(arguments: ["", "not a database at all"])
    func `an empty file and a file of another kind are no databases`(content: String) async throws {
        try await Scene.with { scene in
            try scene.write("var/app.db", content)
            let context = try scene.context(inputs)
            guard case .failedForGood = await error({ () throws(ActionError) in _ = try await action.perform(context) })
            else {
                Issue.record("it was backed up")
                return
            }
            #expect(scene.names("backups").isEmpty)
        }
    }

    @Test(arguments: ["integrity", "restore"])
    func `a damaged database does not become a backup`(verify: String) async throws {
        try await Scene.with { scene in
            let path = scene.path("var/app.db")
            let live = try LiveDatabase(path, wal: false)
            for _ in 0..<50 { try await live.transfer() }
            try live.queue.close()
            var bytes = try Data(contentsOf: URL(filePath: path))
            for index in 8192..<20_000 { bytes[index] = 0xff }
            try bytes.write(to: URL(filePath: path))
            let context = try scene.context(inputs.merging(["verify": .text(Template(literal: verify))]) { $1 })
            #expect(await error { () throws(ActionError) in _ = try await action.perform(context) } != nil)
            #expect(scene.names("backups").isEmpty)
        }
    }

    @Test func `only the newest are kept, and only those of this database that we made`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            _ = try LiveDatabase(scene.path("var/other.db"))
            try scene.write("backups/app-by-hand.db", "mine")
            try scene.write("backups/app-odd.db", "mine")
            try scene.write("backups/app-odd.db.json", "{\"note\": \"mine\"}")
            let other = ["database": "var/other.db", "to": "backups"] as [String: InputValue]
            _ = try await action.perform(try scene.context(other))
            var paths: [String] = []
            for number in 1...5 {
                let keeping = inputs.merging(["keep": "2"]) { $1 }
                let outputs = try await action.perform(try scene.context(keeping, number: number))
                paths.append(try #require(outputs["path"]))
            }
            let left = scene.names("backups").filter { $0.hasSuffix(".db") }
            #expect(Set(left).isSuperset(of: ["app-by-hand.db", "app-odd.db"]))
            #expect(Set(left.filter { $0.hasPrefix("app-2") }.map { "backups/\($0)" }) == Set(paths.suffix(2)))
            #expect(left.contains { $0.hasPrefix("other-2") })
        }
    }

    @Test func `the one just made stays even if the clock says that it is the oldest`() {
        func record(_ at: Int64) -> BackupRecord {
            BackupRecord(
                database: "a.db", sha256: "", size: 0, release: "1", commit: "", key: "k",
                at: Instant(milliseconds: at),
                rows: [:])
        }
        let made = [("new", record(1)), ("b", record(5)), ("c", record(9))]
        #expect(BackupPruning.doomed(made, of: "a.db", keep: 1, sparing: "new") == ["c", "b"])
        #expect(BackupPruning.doomed(made, of: "a.db", keep: 2, sparing: "new") == ["b"])
        #expect(BackupPruning.doomed(made, of: "b.db", keep: 1, sparing: "new") == [])
    }

    @Test func `names are fit for any file system and differ where keys differ`() {
        let odd = BackupNames(database: "/x/my app.sqlite3", version: "1.0+β", key: CommandKey("r/services[a]/1"))
        #expect(odd.file.hasPrefix("my-app-1.0---r-services-a--1-") && odd.file.hasSuffix(".sqlite3"))
        let like = BackupNames(database: "/x/my app.sqlite3", version: "1.0+β", key: CommandKey("r/services-a-/1"))
        #expect(odd.file != like.file)
    }

    @Test func `the preview says what would be done and does nothing`() async throws {
        try await Scene.with { scene in
            _ = try LiveDatabase(scene.path("var/app.db"))
            let lines = try await action.preview(try scene.context(inputs.merging(["keep": "3"]) { $1 }))
            #expect(lines.count == 3 && lines[0].hasPrefix("back up var/app.db to backups/app-2.0.0-"))
            #expect(scene.names("backups").isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(3)))
struct RestoreTests {
    private func backUp(_ scene: Scene) async throws -> String {
        let inputs: [String: InputValue] = ["database": "var/app.db", "to": "backups"]
        return try #require(try await BackupSQLiteAction().perform(try scene.context(inputs))["path"])
    }

    private func restore(_ backup: String, _ scene: Scene, number: Int = 1) throws -> ActionContext {
        try scene.context(["backup": .text(Template(literal: backup))], part: .undo, number: number)
    }

    @Test(arguments: [true, false])
    func `the content comes back while the database is open`(wal: Bool) async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"), wal: wal)
            for _ in 0..<20 { try await live.transfer() }
            let backup = try await backUp(scene)
            for _ in 0..<200 { try await live.transfer() }
            try await live.queue.write { try $0.execute(sql: "CREATE TABLE migrated (x); DROP TABLE \"odd \"\"name\"") }

            let context = try restore(backup, scene)
            #expect(try await RestoreAction().verify(context) == .notDone)
            let outputs = try await RestoreAction().perform(context)
            #expect(outputs["database"] == "var/app.db")
            #expect(try live.count() == 22 && live.sum() == 1000)
            #expect(try await live.queue.read { try !$0.tableExists("migrated") })
            #expect(try await RestoreAction().verify(context) == .done(outputs: outputs))
            let mode = try await live.queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == (wal ? "wal" : "delete"))
            // Writing goes on as if nothing had been.
            try await live.transfer()
            #expect(try live.count() == 23)
            #expect(try await RestoreAction().verify(context) == .notDone)
        }
    }

    @Test func `a backup that was changed is refused before anything is touched`() async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"))
            let backup = try await backUp(scene)
            try await live.transfer()
            var bytes = try Data(contentsOf: URL(filePath: scene.path(backup)))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: scene.path(backup)))
            let context = try restore(backup, scene)
            guard
                case .failedForGood(let reason) = await error({ () throws(ActionError) in
                    _ = try await RestoreAction().perform(context)
                })
            else {
                Issue.record("it was restored")
                return
            }
            #expect(reason.contains("is not the backup that was made: its SHA-256 is "))
            #expect(try live.count() == 3)
        }
    }

    @Test func `a deleted database is made anew, without the log that the old one left`() async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"))
            let backup = try await backUp(scene)
            for _ in 0..<20 { try await live.transfer() }
            try FileManager.default.copyItem(atPath: scene.path("var/app.db-wal"), toPath: scene.path("var/saved"))
            try live.queue.close()
            for name in scene.names("var") where name.hasPrefix("app.db") {
                try FileManager.default.removeItem(atPath: scene.path("var/\(name)"))
            }
            try FileManager.default.moveItem(atPath: scene.path("var/saved"), toPath: scene.path("var/app.db-wal"))
            _ = try await RestoreAction().perform(try restore(backup, scene))
            #expect(try LiveDatabase.open(scene.path("var/app.db")).count() == 2)
        }
    }

    @Test func `restoring twice gives the same`() async throws {
        try await Scene.with { scene in
            let live = try LiveDatabase(scene.path("var/app.db"))
            let backup = try await backUp(scene)
            try await live.transfer()
            let context = try restore(backup, scene)
            let first = try await RestoreAction().perform(context)
            #expect(try await RestoreAction().perform(context) == first)
            #expect(try live.count() == 2)
        }
    }

    @Test func `a backup that is not there, or a target that nobody names, is refused`() async throws {
        try await Scene.with { scene in
            let missing = try restore("backups/none.db", scene)
            #expect(
                await error { () throws(ActionError) in _ = try await RestoreAction().perform(missing) }
                    == .failedForGood("there is no backup at backups/none.db"))
            try LiveDatabase(scene.path("by-hand.db"), wal: false).queue.close()
            let nameless = try restore("by-hand.db", scene)
            #expect(
                await error { () throws(ActionError) in _ = try await RestoreAction().perform(nameless) }
                    == .badInput("database", "is missing, and the backup has no record that says it"))
            let named = try scene.context(["backup": "by-hand.db", "database": "var/new.db"])
            _ = try await RestoreAction().perform(named)
            #expect(try LiveDatabase.open(scene.path("var/new.db")).count() == 2)
            #expect(scene.world.notes.contains { $0.contains("the backup has no record") })
        }
    }
}
