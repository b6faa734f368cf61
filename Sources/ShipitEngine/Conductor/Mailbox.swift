internal import Foundation
internal import ShipitCore

/// What happened to a run since the conductor last looked, in order. Posting never waits.
final class Mailbox: @unchecked Sendable {
    // `@unchecked`: everything below is touched with `condition` locked.
    private let condition = NSCondition()
    private var letters: [Letter] = []

    /// A happening, and who waits for it to be durable.
    struct Letter: Sendable {
        var happening: Happening
        var whenDurable: (@Sendable (Bool) -> Void)?
    }

    func post(_ happening: Happening, whenDurable: (@Sendable (Bool) -> Void)? = nil) {
        condition.lock()
        letters.append(Letter(happening: happening, whenDurable: whenDurable))
        condition.signal()
        condition.unlock()
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
