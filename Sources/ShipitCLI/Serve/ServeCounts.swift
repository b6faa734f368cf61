import ShipitCore
import Synchronization

/// What the services of `serve` tell of themselves to whoever asks over HTTP.
final class ServeCounts: Sendable {
    struct Values: Sendable {
        var startedAt: Instant
        /// Of the monotonic clock: when the scheduler last looked at the clock.
        var lastTurn: ContinuousClock.Instant?
        /// Why its last turn failed; `nil` where it did not.
        var trouble: String?
        var turns = 0
        var begun: [String: Int] = [:]
        var missed: [String: Int] = [:]
        var skipped: [String: Int] = [:]
        var resumed = 0
        var next: [String: Instant] = [:]
        var unreadable: [String] = []
    }

    private let values: Mutex<Values>

    init(startedAt: Instant) { values = Mutex(Values(startedAt: startedAt)) }

    func update(_ body: (inout sending Values) -> Void) { values.withLock { body(&$0) } }
    var now: Values { values.withLock { $0 } }
}
