import Foundation
import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@testable import ShipitStore

/// What every `RunStore` keeps, whatever it is made of. A store passes by running each clause with a way to open it: every
/// call of `open` gives another connection to the same state, which begins empty.
struct RunStoreContract: Sendable, CustomTestStringConvertible {
    typealias Opening = () throws -> any RunStore

    let testDescription: String
    let check: @Sendable (Opening) throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (Opening) throws -> Void) {
        testDescription = description
        self.check = check
    }

    static let clauses = journal + requests + lists + samples + outbox + RunStoreContract.locks
}

// MARK: - The journal

extension RunStoreContract {
    static let journal: [RunStoreContract] = [
        RunStoreContract("a run is found again as it was recorded") { open in
            let run = Sample.run("r1")
            try open().create(run, events: [.runCreated(run.created)], at: Sample.start)
            let store = try open()
            let record = try #require(try store.run("r1"))
            #expect(record.created == run.created)
            #expect((record.root, record.file) == (run.root, run.file))
            #expect(record.startedAt == Sample.start)
            #expect(record.summary == RunSummaryState(state: .waiting))
            #expect(try store.plan(of: "r1") == run.plan)
            #expect(
                try store.entries(of: "r1", after: 0) == [
                    JournalEntry(sequence: 1, at: Sample.start, event: .runCreated(run.created))
                ])
        },
        RunStoreContract("what was never recorded is not found") { open in
            let store = try open()
            #expect(try store.run("nosuch") == nil)
            #expect(try store.plan(of: "nosuch") == nil)
            #expect(try store.entries(of: "nosuch", after: 0).isEmpty)
            #expect(try store.lock(of: "nosuch") == nil)
            #expect(try store.liveRun(pipeline: "deploy", environment: "nosuch") == nil)
        },
        RunStoreContract("an id is recorded once") { open in
            let run = Sample.run("r1")
            try open().create(run, events: [.runCreated(run.created)], at: Sample.start)
            #expect(throws: StoreError.conflict(run: "r1", expected: 0, found: 1)) {
                try open().create(run, events: [.runCreated(run.created)], at: Sample.start)
            }
        },
        RunStoreContract("appended events follow one another without a gap") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            let running = RunSummaryState(state: .running)
            let now = Sample.start + .seconds(1)
            let middle = try store.append(
                Sample.events(3), to: "r1", at: now, epoch: epoch, after: 1, summary: running)
            #expect(middle == 4)
            let last = try store.append(
                [.monitoringStarted], to: "r1", at: now, epoch: epoch, after: middle,
                summary: RunSummaryState(state: .monitoring))
            #expect(last == 5)
            let other = try open()
            #expect(try other.entries(of: "r1", after: 0).map(\.sequence) == [1, 2, 3, 4, 5])
            #expect(
                try other.entries(of: "r1", after: 4)
                    == [JournalEntry(sequence: 5, at: now, event: .monitoringStarted)])
            #expect(try other.entries(of: "r1", after: 5).isEmpty)
            #expect(try other.run("r1")?.summary.state == .monitoring)
            #expect(try other.run("r1")?.lastSequence == 5)
        },
        RunStoreContract("a wish that was taken back is not taken by an engine") { open in
            let store = try open()
            _ = try store.begin(Sample.run("r1"))
            let act = OperatorAct(.cancel, by: "ana")
            try store.request(.act(act), of: "r1", at: Sample.start)
            #expect(try open().withdraw(.act(act), of: "r1"))
            #expect(try store.takeRequests(of: "r1").isEmpty)
            #expect(try !store.withdraw(.act(act), of: "r1"))
        },
        RunStoreContract("a run that waits is appended to without a lock, one word at a time") { open in
            let run = Sample.run("r1")
            let (store, other) = (try open(), try open())
            try store.create(run, events: [.runCreated(run.created)], at: Sample.start)
            let waiting = RunSummaryState(state: .waiting)
            let event = RunEvent.gatePassed(role: "devops", stage: nil)
            #expect(try store.appendWaiting([event], to: "r1", at: Sample.start, after: 1, summary: waiting) == 2)
            #expect(throws: StoreError.conflict(run: "r1", expected: 1, found: 2)) {
                try other.appendWaiting([event], to: "r1", at: Sample.start, after: 1, summary: waiting)
            }
            #expect(try other.entries(of: "r1", after: 0).map(\.sequence) == [1, 2])
        },
        RunStoreContract("once a run has begun, only the holder of its lock appends") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            _ = try store.append(
                Sample.events(1), to: "r1", at: Sample.start, epoch: epoch, after: 1,
                summary: RunSummaryState(state: .running))
            #expect(throws: StoreError.conflict(run: "r1", expected: 2, found: 2)) {
                try store.appendWaiting(
                    [.gatePassed(role: "devops", stage: nil)], to: "r1", at: Sample.start, after: 2,
                    summary: RunSummaryState(state: .waiting))
            }
        },
        RunStoreContract("an append after anything but the journal's end is refused whole") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            for wrong in [0, 2] as [Int64] {
                #expect(throws: StoreError.conflict(run: "r1", expected: wrong, found: 1)) {
                    _ = try store.append(
                        Sample.events(2), to: "r1", at: Sample.start, epoch: epoch, after: wrong,
                        summary: RunSummaryState(state: .running))
                }
            }
            #expect(try store.entries(of: "r1", after: 0).count == 1)
            #expect(try store.run("r1")?.summary.state == .waiting)
        },
        RunStoreContract("an append with another epoch is refused and names who has the lock") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            for wrong in [Epoch(epoch.number - 1), Epoch(epoch.number + 1)] {
                #expect(throws: StoreError.fenced(by: try store.lock(of: "production"))) {
                    _ = try store.append(
                        Sample.events(1), to: "r1", at: Sample.start, epoch: wrong, after: 1,
                        summary: RunSummaryState(state: .running))
                }
            }
            #expect(try store.entries(of: "r1", after: 0).count == 1)
        },
        RunStoreContract("whoever gave the lock back writes no more") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            try store.releaseLock(environment: "production", epoch: epoch, dirty: false)
            #expect(throws: StoreError.fenced(by: nil)) {
                _ = try store.append(
                    Sample.events(1), to: "r1", at: Sample.start, epoch: epoch, after: 1,
                    summary: RunSummaryState(state: .running))
            }
        },
        RunStoreContract("an epoch writes to its own run only") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            try store.create(Sample.run("r2"), events: Sample.events(1), at: Sample.start)
            #expect(throws: StoreError.self) {
                _ = try store.append(
                    Sample.events(1), to: "r2", at: Sample.start, epoch: epoch, after: 1,
                    summary: RunSummaryState(state: .running))
            }
        },
        RunStoreContract("values that JSON has no number for are kept") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            _ = try store.append(
                [.ruleFired(rule: "api.p99 > 1s", observed: .infinity)], to: "r1", at: Sample.start, epoch: epoch,
                after: 1,
                summary: RunSummaryState(state: .monitoring))
            #expect(
                try store.entries(of: "r1", after: 1).first?.event
                    == .ruleFired(rule: "api.p99 > 1s", observed: .infinity))
        },
    ]

    static let requests: [RunStoreContract] = [
        RunStoreContract("requests are taken once, in their order, by the run that they are for") { open in
            let (person, engine) = (try open(), try open())
            for id in ["r1", "r2"] as [RunID] {
                try engine.create(Sample.run(id), events: Sample.events(1), at: Sample.start)
            }
            let acts = [
                OperatorAct(.skip("smoke"), by: "ana", why: "known flake"),
                OperatorAct(.answer("migrate", .done), by: "ben"), OperatorAct(.cancel, by: "ana"),
            ]
            #expect(try engine.takeRequests(of: "r1").isEmpty)
            for act in acts { try person.request(.act(act), of: "r1", at: Sample.start) }
            try person.request(.act(OperatorAct(.rollback, by: "cat")), of: "r2", at: Sample.start)
            #expect(try engine.takeRequests(of: "r1") == acts.map(RunRequest.act))
            #expect(try engine.takeRequests(of: "r1").isEmpty)
            let signOff = SignOff(
                role: "devops", person: "cat", by: "ana", proof: .claimed, planDigest: "sha256:0", stage: "ask")
            try person.request(.approve(signOff), of: "r1", at: Sample.start)
            try person.request(.reject(signOff, why: "not now"), of: "r1", at: Sample.start)
            #expect(try engine.takeRequests(of: "r1") == [.approve(signOff), .reject(signOff, why: "not now")])
            #expect(try person.takeRequests(of: "r2") == [.act(OperatorAct(.rollback, by: "cat"))])
        },
        RunStoreContract("nobody can ask something of a run that doesn't exist") { open in
            #expect(throws: StoreError.self) {
                try open().request(.act(OperatorAct(.cancel, by: "ana")), of: "nosuch", at: Sample.start)
            }
        },
    ]

    // MARK: - Lists

    static let lists: [RunStoreContract] = [
        RunStoreContract("runs are listed newest first, by prefix, environment and number") { open in
            let store = try open()
            // The clock was set back between the second and the third.
            for (index, name) in ["20260112-0130-aaaa", "20260113-0130-aabb", "20260111-0130-abcd"].enumerated() {
                let environment = index == 1 ? "staging" : "production"
                let now = Sample.start + .minutes(index == 2 ? -60 : Int64(index))
                try store.create(Sample.run(RunID(name), environment: environment), events: Sample.events(1), at: now)
            }
            func ids(_ prefix: String?, _ environment: String? = nil, limit: Int = 10) throws -> [String] {
                try store.runs(matching: prefix, environment: environment, limit: limit).map(\.created.run.text)
            }
            #expect(try ids(nil) == ["20260111-0130-abcd", "20260113-0130-aabb", "20260112-0130-aaaa"])
            #expect(try ids(nil, limit: 1) == ["20260111-0130-abcd"])
            #expect(try ids("2026011", "production") == ["20260111-0130-abcd", "20260112-0130-aaaa"])
            #expect(try ids("20260113") == ["20260113-0130-aabb"])
            #expect(try ids("%").isEmpty)
            #expect(try ids("20260113-0130-aabbc").isEmpty)
        },
        RunStoreContract("the live run is the newest that succeeded, dry-runs, rehearsals and undone ones not counted")
        { open in
            let store = try open()
            func live() throws -> RunID? {
                let record = try store.liveRun(pipeline: "deploy", environment: "production")
                return record?.created.run
            }
            func end(_ run: NewRun, _ outcome: Outcome) throws {
                try store.finish(run, outcome, epoch: try store.begin(run))
            }
            #expect(try live() == nil)
            try end(Sample.run("r1"), .succeeded)
            #expect(try live() == "r1")
            try end(Sample.run("r2"), .superseded)
            #expect(try live() == "r2")
            try end(Sample.run("r3"), .rolledBack)
            try end(Sample.run("r4", dryRun: true), .succeeded)
            try end(Sample.run("r8", isRehearsal: true), .succeeded)
            try end(Sample.run("r5", pipeline: "other"), .succeeded)
            try end(Sample.run("r6", environment: "staging"), .succeeded)
            #expect(try live() == "r2")
            let unfinished = try store.begin(Sample.run("r7"))
            #expect(try live() == "r2")
            try store.finish(Sample.run("r7"), .failed, epoch: unfinished)
            #expect(try live() == "r2")
        },
    ]
}
