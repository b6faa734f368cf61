public import ShipitCore

/// The engine's time. Within one engine it never jumps, whatever happens to the machine's clock.
public protocol EngineClock: Sendable {
    var now: Instant { get }
    func sleep(_ span: TimeSpan) async throws
}
