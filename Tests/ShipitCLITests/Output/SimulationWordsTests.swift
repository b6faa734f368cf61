import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct SimulationWordsTests {
    let words: SimulationWords = {
        let plan = Story.plan(monitor: Story.monitor)
        return SimulationWords(plan: plan, digest: "sha256:9f", cases: Simulation(plan, jobs: 2).cases())
    }()

    @Test func `every case has a row, and those that end in 5 are named once more`() {
        let endingIn5 = words.cases.filter { $0.worst.exitCode == 5 }
        #expect(!endingIn5.isEmpty)
        for found in words.cases { #expect(words.text.contains(TroubleWords(found).text)) }
        #expect(words.text.contains("\(endingIn5.count) cases end in 5"))
        #expect(words.text.contains("fails, and its undo: migrate"))
    }

    @Test func `JSON says of each case the stage, the trouble and the exit code`() throws {
        let text = words.json.compact
        #expect(text.contains(#""stage":"migrate","source":null,"trouble":"undoFails""#))
        #expect(text.contains(#""trouble":"machineDies""#))
    }
}
