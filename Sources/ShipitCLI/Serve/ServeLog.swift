import ShipitCore

/// What `serve` says: a line each, with its time, on standard error, where a service manager keeps it.
struct ServeLog: Sendable {
    func say(_ words: String) {
        Streams().progress("\(SystemClock.wallTime) \(SafeText.joined(words))\n")
    }
}
