import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

@Suite(.timeLimit(.minutes(3)))
struct StateFolderTests {
    @Test func `the folder and its files belong to one user, whatever the umask`() throws {
        let scratch = try ScratchFolder()
        let before = umask(0)
        defer { umask(before) }
        let store = try SQLiteStore(folder: scratch.state)
        let epoch = try store.begin(Sample.run("r1"))
        #expect(try mode(scratch.state) == 0o700)
        #expect(try mode(scratch.state + "/locks") == 0o700)
        for name in ["journal.db", "journal.db-wal", "journal.db-shm", ".gitignore", "locks/production.lock"] {
            #expect(try mode(scratch.state + "/" + name) == 0o600, "\(name)")
        }
        #expect(try String(contentsOfFile: scratch.state + "/.gitignore", encoding: .utf8) == "*\n")
        try store.releaseLock(environment: "production", epoch: epoch, dirty: false)
    }

    @Test func `a group's folder keeps its files open to the group alone`() throws {
        let scratch = try ScratchFolder()
        try makeFolder(scratch.state, 0o2770)
        let store = try SQLiteStore(folder: scratch.state)
        _ = try store.begin(Sample.run("r1"))
        for name in ["journal.db", "journal.db-wal", "journal.db-shm", "locks/production.lock"] {
            #expect(try mode(scratch.state + "/" + name) == 0o660, "\(name)")
        }
        #expect(try mode(scratch.state + "/locks") == 0o2770)
    }

