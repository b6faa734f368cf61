import Synchronization
import Testing

/// The shell around the core, with its threads: fewer runs, the same invariants.
@Suite(.timeLimit(.minutes(4)))
struct `The real conductor` {
    @Test func `keeps every invariant when appends fail, processes die and others take over`() async throws {
        var counts: [String: Int] = [:]
        try await withThrowingTaskGroup(of: (UInt64, [String], [String: Int]).self) { group in
            var seeds = (UInt64(1)...200).makeIterator()
            func next() {
                guard let seed = seeds.next() else { return }
                group.addTask {
                    let simulation = try ConductorSimulation(seed: seed)
                    let violations = try await simulation.play()
                    return (seed, violations, simulation.world.state.withLock { $0.counts })
                }
            }
            for _ in 0..<12 { next() }
            while let (seed, violations, more) = try await group.next() {
                #expect(violations == [], "seed \(seed)")
                counts.merge(more, uniquingKeysWith: +)
                next()
            }
        }
        let happened = [
            "lost", "durable", "crashBefore", "crashAfter", "killed", "overtaken", "fenced", "stopped", "succeeded",
            "rolled-back", "cancelled",
        ]
        for what in happened { #expect(counts[what, default: 0] > 0, "\(what) never happened") }
        print("conductor: \(counts)")
    }
}
