import Testing

struct NeverHappened: Error, CustomStringConvertible {
    var what: String
    var description: String { "this did not happen: \(what)" }
}

/// Waits until the condition holds: bounded, so that what never happens is a failure and not a hang.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}
