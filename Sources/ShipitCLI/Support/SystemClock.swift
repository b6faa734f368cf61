import Foundation
import ShipitCore
import ShipitEngine

/// The machine's time as of this process's start, carried on by the clock that never jumps.
struct SystemClock: EngineClock {
    private let beganAt: Instant
    private let began = ContinuousClock.now

    init() { beganAt = Self.wallTime }

    var now: Instant { beganAt + Self.span(ContinuousClock.now - began) }

    func sleep(_ span: TimeSpan) async throws {
        guard span > .zero else { return try Task.checkCancellation() }
        try await Task.sleep(for: .milliseconds(span.milliseconds), clock: .continuous)
    }

    /// What the machine's clock says now.
    static var wallTime: Instant { Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded())) }

    private static func span(_ duration: Duration) -> TimeSpan {
        let (seconds, attoseconds) = duration.components
        return TimeSpan(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
