import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@Suite("The journal comes first", .timeLimit(.minutes(1)))
struct JournalFirstTests {
    @Test func `nothing begins before the event that says so is durable`() async throws {
        let workshop = try Workshop()
        let tooEarly = Mutex<[String]>([])
        let begun = workshop.begun
        let store = MemoryStore { events in
            for case .attemptStarted(let attempt) in events {
                // As long as a slow disk takes: whoever doesn't wait for it has begun by then.
                if begun.contains(attempt.stage.text, within: 0.3) {
                    tooEarly.withLock { $0.append(attempt.stage.text) }
                }
            }
        }

        let state = try await workshop.begin(["a", "b", "c"], store: store).drive()

        #expect(state.outcome == .succeeded)
        #expect(begun.all == ["a", "b", "c"])
        #expect(tooEarly.withLock { $0 } == [])
    }

    @Test func `after an append that failed nothing begins, and the engine stops and says so`() async throws {
        let workshop = try Workshop()
        let failure = StoreError.failed("append to the journal of r1", cause: "disk I/O error")
        let store = MemoryStore { events throws(StoreError) in
            for case .attemptFinished in events { throw failure }
        }

        let conductor = try workshop.begin(["a", "b"], store: store)

        await #expect(throws: EngineError.journal(failure)) { try await conductor.drive() }
        #expect(workshop.begun.all == ["a"])
        // Whoever comes next finds a run that has not ended, in an environment that is its own.
        #expect(store.events.last == .attemptStarted(AttemptID(stage: "a", number: 1)))
        #expect(store.isHeld)
    }

    @Test func `an engine whose environment was taken over stops at its next append`() async throws {
        let workshop = try Workshop()
        let store = MemoryStore { events throws(StoreError) in
            for case .attemptFinished in events { throw .fenced(by: nil) }
        }

        let conductor = try workshop.begin(["a", "b"], store: store)

        await #expect(throws: EngineError.fenced(by: nil)) { try await conductor.drive() }
        #expect(workshop.begun.all == ["a"])
    }

    @Test func `who takes a run up is on record before anything else`() async throws {
        let workshop = try Workshop()
        let isBroken = Mutex(true)
        let store = MemoryStore { events throws(StoreError) in
            for case .attemptFinished in events where isBroken.withLock({ $0 }) { throw .fenced(by: nil) }
        }
        let first = try workshop.begin(["a", "b"], store: store)
        await #expect(throws: EngineError.fenced(by: nil)) { try await first.drive() }
        let before = store.events.count

        isBroken.withLock { $0 = false }
        let state = try await workshop.takeUp(store: store).drive()

        #expect(state.outcome == .succeeded)
        guard case .resumed(let epoch, let holder) = store.events[before] else {
            Issue.record("it began with \(store.events[before])")
            return
        }
        #expect(epoch == Epoch(2))
        #expect(holder.user == "ana")
        #expect(!store.isHeld && !store.isDirty)
    }
}
