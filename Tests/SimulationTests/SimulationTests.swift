import Foundation
import ShipitCore
import Testing

private let settings = ProcessInfo.processInfo.environment
/// `SHIPIT_SIMULATE_RUNS=200000` for a night, `SHIPIT_SIMULATE_SEED=17` for one run again.
private let runs = settings["SHIPIT_SIMULATE_RUNS"].flatMap { UInt64($0) } ?? 2000
private let replayed = settings["SHIPIT_SIMULATE_SEED"].flatMap { UInt64($0) }

@Suite(.timeLimit(.minutes(runs > 2000 ? 600 : 1)))
struct `Simulated runs` {
    @Test func `keep every invariant through crashes, power cuts, interrupts and people`() {
        var failures = 0
        for seed in replayed.map({ $0...$0 }) ?? 1...runs {
            var simulation = Simulation(seed: seed)
            do throws(Violation) {
                try simulation.run()
                if replayed != nil { print(simulation.history) }
            } catch {
                failures += 1
                if failures > 3 { continue }
                Issue.record(
                    """
                    \(error.what)
                    SHIPIT_SIMULATE_SEED=\(seed) plays it again:
                    \(simulation.plan.summary)
                    \(simulation.history)
                    """)
            }
        }
        #expect(failures == 0, "\(failures) of \(runs) runs")
    }
}

extension Plan {
    var summary: String {
        stages.map { stage in
            "\(stage.name) needs \(stage.needs) undo \(stage.undo) retry \(stage.retry.attempts) \(stage.onInterrupt) "
                + "\(stage.onExhausted) \(stage.reversible) changes \(stage.changes) finally \(stage.finally != nil)"
                + (stage.skipped ? " skipped" : "") + (stage.groupLimit.map { " at most \($0)" } ?? "")
        }.joined(separator: "\n")
    }
}
