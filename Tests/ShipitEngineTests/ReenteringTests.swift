import ShipitCore
import ShipitEngine
import Synchronization
import Testing

@Suite("An attempt that is taken up again", .timeLimit(.minutes(1)))
struct ReenteringTests {
    /// Runs stage `a` until its end cannot be recorded any more, as if the engine had been killed just then.
    private func interrupted(_ workshop: Workshop) async throws -> MemoryStore {
        let isKilled = Mutex(false)
        let store = MemoryStore { events throws(StoreError) in
            for case .attemptFinished in events where !isKilled.withLock({ $0 }) {
                isKilled.withLock { $0 = true }
                throw .fenced(by: nil)
            }
        }
        let engine = try workshop.begin(["a"], store: store)
        await #expect(throws: EngineError.fenced(by: nil)) { try await engine.drive() }
        return store
    }

    private static let command: Workshop.Work = { context throws(ActionError) in
        let end = try await context.services.command(
            CommandRequest(argv: ["deploy"], directory: context.workdir), step: nil)
        guard end == .exited(0) else { throw .command(end, what: "deploy") }
        return [:]
    }

    @Test func `asks for its command under the same key`() async throws {
        let workshop = try Workshop(work: Self.command)
        let store = try await interrupted(workshop)

        let state = try await workshop.takeUp(store: store).drive()

        #expect(state.outcome == .succeeded)
        #expect(workshop.commands.all == ["r1/a/1", "r1/a/1"])
    }

    @Test func `after a restart of the machine is in doubt where nothing is on record, and runs nothing`() async throws
    {
        let workshop = try Workshop(work: Self.command)
        let store = try await interrupted(workshop)

        let state = try await workshop.takeUp(store: store, boot: "another boot").drive()

        #expect(workshop.commands.all == ["r1/a/1"])
        #expect(state.outcome == nil)
        #expect(state.pausedReason?.contains("nobody knows how a ended") == true)
        #expect(store.isHeld)
    }

    @Test func `gets the results of its finished steps instead of doing them again`() async throws {
        let done = Mutex(0)
        let workshop = try Workshop { context throws(ActionError) in
            let result = try await context.services.step("one") { () throws(ActionError) in
                "result \(done.withLock { count -> Int in count += 1; return count })"
            }
            return ["result": result]
        }
        let store = try await interrupted(workshop)

        let state = try await workshop.takeUp(store: store).drive()

        #expect(done.withLock { $0 } == 1)
        #expect(state["a"]?.outputs == ["result": "result 1"])
    }

    @Test func `keeps secrets out of the journal, whatever its action says`() async throws {
        let workshop = try Workshop(secrets: ["key": "s3cret-value"]) { context throws(ActionError) in
            throw .failedForGood("the server says: bad key s3cret-value")
        }
        let store = MemoryStore()

        _ = try await workshop.begin(["a"], store: store).drive()

        let reasons = store.events.compactMap { event -> String? in
            guard case .attemptFinished(let attempt, let result) = event, attempt.part == .perform else { return nil }
            return result.reason
        }
        #expect(reasons == ["the server says: bad key ***"])
    }
}
