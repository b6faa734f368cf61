import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

@Suite(.timeLimit(.minutes(3)))
struct SQLiteStoreTests {
    @Test(arguments: RunStoreContract.clauses)
    func `the store on SQLite keeps the contract`(_ clause: RunStoreContract) throws {
        let scratch = try ScratchFolder()
        try clause.check { try SQLiteStore(folder: scratch.state) }
    }

    @Test func `reading creates nothing, and without a folder there are no runs`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(readingFolder: scratch.state)
        #expect(try store.runs(matching: nil, environment: nil, limit: 10).isEmpty)
        #expect(try store.run("r1") == nil)
        #expect(try store.lock(of: "production") == nil)
        #expect(try store.takeRequests(of: "r1").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: scratch.state))
        #expect(throws: StoreError.failed("record the run r1", cause: "the state folder is open for reading only")) {
            try store.create(Sample.run("r1"), events: [], at: Sample.start)
        }
    }

    @Test func `a reader sees what a writer does meanwhile`() throws {
        let scratch = try ScratchFolder()
        let writer = try SQLiteStore(folder: scratch.state)
        let epoch = try writer.begin(Sample.run("r1"))
        let reader = try SQLiteStore(readingFolder: scratch.state)
        #expect(try reader.entries(of: "r1", after: 0).count == 1)
        _ = try writer.append(
            Sample.events(2), to: "r1", at: Sample.start, epoch: epoch, after: 1,
            summary: RunSummaryState(state: .running))
        #expect(try reader.entries(of: "r1", after: 1).count == 2)
        #expect(try reader.lock(of: "production")?.holderIsDead == false)
    }

    @Test func `a lock given back is free although a copy of its file is still open elsewhere`() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path + "/environment.lock"
        var lock = try LockFile.take(path, mode: 0o600)
        // As a process has it between being forked and becoming its program.
        let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { name -> Int32? in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            guard target == path, let number = Int32(name) else { return nil }
            return dup(number)
        }
        #expect(!copies.isEmpty)
        #expect(try LockFile.isTaken(path))
        lock = nil
        #expect(try !LockFile.isTaken(path))
        withExtendedLifetime(lock) {}
        for copy in copies { close(copy) }
    }

    @Test func `who seems dead by its number alone but keeps the system's lock is alive`() throws {
        let scratch = try ScratchFolder()
        // As a process of another pid namespace looks from here.
        var stranger = try Holder.current()
        stranger.startTime += 1
        var first: SQLiteStore? = try SQLiteStore(folder: scratch.state)
        _ = try first?.begin(Sample.run("r1"), holder: stranger)
        let second = try SQLiteStore(folder: scratch.state)
        let refused = try second.takeLock(environment: "production", run: "r1", holder: .current())
        guard case .refused(let state) = refused else {
            Issue.record("taken from a living process")
            return
        }
        #expect(!state.holderIsDead)
        first = nil
        let answer = try second.takeLock(environment: "production", run: "r1", holder: .current())
        #expect(answer == .taken(Epoch(2)))
    }

    @Test func `a command left running doesn't inherit the lock`() throws {
        let scratch = try ScratchFolder()
        var store: SQLiteStore? = try SQLiteStore(folder: scratch.state)
        var stranger = try Holder.current()
        stranger.startTime += 1
        _ = try store?.begin(Sample.run("r1"), holder: stranger)
        let leftover = try OtherProcess()
        store = nil
        let answer = try SQLiteStore(folder: scratch.state).takeLock(
            environment: "production", run: "r1", holder: .current())
        #expect(answer == .taken(Epoch(2)))
        withExtendedLifetime(leftover) {}
    }

    @Test(arguments: ["v1.0_eu-west", "...", "a%b", "../escape", "ναι", String(repeating: "x", count: 64)])
    func `any name of an environment has a lock of its own inside the folder`(_ environment: String) throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        let answer = try store.takeLock(environment: environment, run: "r1", holder: .current())
        #expect(answer == .taken(Epoch(1)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.state + "/locks").count == 1)
    }

    @Test func `this process is known by its number, start time and boot`() throws {
        let holder = try Holder.current()
        #expect(holder.pid == Int(getpid()))
        #expect(holder.startTime > 0)
        #expect(holder.bootID.count == 36)
        #expect(!holder.host.isEmpty)
        #expect(!holder.user.isEmpty)
        #expect(!holder.isProvenDead)
        #expect(ProcessLife.of(Int(Int32.max)) == .gone)
    }
}
