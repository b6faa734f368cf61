import Dispatch
import ShipitCore
import ShipitEngine

/// Shows a run while it goes on. `took` only keeps what it is told, since the engine waits for it; `tick` and `finish`
/// write, on a thread of the command's own, several times a second.
protocol Progress: RunObserver {
    /// - Parameter lastLines: the newest line of output of each running stage.
    func tick(now: Instant, lastLines: [StageName: String])

    /// Shipit's own words about the run, such as what an interrupt does; written at once.
    func say(_ words: String, now: Instant)

    /// The run has ended or is left alone: what is not yet shown is shown, and stays on the screen.
    func finish()
}

extension Progress {
    func refused(_ reason: String) {
        let now = SystemClock.wallTime
        // Told on the conductor's thread, which a terminal that takes nothing must not hold up.
        DispatchQueue.global().async { say("refused: \(reason)", now: now) }
    }
}

/// For runs that nobody watches.
struct SilentProgress: Progress {
    func took(_ entries: [JournalEntry], state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) {}
    func tick(now: Instant, lastLines: [StageName: String]) {}
    func say(_ words: String, now: Instant) {}
    func finish() {}
}
