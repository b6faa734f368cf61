import ShipitCore

/// Operators, who act at the worst time.
extension Simulation {
    /// Something sensible where the run waits for a person; the same for the same seed and question.
    func solution(_ state: RunState, _ round: Int) -> OperatorAct {
        var random = SplitMix64(seed: scenario.seed, for: "answer/\(round)")
        if round > 60 { return OperatorAct(.abandon, by: "ana", why: "enough") }
        for stage in plan.stages {
            let act = OperatorAct(.answer(stage.name, random.pick([.done, .failed, .rerun])), by: "ana")
            if state.refusal(of: act) == nil { return act }
        }
        for _ in 0..<20 {
            let stage = random.pick(plan.stages).name
            let act = OperatorAct(random.pick([.retry(stage), .skip(stage), .rollback, .cancel]), by: "ana")
            if state.refusal(of: act) == nil { return act }
        }
        return OperatorAct(.abandon, by: "ana", why: "nothing else helps")
    }

    /// Sensible or not.
    mutating func randomAct() -> OperatorAct {
        let stage = random.pick(plan.stages).name
        switch random.pick(0...19) {
        case 0: return OperatorAct(.abandon, by: "ana", why: "test")
        case 1...3: return OperatorAct(.cancel, by: "ben")
        case 4...6: return OperatorAct(.rollback, by: "ana")
        case 7...9: return OperatorAct(.skip(stage), by: "ben", why: "test")
        case 10...11: return OperatorAct(.retry(stage), by: "ana")
        case 12...13: return OperatorAct(.supersede, by: "ben", why: "v2 is deployed")
        default: return solution(folded, random.pick(1...30))
        }
    }
}
