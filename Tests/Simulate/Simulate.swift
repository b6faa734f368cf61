import Foundation
import Simulator

/// `simulate RUNS` tries that many seeds and prints what happened; `simulate seed N` plays one and prints all of it.
@main struct Simulate {
    static func main() async {
        let words = CommandLine.arguments.dropFirst()
        if words.count == 2, words.first == "seed", let seed = words.last.flatMap({ UInt64($0) }) {
            exit(replay(seed))
        }
        guard words.count <= 1, let runs = UInt64(words.first ?? "2000"), runs > 0 else {
            print("usage: simulate [RUNS] | simulate seed N")
            exit(2)
        }
        exit(await simulate(runs))
    }

    private static func simulate(_ runs: UInt64) async -> Int32 {
        let clock = ContinuousClock()
        let start = clock.now
        let campaign = await Campaign.run(seeds: 1...runs)
        let seconds = (clock.now - start).components.seconds
        for report in campaign.reports { print(report + "\n") }
        print(
            "simulated runs \(campaign.coverage.runs) (seeds 1 to \(runs)), failures \(campaign.failures.count), \(seconds) s"
        )
        print(campaign.coverage.table)
        let missing = campaign.coverage.missing
        if !missing.isEmpty { print("never happened: \(missing)") }
        if !campaign.failures.isEmpty { print("failed seeds: \(campaign.failures.prefix(20))") }
        return campaign.failures.isEmpty ? 0 : 1
    }

    private static func replay(_ seed: UInt64) -> Int32 {
        var simulation = Simulation(Scenario(seed: seed), keepsTranscript: true)
        var failure: FailedRun?
        do throws(Violation) { try simulation.run() } catch { failure = FailedRun(simulation, error) }
        print(simulation.scenario.summary)
        for line in simulation.transcript { print(line) }
        if let failure { print("\n" + failure.text) }
        return failure == nil ? 0 : 1
    }
}
