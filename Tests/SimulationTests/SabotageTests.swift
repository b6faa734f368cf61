import Testing

@testable import Simulator

/// The simulator is tried, too: each mistake that an engine could make is found, and its history made short.
@Suite(.timeLimit(.minutes(3)))
struct `A mistake of the engine` {
    @Test(arguments: Sabotage.allCases)
    func `is found within two thousand seeds, and its history made short`(_ sabotage: Sabotage) throws {
        for seed in UInt64(1)...2000 {
            var simulation = Simulation(Scenario(seed: seed, moves: nil, sabotage: sabotage))
            do throws(Violation) {
                try simulation.run()
            } catch {
                #expect(sabotage.breaks.contains(error.invariant), "\(error.text)")
                var failed = simulation.scenario
                failed.moves = simulation.moves
                var shrinker = Shrinker(failed, breaking: error.invariant)
                shrinker.shrink()
                #expect(shrinker.scenario.moves!.count <= 15)
                return
            }
        }
        Issue.record("not found")
    }
}

extension Sabotage {
    /// What it may be known by.
    fileprivate var breaks: Set<Invariant> {
        switch self {
        case .actsOnFailedAppend: [.intent, .journal, .noRepetition, .noProcess]
        case .ignoresTheFence: [.oneEngine, .intent, .journal, .noRepetition, .noProcess]
        case .forgetsKeys: [.intent]
        case .trustsTheLedgerAfterPowerLoss, .repeatsSteps: [.noRepetition]
        case .takesNaNForGood: [.monitoring]
        // Where the end itself is lost, the run ends once more.
        case .losesTheLastEvent: [.journal, .intent, .noRepetition, .rules]
        case .forgetsFailures: [.attempts, .journal]
        }
    }
}
