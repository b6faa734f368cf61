import Foundation
import Glibc
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

@Suite(.timeLimit(.minutes(1)))
struct ReserveTests {
    @Test func `room is kept back for recording a stop, and taken again by the next engine`() throws {
        let scratch = try ScratchFolder()
        _ = try SQLiteStore(folder: scratch.state)
        let folder = try #require(try StateFolder.existing(at: scratch.state))
        #expect(try room(folder) >= Reserve.size)

        #expect(Reserve(in: folder).release())
        #expect(try room(folder) == 0)
        #expect(!Reserve(in: folder).release())

        _ = try SQLiteStore(folder: scratch.state)
        #expect(try room(folder) >= Reserve.size)
    }

    private func room(_ folder: StateFolder) throws -> Int {
        var status = stat()
        try #require(stat(Reserve(in: folder).path, &status) == 0)
        return Int(status.st_blocks) * 512
    }

    @Test(.enabled(if: RamDisk.isPossible, "needs the right to mount"))
    func `a full disk stops the run with what had happened on record, and it goes on when there is room`() throws {
        let scratch = try ScratchFolder()
        let disk = try RamDisk(at: scratch.path + "/disk", kilobytes: 4000)
        let store = try SQLiteStore(folder: disk.path + "/state")
        let epoch = try store.begin(Sample.run("r1"))
        try disk.fill()

        let happened = Sample.events(3)
        #expect(throws: StoreError.failed("append to the journal of r1", cause: "the disk is full")) {
            _ = try store.append(
                happened, to: "r1", at: Sample.start, epoch: epoch, after: 1,
                summary: RunSummaryState(state: .running))
        }
        let recorded = try store.entries(of: "r1", after: 1).map(\.event)
        #expect(recorded == happened + [.interrupted(reason: "the disk is full; nothing more was started")])
        #expect(try store.run("r1")?.summary.state == .interrupted)
        #expect(try store.verifyChain(of: "r1").events == 5)

        try disk.free()
        #expect(
            try store.append(
                happened, to: "r1", at: Sample.start, epoch: epoch, after: 5,
                summary: RunSummaryState(state: .running)) == 8)
    }

    @Test(.enabled(if: RamDisk.isPossible, "needs the right to mount"))
    func `giving back the lock still finds room on a full disk`() throws {
        let scratch = try ScratchFolder()
        let disk = try RamDisk(at: scratch.path + "/disk", kilobytes: 4000)
        let store = try SQLiteStore(folder: disk.path + "/state")
        let epoch = try store.begin(Sample.run("r1"))
        try disk.fill()

        try store.releaseLock(environment: "production", epoch: epoch, dirty: false)
        #expect(try store.lock(of: "production") == nil)
    }

    @Test(.enabled(if: RamDisk.isPossible, "needs the right to mount"))
    func `the end of a run still finds room on a full disk`() throws {
        let scratch = try ScratchFolder()
        let disk = try RamDisk(at: scratch.path + "/disk", kilobytes: 4000)
        let store = try SQLiteStore(folder: disk.path + "/state")
        let epoch = try store.begin(Sample.run("r1"))
        try disk.fill()

        let summary = RunSummaryState(state: .finished, outcome: .succeeded, finishedAt: Sample.start)
        let end: [RunEvent] = [.runFinished(outcome: .succeeded, reason: nil)]
        #expect(try store.append(end, to: "r1", at: Sample.start, epoch: epoch, after: 1, summary: summary) == 2)
        try store.releaseLock(environment: "production", epoch: epoch, dirty: false)
        #expect(try store.lock(of: "production") == nil)
    }
}

extension RamDisk {
    func fill() throws {
        let descriptor = Descriptor(number: open(path + "/filler", O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        try #require(descriptor.number >= 0)
        let page = [UInt8](repeating: 1, count: 4096)
        while write(descriptor.number, page, page.count) == page.count {}
    }

    func free() throws { try FileManager.default.removeItem(atPath: path + "/filler") }
}
