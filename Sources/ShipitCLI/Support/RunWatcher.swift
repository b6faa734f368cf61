import ShipitCore
import ShipitEngine

/// Looks on while another process drives a run.
struct RunWatcher {
    let store: any RunStore
    let progress: any Progress

    private static let beat = TimeSpan.milliseconds(200)

    /// Reads on until `isEnough`, or nobody drives the run any more.
    func watch(_ reading: inout RunReading, until isEnough: (RunState) -> Bool) async throws {
        let clock = SystemClock()
        defer { progress.finish() }
        while true {
            // First the lock, then the journal: what an engine wrote before it gave the lock back is seen.
            try reading.lookAtLock(in: store)
            let entries = try reading.readOn(in: store)
            if !entries.isEmpty { progress.took(entries, state: reading.state, rules: [], now: clock.now) }
            progress.tick(now: clock.now, lastLines: [:])
            if isEnough(reading.state) || !reading.isHeld { return }
            try await clock.sleep(Self.beat)
        }
    }
}
