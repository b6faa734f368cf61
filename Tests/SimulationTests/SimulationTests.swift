import Foundation
import Simulator
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Simulated runs` {
    @Test func `keep every invariant, and everything that is meant to happen does`() async {
        let campaign = await Campaign.run(seeds: 1...2000)
        for report in campaign.reports { Issue.record("\(report)") }
        #expect(campaign.failures == [])
        #expect(campaign.coverage.runs == 2000)
        #expect(campaign.coverage.missing == [], "the simulator has grown blind to it")
        print("simulated runs \(campaign.coverage.runs)\n\(campaign.coverage.table)")
    }
}
