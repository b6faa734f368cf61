internal import Foundation
internal import ShipitCore

/// What happened to a run since the conductor last looked, in order. Posting never waits.
final class Mailbox: @unchecked Sendable {
    // `@unchecked`: everything below is touched with `condition` locked.
    private let condition = NSCondition()
    private var letters: [Letter] = []
    private var isClosed = false

    /// A happening, and who waits for it to be durable.
    struct Letter: Sendable {
        var happening: Happening
        var whenDurable: (@Sendable (Bool) -> Void)?
    }

    func post(_ happening: Happening, whenDurable: (@Sendable (Bool) -> Void)? = nil) {
        condition.lock()
        let comesTooLate = isClosed
        if !comesTooLate { letters.append(Letter(happening: happening, whenDurable: whenDurable)) }
        condition.signal()
        condition.unlock()
        if comesTooLate { whenDurable?(false) }
    }

    /// Nobody will take a letter any more: whoever waits for one to be durable, now or later, hears that it never will be.
    func close() {
        condition.lock()
        isClosed = true
        let left = letters
        letters = []
        condition.unlock()
        for letter in left { letter.whenDurable?(false) }
    }

    /// All that has come, as soon as there is something or `seconds` have passed.
    func take(waitingAtMost seconds: Double) -> [Letter] {
        condition.lock()
        defer { condition.unlock() }
        if letters.isEmpty, seconds > 0 { _ = condition.wait(until: Date(timeIntervalSinceNow: seconds)) }
        defer { letters.removeAll(keepingCapacity: true) }
        return letters
    }
}
