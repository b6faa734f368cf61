import ShipitCore

/// Looks for the shortest course that still breaks the same invariant: fewer moves, then fewer stages, then plainer ones.
package struct Shrinker {
    package private(set) var scenario: Scenario
    private let invariant: Invariant
    private var triesLeft: Int

    /// - Parameter scenario: with its moves, as the failed simulation made them.
    package init(_ scenario: Scenario, breaking invariant: Invariant, tries: Int = 4000) {
        self.scenario = scenario
        self.invariant = invariant
        triesLeft = tries
    }

    package mutating func shrink() {
        var size: Int
        repeat {
            size = measure
            shrinkMoves()
            shrinkStages()
            simplifyStages()
        } while measure < size && triesLeft > 0
    }

    private var measure: Int { (scenario.moves?.count ?? 0) + 10 * scenario.plan.stages.count }

    private mutating func shrinkMoves() {
        var piece = max(1, (scenario.moves ?? []).count / 2)
        while true {
            var start = 0
            while let moves = scenario.moves, start < moves.count {
                var fewer = scenario
                fewer.moves!.removeSubrange(start..<min(start + piece, moves.count))
                if !keep(fewer) { start += piece }
            }
            if piece == 1 { return }
            piece /= 2
        }
    }

    private mutating func shrinkStages() {
        for name in scenario.plan.stages.map(\.name).reversed() where scenario.plan.stages.count > 1 {
            var fewer = scenario
            fewer.plan.stages.removeAll { $0.name == name }
            for index in fewer.plan.stages.indices {
                fewer.plan.stages[index].needs.removeAll { $0 == name }
                if fewer.plan.stages[index].reversible == .untilContract(name) {
                    fewer.plan.stages[index].reversible = .yes
                }
            }
            if fewer.plan.monitor?.from == name { fewer.plan.monitor!.from = nil }
            _ = keep(fewer)
        }
        var plainer = scenario
        plainer.plan.monitor = nil
        if scenario.plan.monitor != nil { _ = keep(plainer) }
        plainer = scenario
        plainer.plan.approvals = nil
        if scenario.plan.approvals != nil { _ = keep(plainer) }
    }

    private mutating func simplifyStages() {
        let simpler: [(inout PlannedStage) -> Void] = [
            { $0.finally = nil }, { $0.rollbackCheck = nil }, { $0.deadline = nil }, { $0.timeout = .hours(1) },
            { $0.retry = RetryPolicy() },
            { $0.needs = [] }, { $0.undo = .none }, { $0.skipped = false }, { $0.group = nil },
            { $0.reversible = .yes }, { $0.perform = ActionCall(action: "run") },
        ]
        for index in scenario.plan.stages.indices {
            for simplify in simpler {
                var plainer = scenario
                simplify(&plainer.plan.stages[index])
                if plainer.plan.stages[index].group == nil { plainer.plan.stages[index].groupLimit = nil }
                if plainer.plan != scenario.plan { _ = keep(plainer) }
            }
        }
    }

    /// Takes it for the shortest so far if it breaks the same.
    private mutating func keep(_ candidate: Scenario) -> Bool {
        guard triesLeft > 0 else { return false }
        triesLeft -= 1
        var simulation = Simulation(candidate)
        do throws(Violation) {
            try simulation.run()
            return false
        } catch {
            guard error.invariant == invariant else { return false }
            scenario = candidate
            return true
        }
    }
}

/// A failure, made as short as it gets, for somebody who has to mend it.
package struct FailedRun {
    package let violation: Violation
    package let text: String

    package init(_ simulation: Simulation, _ violation: Violation) {
        self.violation = violation
        var scenario = simulation.scenario
        scenario.moves = scenario.moves ?? simulation.moves
        var shrinker = Shrinker(scenario, breaking: violation.invariant)
        shrinker.shrink()
        var shortest = Simulation(shrinker.scenario, keepsTranscript: true)
        var last = violation
        do throws(Violation) { try shortest.run() } catch { last = error }
        text = """
            \(violation.text)
            seed \(scenario.seed) plays it again: make simulate SEED=\(scenario.seed)
            the shortest history that still fails, \(shrinker.scenario.moves?.count ?? 0) moves (of \
            \(scenario.moves?.count ?? 0)): \(last.text)
            \(shrinker.scenario.plan.summary)
            \(shortest.transcript.joined(separator: "\n"))
            """
    }
}
