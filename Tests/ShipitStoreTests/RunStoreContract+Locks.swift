import Foundation
import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@testable import ShipitStore

extension RunStoreContract {
    static let locks: [RunStoreContract] = [
        RunStoreContract("a free lock is taken with a new epoch, and epochs only grow") { open in
            let store = try open()
            var last = Epoch(0)
            for id in ["r1", "r2", "r3"] as [RunID] {
                let epoch = try store.begin(Sample.run(id))
                #expect(epoch > last)
                let state = try #require(try open().lock(of: "production"))
                #expect(state.run == id)
                #expect(state.epoch == epoch)
                #expect(state.holder == (try Holder.current()))
                #expect(!state.holderIsDead)
                #expect(!state.dirty)
                try store.releaseLock(environment: "production", epoch: epoch, dirty: false)
                #expect(try store.lock(of: "production") == nil)
                last = epoch
            }
        },
        RunStoreContract("another run is refused and told who has the lock") { open in
            let store = try open()
            _ = try store.begin(Sample.run("r1"))
            let held = try #require(try store.lock(of: "production"))
            #expect(
                try open().takeLock(environment: "production", run: "r2", holder: .current()) == .refused(held))
            let other = try open().takeLock(environment: "staging", run: "r3", holder: .current())
            #expect(other == .taken(Epoch(1)))
        },
        RunStoreContract("a process may take the lock of its run again, which fences its earlier self") { open in
            let store = try open()
            let first = try store.begin(Sample.run("r1"))
            let answer = try open().takeLock(environment: "production", run: "r1", holder: .current())
            guard case .taken(let second) = answer else {
                Issue.record("refused: \(answer)")
                return
            }
            #expect(second > first)
            #expect(throws: StoreError.self) {
                try store.releaseLock(environment: "production", epoch: first, dirty: false)
            }
            #expect(try store.lock(of: "production")?.epoch == second)
        },
        RunStoreContract("a holder that lives is never pushed aside; a dead one's run is taken over") { open in
            let process = try OtherProcess()
            var first: (any RunStore)? = try open()
            let old = try #require(try first?.begin(Sample.run("r1"), holder: process.holder))
            // Whatever lock of the system stands behind it ends with the process, which the test can only play.
            first = nil
            let store = try open()
            guard
                case .refused(let alive) = try store.takeLock(environment: "production", run: "r1", holder: .current())
            else {
                Issue.record("a living holder was pushed aside")
                return
            }
            #expect(!alive.holderIsDead)
            #expect(alive.holder == process.holder)
            process.kill()
            let others = try store.takeLock(environment: "production", run: "r2", holder: .current())
            guard case .refused(let dead) = others else {
                Issue.record("another run took a dead holder's lock")
                return
            }
            #expect(dead.holderIsDead)
            #expect(dead.run == "r1")
            let answer = try store.takeLock(environment: "production", run: "r1", holder: .current())
            #expect(answer == .taken(Epoch(old.number + 1)))
        },
        RunStoreContract("death is proven by another boot or another start time, never across hosts") { open in
            var elsewhere = try Holder.current()
            elsewhere.host = "another-host.example"
            elsewhere.pid = 1_999_999_999
            elsewhere.bootID = "11111111-2222-3333-4444-555555555555"
            var rebooted = try Holder.current()
            rebooted.bootID = elsewhere.bootID
            var reused = try Holder.current()
            reused.startTime += 1
            for (holder, isDead) in [(elsewhere, false), (rebooted, true), (reused, true)] {
                let environment = "env-\(holder.host)-\(holder.bootID.prefix(4))-\(holder.startTime)"
                // The store that took it goes away, and with it any lock of the system.
                _ = try open().begin(Sample.run(RunID(environment), environment: environment), holder: holder)
                #expect(try open().lock(of: environment)?.holderIsDead == isDead)
                let answer = try open().takeLock(
                    environment: environment, run: RunID(environment), holder: .current())
                if case .taken = answer { #expect(isDead) } else { #expect(!isDead) }
            }
        },
        RunStoreContract("a dirty environment is closed to all but the run that left it so") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            try store.releaseLock(environment: "production", epoch: epoch, dirty: true)
            #expect(try store.lock(of: "production")?.dirty == true)
            guard
                case .refused(let state) = try store.takeLock(environment: "production", run: "r2", holder: .current())
            else {
                Issue.record("another run was let into a dirty environment")
                return
            }
            #expect(state.dirty)
            #expect(state.run == "r1")
            let again = try open().takeLock(environment: "production", run: "r1", holder: .current())
            #expect(again == .taken(Epoch(epoch.number + 1)))
            #expect(try store.lock(of: "production")?.dirty == true)
        },
        RunStoreContract("a lock that is taken away fences its living holder, and is kept for its run") { open in
            let process = try OtherProcess()
            let holding = try open()
            let old = try holding.begin(Sample.run("r1"), holder: process.holder)
            let store = try open()
            let lock = try #require(try store.lock(of: "production"))
            let events: [RunEvent] = [
                .operatorActed(OperatorAct(.unlock, by: "bob", why: "gone home")), .interrupted(reason: "unlocked"),
            ]
            let summary = RunSummaryState(state: .interrupted)
            #expect(throws: StoreError.conflict(run: "r1", expected: 0, found: 1)) {
                try store.revokeLock(
                    lock, by: .current(), recording: events, after: 0, at: Sample.start, summary: summary, dirty: true)
            }
            let epoch = try store.revokeLock(
                lock, by: .current(), recording: events, after: 1, at: Sample.start, summary: summary, dirty: true)
            #expect(epoch > old)
            #expect(throws: StoreError.self) {
                try holding.append(
                    Sample.events(1), to: "r1", at: Sample.start, epoch: old, after: 3,
                    summary: RunSummaryState(state: .running))
            }
            #expect(throws: StoreError.self) {
                try holding.releaseLock(environment: "production", epoch: old, dirty: false)
            }
            #expect(try store.entries(of: "r1", after: 1).map(\.event) == events)
            #expect(try store.lock(of: "production")?.holderIsDead == true)
            // Once more, and it has changed hands.
            #expect(throws: StoreError.self) {
                try store.revokeLock(
                    lock, by: .current(), recording: [], after: 3, at: Sample.start, summary: summary, dirty: true)
            }
            if case .taken = try open().takeLock(environment: "production", run: "r2", holder: .current()) {
                Issue.record("another run was let in")
            }
            // Although the old holder still lives, and has its lock of the system.
            let answer = try store.takeLock(environment: "production", run: "r1", holder: .current())
            #expect(answer == .taken(Epoch(epoch.number + 1)))
            withExtendedLifetime(holding) {}
        },
        RunStoreContract("a run that says it has the lock is recorded only if it has") { open in
            let store = try open()
            let run = Sample.run("r1")
            guard
                case .taken(let epoch) = try store.takeLock(environment: "production", run: "r1", holder: .current())
            else { return }
            let lock = try #require(try store.lock(of: "production"))
            let next = try open().revokeLock(
                lock, by: .current(), recording: [], after: 0, at: Sample.start,
                summary: RunSummaryState(state: .waiting), dirty: false)
            #expect(next > epoch)
            #expect(throws: StoreError.self) {
                try store.create(run, events: [.lockTaken(epoch: epoch, holder: .current())], at: Sample.start)
            }
            #expect(try store.run("r1") == nil)
            #expect(try store.lock(of: "production") == nil)
        },
        RunStoreContract("a lock left by a run that had ended well keeps nobody out") { open in
            let process = try OtherProcess()
            let run = Sample.run("r1")
            var first: (any RunStore)? = try open()
            let epoch = try #require(try first?.begin(run, holder: process.holder))
            _ = try first?.append(
                [.runFinished(outcome: .succeeded, reason: nil)], to: "r1", at: Sample.start, epoch: epoch, after: 1,
                summary: RunSummaryState(state: .finished, outcome: .succeeded, finishedAt: Sample.start))
            first = nil
            let store = try open()
            if case .taken = try store.takeLock(environment: "production", run: "r2", holder: .current()) {
                Issue.record("its holder still lives")
            }
            process.kill()
            #expect(try store.lock(of: "production") == nil)
            let answer = try store.takeLock(environment: "production", run: "r2", holder: .current())
            #expect(answer == .taken(Epoch(epoch.number + 1)))
        },
        RunStoreContract("a lock whose holder was killed before it recorded its run keeps nobody out") { open in
            let process = try OtherProcess()
            let first = try open().takeLock(environment: "production", run: "r1", holder: process.holder)
            #expect(first == .taken(Epoch(1)))
            let store = try open()
            #expect(try store.lock(of: "production")?.run == "r1")
            process.kill()
            #expect(try store.lock(of: "production") == nil)
            let answer = try store.takeLock(environment: "production", run: "r2", holder: .current())
            #expect(answer == .taken(Epoch(2)))
        },
        RunStoreContract("of sixteen who want the lock at once, one has it") { open in
            let stores = try (0..<16).map { _ in try open() }
            let inside = Mutex(0)
            let taken = Mutex(0)
            let rounds = 40
            let holder = try Holder.current()
            DispatchQueue.concurrentPerform(iterations: stores.count) { worker in
                for round in 0..<rounds {
                    do {
                        let answer = try stores[worker].takeLock(
                            environment: "production", run: RunID("r\(worker)-\(round)"), holder: holder)
                        guard case .taken(let epoch) = answer else { continue }
                        #expect(
                            inside.withLock {
                                $0 += 1; return $0
                            } == 1)
                        taken.withLock { $0 += 1 }
                        inside.withLock { $0 -= 1 }
                        try stores[worker].releaseLock(environment: "production", epoch: epoch, dirty: false)
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            let last = try open().takeLock(environment: "production", run: "last", holder: holder)
            #expect(last == .taken(Epoch(Int64(taken.withLock { $0 }) + 1)))
        },
        RunStoreContract("of eight who resume one run at once, one goes on writing") { open in
            let process = try OtherProcess()
            _ = try open().begin(Sample.run("r1"), holder: process.holder)
            process.kill()
            let stores = try (0..<8).map { _ in try open() }
            let written = Mutex<[Int]>([])
            DispatchQueue.concurrentPerform(iterations: stores.count) { worker in
                do {
                    // Each plays a process of its own, whose start time nobody else has.
                    let process = try OtherProcess()
                    let answer = try stores[worker].takeLock(
                        environment: "production", run: "r1", holder: process.holder)
                    guard case .taken(let epoch) = answer else { return }
                    _ = try stores[worker].append(
                        Sample.events(1), to: "r1", at: Sample.start, epoch: epoch, after: 1,
                        summary: RunSummaryState(state: .running))
                    written.withLock { $0.append(worker) }
                    withExtendedLifetime(process) {}
                } catch {
                    Issue.record("\(error)")
                }
            }
            #expect(written.withLock(\.count) == 1)
            #expect(try open().entries(of: "r1", after: 0).count == 2)
        },
    ]
}
