import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

/// What is damaged is refused with its place; never believed, never repaired, never replaced.
@Suite(.timeLimit(.minutes(3)))
struct DamageTests {
    @Test func `a file that is no database is refused and left as it is`() throws {
        let scratch = try ScratchFolder()
        _ = try SQLiteStore(folder: scratch.state)
        let garbage = Data("precious, but no database".utf8) + Data(repeating: 7, count: 9000)
        try overwrite(scratch.database, garbage)
        let expected = StoreError.unusable(
            path: scratch.database, reason: "it is not a database; nothing was changed")
        #expect(throws: expected) { try SQLiteStore(folder: scratch.state) }
        #expect(throws: expected) { try SQLiteStore(readingFolder: scratch.state) }
        #expect(FileManager.default.contents(atPath: scratch.database) == garbage)
    }

    @Test func `another program's database is refused and left as it is`() throws {
        let scratch = try ScratchFolder()
        let original = try recorded(in: scratch)
        var other = original
        other.replaceSubrange(68..<72, with: [0, 0, 0, 9])
        try overwrite(scratch.database, other)
        let expected = StoreError.unusable(
            path: scratch.database, reason: "it is a database, but not one of shipit's; nothing was changed")
        #expect(throws: expected) { try SQLiteStore(folder: scratch.state) }
        #expect(throws: expected) { try SQLiteStore(readingFolder: scratch.state) }
        #expect(FileManager.default.contents(atPath: scratch.database) == other)
    }

    @Test func `a newer version's database is refused with both versions`() throws {
        let scratch = try ScratchFolder()
        var newer = try recorded(in: scratch)
        newer.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        try overwrite(scratch.database, newer)
        let expected = StoreError.version(found: 99, known: Schema.known)
        #expect(throws: expected) { try SQLiteStore(folder: scratch.state) }
        #expect(throws: expected) { try SQLiteStore(readingFolder: scratch.state) }
        #expect(FileManager.default.contents(atPath: scratch.database) == newer)
    }

    @Test func `an empty file, left by a crash while it was made, becomes a database`() throws {
        let scratch = try ScratchFolder()
        _ = try SQLiteStore(folder: scratch.state)
        try overwrite(scratch.database, Data())
        #expect(try SQLiteStore(readingFolder: scratch.state).runs(matching: nil, environment: nil, limit: 1).isEmpty)
        _ = try SQLiteStore(folder: scratch.state).begin(Sample.run("r1"))
    }

    @Test func `an intact journal is found in order, with a head to remember`() throws {
        let scratch = try ScratchFolder()
        _ = try recorded(in: scratch)
        let audit = try SQLiteStore(readingFolder: scratch.state).verifyChain(of: "r1")
        #expect((audit.run, audit.events, audit.head.count) == ("r1", 6, 64))
        #expect(throws: StoreError.failed("find the run nosuch", cause: "there is no such run")) {
            try SQLiteStore(readingFolder: scratch.state).verifyChain(of: "nosuch")
        }
    }

    @Test func `a changed byte in an event names the last good one`() throws {
        let scratch = try ScratchFolder()
        var bytes = try recorded(in: scratch)
        let place = try #require(bytes.range(of: Data("marker-4".utf8)))
        bytes[place.lowerBound] = UInt8(ascii: "M")
        try overwrite(scratch.database, bytes)
        let store = try SQLiteStore(readingFolder: scratch.state)
        let expected = StoreError.damaged(run: "r1", lastGood: 3, reason: "event 4 is not what was recorded")
        #expect(throws: expected) { try store.entries(of: "r1", after: 0) }
        #expect(throws: expected) { try store.verifyChain(of: "r1") }
        #expect(try store.goodEntries(of: "r1", through: 3).map(\.sequence) == [1, 2, 3])
        // What comes after is still chained to what was recorded.
        #expect(try store.entries(of: "r1", after: 4).map(\.sequence) == [5, 6])
        #expect(FileManager.default.contents(atPath: scratch.database) == bytes)
    }

    @Test func `a changed byte in a plan is found`() throws {
        let scratch = try ScratchFolder()
        var bytes = try recorded(in: scratch)
        let place = try #require(bytes.range(of: Data("cp app.db backups/".utf8), options: .backwards))
        bytes[place.lowerBound] = UInt8(ascii: "r")
        try overwrite(scratch.database, bytes)
        let store = try SQLiteStore(readingFolder: scratch.state)
        let expected = StoreError.damaged(
            run: "r1", lastGood: 0, reason: "the run's plan is not what was recorded")
        #expect(throws: expected) { try store.plan(of: "r1") }
        #expect(throws: expected) { try store.verifyChain(of: "r1") }
    }

    @Test func `no changed byte anywhere is ever believed`() throws {
        let scratch = try ScratchFolder()
        let original = try recorded(in: scratch)
        let truth = try view(scratch)
        // A prime step, so that over the pages every place of a page is met.
        for place in stride(from: 0, to: original.count, by: 97) {
            var bytes = original
            bytes[place] ^= place.isMultiple(of: 2) ? 0x01 : 0x15
            try overwrite(scratch.database, bytes)
            let seen: View
            do { seen = try view(scratch) } catch is StoreError { continue }
            #expect(seen == truth, "byte \(place)")
        }
    }

    /// What a person would believe.
    private struct View: Equatable {
        var runs: [RunRecord]
        var live: RunRecord?
        var plan: Plan?
        var entries: [JournalEntry]
        var locks: [LockState?]
    }

    private func view(_ scratch: ScratchFolder) throws -> View {
        let store = try SQLiteStore(readingFolder: scratch.state)
        try store.verifyChain(of: "r1")
        return View(
            runs: try store.runs(matching: nil, environment: nil, limit: 10),
            live: try store.liveRun(pipeline: "deploy", environment: "production"), plan: try store.plan(of: "r1"),
            entries: try store.entries(of: "r1", after: 0),
            locks: [try store.lock(of: "production"), try store.lock(of: "staging")])
    }

    /// Two runs, one of them still going on, in a closed database.
    /// - Returns: the file's bytes.
    private func recorded(in scratch: ScratchFolder) throws -> Data {
        do {
            let store = try SQLiteStore(folder: scratch.state)
            let epoch = try store.begin(Sample.run("r1"))
            let marked: [RunEvent] = (2...5).map { .paused(reason: "marker-\($0)") }
            _ = try store.append(
                marked, to: "r1", at: Sample.start, epoch: epoch, after: 1, summary: RunSummaryState(state: .paused))
            try store.finish(Sample.run("r1"), .succeeded, epoch: epoch)
            _ = try store.begin(Sample.run("r2", environment: "staging"))
        }
        try #require(!FileManager.default.fileExists(atPath: scratch.database + "-wal"))
        return try #require(FileManager.default.contents(atPath: scratch.database))
    }

    private func overwrite(_ path: String, _ bytes: Data) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }
}
