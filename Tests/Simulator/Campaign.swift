import ShipitCore

/// Many simulated runs, and what came of them.
package struct Campaign: Sendable {
    package var coverage = Coverage()
    package var failures: [UInt64] = []
    /// The first few, shrunk.
    package var reports: [String] = []

    /// Each seed is a run of its own, on as many threads as there are.
    package static func run(seeds: ClosedRange<UInt64>) async -> Campaign {
        await withTaskGroup(of: Campaign.self) { group in
            let piece: UInt64 = 250
            for start in stride(from: seeds.lowerBound, through: seeds.upperBound, by: Int(piece)) {
                group.addTask { runHere(seeds: start...min(start + piece - 1, seeds.upperBound)) }
            }
            var all = Campaign()
            for await one in group { all.add(one) }
            all.failures.sort()
            return all
        }
    }

    private static func runHere(seeds: ClosedRange<UInt64>) -> Campaign {
        var campaign = Campaign()
        for seed in seeds {
            var simulation = Simulation(Scenario(seed: seed))
            do throws(Violation) {
                try simulation.run()
            } catch {
                campaign.failures.append(seed)
                if campaign.reports.isEmpty { campaign.reports.append(FailedRun(simulation, error).text) }
            }
            campaign.coverage.add(simulation.coverage)
        }
        return campaign
    }

    private mutating func add(_ other: Campaign) {
        coverage.add(other.coverage)
        failures += other.failures
        reports += other.reports.prefix(max(0, 3 - reports.count))
    }
}