    @Test(arguments: [0o755, 0o750, 0o770, 0o777, 0o701, 0o2775] as [mode_t])
    func `a folder that is open to others is refused`(_ mode: mode_t) throws {
        let scratch = try ScratchFolder()
        try makeFolder(scratch.state, mode)
        let reason =
            "its mode \(String(mode, radix: 8)) opens it to others: chmod 700 (or 2770 for a group) \(scratch.state)"
        #expect(throws: StoreError.unsafe(path: scratch.state, reason: reason)) {
            try SQLiteStore(folder: scratch.state)
        }
        #expect(throws: StoreError.unsafe(path: scratch.state, reason: reason)) {
            try SQLiteStore(readingFolder: scratch.state)
        }
    }

    @Test func `a database that is open to others is refused`() throws {
        let scratch = try ScratchFolder()
        _ = try SQLiteStore(folder: scratch.state)
        #expect(chmod(scratch.database, 0o644) == 0)
        let reason = "its mode 644 opens it to others: chmod 600 \(scratch.database)"
        #expect(throws: StoreError.unsafe(path: scratch.database, reason: reason)) {
            try SQLiteStore(folder: scratch.state)
        }
        #expect(throws: StoreError.unsafe(path: scratch.database, reason: reason)) {
            try SQLiteStore(readingFolder: scratch.state)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser can give a folder away"))
    func `another user's folder is refused for writing`() throws {
        let scratch = try ScratchFolder()
        try makeFolder(scratch.state, 0o700)
        #expect(chown(scratch.state, 65534, 65534) == 0)
        #expect(throws: StoreError.unsafe(path: scratch.state, reason: "it belongs to nobody, not to root")) {
            try SQLiteStore(folder: scratch.state)
        }
    }

    @Test func `symbolic links are not followed`() throws {
        let scratch = try ScratchFolder()
        let target = scratch.path + "/target"
        try makeFolder(target, 0o700)
        #expect(symlink(target, scratch.state) == 0)
        let folderError = #expect(throws: StoreError.self) { try SQLiteStore(folder: scratch.state) }
        #expect(
            folderError
                == .unusable(
                    path: scratch.state, reason: "it is not a folder (symbolic links are not followed: name its target)"
                ))
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)

        #expect(symlink(scratch.path + "/elsewhere", target + "/journal.db") == 0)
        let fileError = #expect(throws: StoreError.self) { try SQLiteStore(folder: target) }
        #expect(
            fileError
                == .unsafe(
                    path: target + "/journal.db", reason: "it is not a plain file (symbolic links are not followed)"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/elsewhere"))
    }

    @Test func `a folder is made only where its own folder exists`() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path + "/missing/.shipit"
        let reason =
            "cannot be created: No such file or directory; the folder that should hold it does not exist"
        #expect(throws: StoreError.unusable(path: path, reason: reason)) { try SQLiteStore(folder: path) }
    }

    @Test(
        .enabled(if: RamDisk.isPossible, "needs the right to mount"),
        arguments: [
            ["journal.db", "journal.db-wal", "journal.db-shm"], ["journal.db", "journal.db-wal"], ["journal.db"],
        ])
    func `a disk that cannot be written is read, and its writing refused with the reason`(_ left: [String]) throws {
        let scratch = try ScratchFolder()
        let disk = try RamDisk(at: scratch.path + "/disk", kilobytes: 4096)
        let state = disk.path + "/.shipit"
        try makeFolder(state, 0o700)
        // What an engine leaves behind: all files when it is killed, the database alone when it closes it.
        var store: SQLiteStore? = try SQLiteStore(folder: scratch.state)
        _ = try store?.begin(Sample.run("r1"))
        if left == ["journal.db"] { store = nil }
        for name in left {
            try FileManager.default.copyItem(atPath: scratch.state + "/" + name, toPath: state + "/" + name)
        }
        try disk.remountReadOnly()
        let reader = try SQLiteStore(readingFolder: state)
        #expect(try reader.entries(of: "r1", after: 0).count == 1)
        #expect(try reader.lock(of: "production")?.holderIsDead == false)
        let expected = StoreError.unusable(
            path: state + "/.gitignore", reason: "cannot be created: Read-only file system")
        #expect(throws: expected) { try SQLiteStore(folder: state) }
        withExtendedLifetime(store) {}
    }

    @Test(.enabled(if: RamDisk.isPossible, "needs the right to mount"))
    func `a full disk is told as one, and nothing of the batch is kept`() throws {
        let scratch = try ScratchFolder()
        // Too small for a reserve.
        let disk = try RamDisk(at: scratch.path + "/disk", kilobytes: 400)
        let store = try SQLiteStore(folder: disk.path + "/.shipit")
        let epoch = try store.begin(Sample.run("r1"))
        var last: Int64 = 1
        let big = RunEvent.paused(reason: String(repeating: "x", count: 3000))
        let error = #expect(throws: StoreError.self) {
            while true {
                last = try store.append(
                    [big, big, big], to: "r1", at: Sample.start, epoch: epoch, after: last,
                    summary: RunSummaryState(state: .paused))
            }
        }
        #expect(error == .failed("append to the journal of r1", cause: "the disk is full"))
        #expect(try store.entries(of: "r1", after: 0).count == Int(last))
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0, "\(path)")
        return status.st_mode & 0o7777
    }

    private func makeFolder(_ path: String, _ mode: mode_t) throws {
        try #require(mkdir(path, 0o700) == 0 && chmod(path, mode) == 0)
    }
}

/// A small disk of the test's own.
final class RamDisk {
    let path: String

    /// Some containers give root's name without root's rights.
    static let isPossible: Bool = {
        guard geteuid() == 0, let scratch = try? ScratchFolder() else { return false }
        return (try? RamDisk(at: scratch.path + "/try", kilobytes: 100)) != nil
    }()

    init(at path: String, kilobytes: Int) throws {
        self.path = path
        guard mkdir(path, 0o700) == 0, mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k,mode=700") == 0 else {
            throw StoreError.failed("mount a disk at \(path)", cause: StateFolder.reason(errno))
        }
    }

    func remountReadOnly() throws {
        let (remount, only): (UInt, UInt) = (32, 1)
        guard mount("tmpfs", path, "tmpfs", remount | only, nil) == 0 else {
            throw StoreError.failed("remount \(path)", cause: StateFolder.reason(errno))
        }
    }

    deinit { umount2(path, 2) }
}
