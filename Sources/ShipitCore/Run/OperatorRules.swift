extension RunState {
    /// Why a person's wish cannot be granted as the run stands; `nil` when it can.
    public func refusal(of act: OperatorAct) -> String? {
        switch act.kind {
        case .cancel:
            if outcome != nil { return "the run has ended already" }
            return rollbackReason == nil ? nil : "the run is rolling back already"
        case .rollback:
            if outcome == .refused { return "nothing of this run is to be undone: it was refused before any change" }
            return isRollingBack ? "the run is rolling back already" : nil
        case .abandon: return abandonedBy == nil ? nil : "the run has been abandoned already"
        case .skip(let name): return refusalOfSkip(name)
        case .retry(let name):
            guard let stage = self[name] else { return noStage(name) }
            if outcome != nil || rollbackReason != nil { return "the run no longer goes forward" }
            return stage.perform.phase == .failed ? nil : "stage \(name) has not failed"
        case .answer(let name, _):
            guard let stage = self[name] else { return noStage(name) }
            let isAsked = Part.allParts.contains { stage[$0].phase == .unknown }
            return isAsked ? nil : "nobody asks how stage \(name) ended"
        }
    }

    private var isRollingBack: Bool { rollbackReason != nil && outcome == nil }

    private func refusalOfSkip(_ name: StageName) -> String? {
        guard let stage = self[name] else { return noStage(name) }
        if outcome != nil || rollbackReason != nil { return "the run no longer goes forward" }
        switch stage.perform.phase {
        case .pending, .waiting, .failed: return nil
        case .running: return "stage \(name) is running"
        case .unknown, .interrupted: return "stage \(name) has started: answer with --stage \(name)=done instead"
        case .succeeded, .cancelled, .none: return "stage \(name) is over"
        }
    }

    private func noStage(_ name: StageName) -> String { "the run has no stage \(name)" }
}
