import Foundation
import ShipitCore
import ShipitEngine
import Synchronization
import Testing

/// What the outbox holds is sent beside the run, and never in its way.
@Suite(.timeLimit(.minutes(1)))
struct OutboxSenderTests {
    private static let entry = NotifyEntry(on: [.started, .succeeded], ActionCall(action: "say"))

    @Test func `each message is one call of its action, with what happened, and is delivered once`() async throws {
        let told = Mutex<[NoticeFacts]>([])
        let workshop = try Workshop { context in
            if let notice = context.notice { told.withLock { $0.append(notice) } }
            return [:]
        }
        let store = MemoryStore()
        let state = try await workshop.begin(["a"], notify: [Self.entry], store: store).drive()
        #expect(state.outcome == .succeeded)
        for _ in 0..<2 { await workshop.deliver(store) }
        #expect(told.withLock { $0.map(\.moment) } == [.started, .succeeded])
        #expect(told.withLock { $0.map(\.outcome) } == [nil, .succeeded])
        #expect(try store.outbox(of: "r1").map(\.state) == [.delivered, .delivered])
        #expect(told.withLock { $0.map(\.key) } == (try store.outbox(of: "r1").map(\.key)))
    }

    @Test func `a message that fails is tried again later, with its reason and without the values of secrets`()
        async throws
    {
        let workshop = try Workshop(secrets: ["KEY": "s3cret"]) { context throws(ActionError) in
            if context.notice != nil { throw .failed("no answer to s3cret") }
            return [:]
        }
        let store = MemoryStore()
        _ = try await workshop.begin(["a"], notify: [Self.entry], store: store).drive()
        await workshop.deliver(store)
        let messages = try store.outbox(of: "r1")
        #expect(messages.map(\.state) == [.open, .open])
        #expect(messages.map(\.tries) == [1, 0])
        #expect(messages[0].trouble == "no answer to ***")
    }

    @Test func `what cannot be tried at all counts as a failed try`() async throws {
        let workshop = try Workshop()
        let store = MemoryStore()
        _ = try await workshop.begin(["a"], notify: [Self.entry], store: store).drive()
        await workshop.deliver(store, equip: { () throws(ActionError) in throw .failed("a secret is missing") })
        #expect(try store.outbox(of: "r1").map(\.trouble) == ["failed(\"a secret is missing\")", nil])
    }

    @Test func `one that hangs is waited for only so long, and its commands are ended`() async throws {
        let workshop = try Workshop { context throws(ActionError) in
            guard context.notice != nil else { return [:] }
            while true { try await context.services.sleep(.milliseconds(10)) }
        }
        let store = MemoryStore()
        _ = try await workshop.begin(["a"], notify: [Self.entry], store: store).drive()
        // Comes back only if what hangs does not hold it.
        await workshop.deliver(store, within: .milliseconds(300))
        #expect(try store.outbox(of: "r1").map(\.state) == [.open, .open])
        #expect(try store.outbox(of: "r1").map(\.tries) == [1, 0])
    }

    @Test func `a service sends until it is cancelled`() async throws {
        let workshop = try Workshop()
        let store = MemoryStore()
        let serving = Task { await workshop.sender(store).run() }
        _ = try await workshop.begin(["a"], notify: [Self.entry], store: store).drive()
        // The suite's limit bounds it.
        while try store.outbox(of: "r1").contains(where: { $0.state != .delivered }) {
            try await Task.sleep(for: .milliseconds(10))
        }
        serving.cancel()
        await serving.value
    }
}
