extension RunState {
    /// Why a person's wish cannot be granted as the run stands; `nil` when it can.
    public func refusal(of act: OperatorAct) -> String? {
        if isUnbegun, act.kind != .cancel {
            return "the run waits for people and has not begun: only cancel ends it"
        }
        switch act.kind {
        case .cancel:
            if outcome != nil { return "the run has ended already" }
            return isBoundBack ? "the run is rolling back already" : nil
        case .rollback: return refusalOfRollback
        // Of the lock, whatever the run itself is at.
        case .unlock: return nil
        case .supersede: return refusalOfSupersession
        case .abandon:
            if abandonedBy != nil { return "the run has been abandoned already" }
            return outcome == nil || ExitCode.of(self) == 5 ? nil : "the run has ended, and nothing of it is left open"
        case .skip(let name): return refusalOfSkip(name)
        case .retry(let name):
            guard let stage = self[name] else { return noStage(name) }
            if !goesForward { return "the run no longer goes forward" }
            if planned(name)?.hold != nil { return "stage \(name) only waits: there is nothing to try again" }
            switch stage.perform.phase {
            case .failed, .cancelled: return nil
            case .pending, .running, .waiting, .held, .succeeded, .interrupted, .unknown, .none:
                return "stage \(name) has not failed"
            }
        case .answer(let name, _):
            guard let position = index[name] else { return noStage(name) }
            return outcome == nil && askedPart(position) != nil ? nil : "nobody asks how stage \(name) ended"
        }
    }

    private var refusalOfRollback: String? {
        if outcome == .refused { return "nothing of this run is to be undone: it was refused before any change" }
        if outcome == .cancelled, !stages.contains(where: \.hasStarted) {
            return "nothing of this run is to be undone: it was cancelled before any stage had started"
        }
        if abandonedBy != nil { return "the run has been abandoned" }
        if isBoundBack { return "the run is rolling back already" }
        return outcome == .rolledBack ? "everything of this run has been undone already" : nil
    }

    private var refusalOfSupersession: String? {
        if outcome != nil { return "the run has ended already" }
        if openBreach != nil { return "a breach is in its journal: it brings the old release back" }
        return onlyMonitors ? nil : "the run does more than monitor"
    }

    /// Whether the run is being undone, or will be as soon as what runs has ended.
    private var isBoundBack: Bool { outcome == nil && (rollbackReason != nil || rollbackWasAskedFor) }

    /// Whether stages may still start.
    private var goesForward: Bool {
        outcome == nil && rollbackReason == nil && !rollbackWasAskedFor && cancelledBy == nil && abandonedBy == nil
            && openBreach == nil && !finallyStages.contains { stages[$0].finally.hasStarted }
    }

    private func refusalOfSkip(_ name: StageName) -> String? {
        guard let stage = self[name] else { return noStage(name) }
        if !goesForward { return "the run no longer goes forward" }
        if case .approval? = planned(name)?.hold { return "stage \(name) is an approval: it is signed or rejected" }
        switch stage.perform.phase {
        case .pending, .waiting, .held, .failed, .cancelled: return nil
        case .running: return "stage \(name) is running"
        case .unknown, .interrupted: return "stage \(name) has started: answer with --stage \(name)=done instead"
        case .succeeded, .none: return "stage \(name) is over"
        }
    }

    private func noStage(_ name: StageName) -> String { "the run has no stage \(name)" }
}
