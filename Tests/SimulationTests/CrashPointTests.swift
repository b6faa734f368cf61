import ShipitCore
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(3)))
struct `An engine killed at every append and between every append and effect` {
    /// The supervisor lives on, so nothing is in doubt, and nobody has to be asked.
    @Test func `leaves a run that ends as if nothing had happened`() throws {
        var points = 0
        for seed in UInt64(1)...120 {
            var scenario = Scenario(seed: seed, moves: [])
            // A monitor begins anew with every engine, and may then see another weather.
            scenario.plan.monitor = nil
            // A deadline is longer by the time from the last event to the kill: what nobody drives uses up none of it.
            for place in scenario.plan.stages.indices { scenario.plan.stages[place].deadline = nil }
            var undisturbed = Simulation(scenario)
            try undisturbed.run()
            for point in stride(from: 1, through: undisturbed.boundaries, by: 1) {
                var killed = Simulation(scenario, crashAt: point)
                do throws(Violation) {
                    try killed.run()
                    #expect(killed.ending == undisturbed.ending, "seed \(seed), killed at \(point)")
                } catch {
                    Issue.record("seed \(seed), killed at \(point): \(error.text)")
                }
                points += 1
            }
        }
        #expect(points > 1500)
    }

    /// The baseline is taken anew until it is durable, and never after; whoever comes then goes by it.
    @Test func `with a baseline before the first change ends as if nothing had happened, too`() throws {
        var points = 0
        for seed in UInt64(1)...60 {
            var scenario = Scenario(seed: seed, moves: [])
            var monitor = RandomPlan.make(seed: seed, monitored: true).monitor!
            monitor.baseline = BaselinePolicy(.seconds(20))
            monitor.minSamples = 3
            scenario.plan.monitor = monitor
            for place in scenario.plan.stages.indices { scenario.plan.stages[place].deadline = nil }
            func course(crashAt: Int?) -> Simulator.Simulation {
                var simulation = Simulator.Simulation(scenario, crashAt: crashAt)
                simulation.metrics.weather = .good
                return simulation
            }
            var undisturbed = course(crashAt: nil)
            try undisturbed.run()
            for point in 1...max(1, undisturbed.boundaries) {
                var killed = course(crashAt: point)
                do throws(Violation) {
                    try killed.run()
                    #expect(killed.ending == undisturbed.ending, "seed \(seed), killed at \(point)")
                } catch {
                    Issue.record("seed \(seed), killed at \(point): \(error.text)")
                }
                points += 1
            }
        }
        #expect(points > 500)
    }
}
