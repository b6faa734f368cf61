import ShipitCore
import Synchronization
import Testing

@testable import ShipitEngine

@Suite(.timeLimit(.minutes(1)))
struct `A letter to the conductor` {
    /// Whether it became durable, as its sender was told; `nil` for nothing heard.
    private final class Sender: Sendable {
        let told = Mutex<Bool?>(nil)
    }

    @Test func `that lies there when the conductor leaves is answered`() {
        let mailbox = Mailbox()
        let sender = Sender()
        mailbox.post(.tick) { durable in sender.told.withLock { $0 = durable } }
        mailbox.close()
        #expect(sender.told.withLock { $0 } == false)
        #expect(mailbox.take(waitingAtMost: 0).isEmpty)
    }

    @Test func `that comes too late is answered at once`() {
        let mailbox = Mailbox()
        let sender = Sender()
        mailbox.close()
        mailbox.post(.tick) { durable in sender.told.withLock { $0 = durable } }
        #expect(sender.told.withLock { $0 } == false)
    }
}
