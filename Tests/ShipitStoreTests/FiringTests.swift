import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

@Suite(.timeLimit(.minutes(3)))
struct FiringTests {
    private static let key = FiringKey(entry: "deploy/nightly", nominal: "2026-01-12 02:00")
    private static let at = Sample.start

    private func run(_ id: RunID, for key: FiringKey = key, dryRun: Bool = false) -> NewRun {
        var run = Sample.run(id, dryRun: dryRun)
        run.created.firing = key
        return run
    }

    @Test func `a time is taken once, whoever asks`() throws {
        let scratch = try ScratchFolder()
        let stores = try (0..<2).map { _ in try SQLiteStore(folder: scratch.state) }

        #expect(try stores[0].claim(Self.key, at: Self.at, by: .current(), now: Self.at))
        #expect(try !stores[1].claim(Self.key, at: Self.at, by: .current(), now: Self.at))
        #expect(try !stores[1].note(Self.key, at: Self.at, .skipped, "why", now: Self.at))

        let other = FiringKey(entry: "deploy/weekly", nominal: Self.key.nominal)
        #expect(try stores[1].claim(other, at: Self.at, by: .current(), now: Self.at))
    }

    @Test func `what a dead process has taken can be taken again, unless it has begun a run`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        let dead = try Sample.holder(pid: Int(getpid()), startTime: 1)
        #expect(try store.claim(Self.key, at: Self.at, by: dead, now: Self.at))
        #expect(try store.firings(of: nil, limit: 9).first?.holderIsDead == true)
        #expect(try store.claim(Self.key, at: Self.at, by: dead, now: Self.at))

        try store.create(run("r1"), events: [.runCreated(run("r1").created)], at: Self.at)

        #expect(try !store.claim(Self.key, at: Self.at, by: .current(), now: Self.at))
        #expect(try store.firings(of: "deploy/nightly", limit: 9).map(\.run) == ["r1"])
    }

    @Test func `one time has one run, whoever creates it`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        #expect(throws: StoreError.self) { try store.create(run("r0"), events: [], at: Self.at) }
        #expect(try store.claim(Self.key, at: Self.at, by: .current(), now: Self.at))
        try store.create(run("r1"), events: [], at: Self.at)

        #expect(throws: StoreError.self) { try store.create(run("r2"), events: [], at: Self.at) }
        #expect(throws: StoreError.self) {
            try store.record(
                dryRun: run("r3", dryRun: true),
                events: [(.runCreated(run("r3", dryRun: true).created), Self.at)])
        }

        #expect(try store.runs(matching: nil, environment: nil, limit: 9).map(\.created.run) == ["r1"])
    }

    @Test func `what came of a time is kept, and what waits or is lost is told apart`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        #expect(try store.note(Self.key, at: Self.at, .queued, "run r1 has not ended", now: Self.at))
        #expect(try store.firings(of: nil, limit: 9).map(\.state) == [.queued])
        #expect(try store.claim(Self.key, at: Self.at, by: .current(), now: Self.at))

        try store.settle(Self.key, "outside its windows", exitCode: 3, now: Self.at)

        let settled = try #require(try store.firings(of: nil, limit: 9).first)
        #expect(settled.state == .settled)
        #expect(settled.exitCode == 3)
        #expect(settled.words == "outside its windows")
        #expect(settled.at == Self.at)
        try store.giveUp(Self.key, "gone", now: Self.at)
        #expect(try store.firings(of: nil, limit: 9).map(\.state) == [.settled])
    }

    @Test func `the newest times come first`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        for day in 1...3 {
            let key = FiringKey(entry: "deploy/nightly", nominal: "2026-01-0\(day) 02:00")
            #expect(try store.note(key, at: Self.at + .hours(Int64(24 * day)), .missed, "", now: Self.at))
        }

        let newest = try store.firings(of: "deploy/nightly", limit: 2)

        #expect(newest.map(\.key.nominal) == ["2026-01-03 02:00", "2026-01-02 02:00"])
        #expect(try SQLiteStore(readingFolder: scratch.state).firings(of: "deploy/weekly", limit: 2).isEmpty)
    }

    @Test func `an entry is looked at from where the last look ended, by any process`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        #expect(try store.lastLook(at: "deploy/nightly", as: "0 2 * * * UTC", now: Self.at) == Self.at)
        try store.look(at: "deploy/nightly", until: Self.at + .hours(1))

        let later = try SQLiteStore(folder: scratch.state)

        #expect(
            try later.lastLook(at: "deploy/nightly", as: "0 2 * * * UTC", now: Self.at + .hours(9))
                == Self.at + .hours(1))
    }

    @Test func `an entry that runs at other times begins anew, and so does one whose clock was set back`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        _ = try store.lastLook(at: "deploy/nightly", as: "0 2 * * * UTC", now: Self.at)

        let changed = Self.at + .hours(9)
        #expect(try store.lastLook(at: "deploy/nightly", as: "0 3 * * * UTC", now: changed) == changed)
        let back = Self.at - .hours(24)
        #expect(try store.lastLook(at: "deploy/nightly", as: "0 3 * * * UTC", now: back) == back)
    }

    @Test func `a dry-run is recorded whole, holds no lock and is not live`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        let run = Sample.run("d1", dryRun: true)
        let comparison = DryRunComparison(
            previous: "d0", changes: [.init(path: "release.tag", before: "v1", after: "v2")])
        let end = Self.at + .seconds(3)

        try store.record(
            dryRun: run,
            events: [
                (.runCreated(run.created), Self.at), (.dryRunCompared(comparison), end),
                (.runFinished(outcome: .succeeded, reason: nil), end),
            ])

        let record = try #require(try store.run("d1"))
        #expect(record.summary.outcome == .succeeded)
        #expect(record.startedAt == Self.at)
        #expect(record.summary.finishedAt == end)
        #expect(try store.entries(of: "d1", after: 0).map(\.at) == [Self.at, end, end])
        #expect(try store.lastDryRun(pipeline: "deploy", environment: "production")?.created.run == "d1")
        #expect(try store.lastDryRun(pipeline: "other", environment: "production") == nil)
        #expect(try store.lock(of: "production") == nil)
        #expect(try store.liveRun(pipeline: "deploy", environment: "production") == nil)
    }
}
