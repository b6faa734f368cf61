import ShipitCore

/// What may start, and when.
extension Invariants {
    /// In doubt, and its author asserts that it may be repeated.
    func isRepeatable(_ attempt: AttemptID) -> Bool {
        let stage = planned[attempt.stage]!
        switch attempt.part {
        case .perform: return stage.onInterrupt == .rerun
        case .undo:
            if case .call(let call) = stage.undo { return call.action != "run" }
            return stage.perform.action != "run"
        case .finally: return stage.finally!.action != "run"
        case .rollbackCheck: return true
        }
    }

    /// Whether a stage's turn may have come.
    func mayGoOn(_ stage: PlannedStage, _ what: String) throws(Violation) {
        let isBoundBack = isRollingBack || wasAskedBack || isCancelled || hasBreached || isAbandoned
        try demand(.rules, !isBoundBack, "\(what) though the run is bound back")
        try demand(.rules, !stages[stage.name]!.isSkipped, "\(what) though it is skipped")
        try demand(.monitoring, !isRefusedByBaseline, "\(what) though there is nothing to compare with")
        try demand(.monitoring, !hasControlMoved, "\(what) though a control has moved")
        for need in stage.needs {
            try demand(.intent, stages[need]!.isSatisfied, "\(what) before \(need), which it needs")
        }
        for other in plan.stages where isExhausted(other.name, .perform) && !stages[other.name]!.isSkipped {
            throw Violation(.rules, "\(what) though \(other.name) has failed")
        }
    }

    func mayPerform(_ attempt: AttemptID) throws(Violation) {
        let stage = planned[attempt.stage]!
        try mayGoOn(stage, attempt.text)
        try demand(.rules, stage.hold == nil, "\(attempt.text), which only waits")
        if stage.changes, plan.monitor?.baseline != nil {
            try demand(.monitoring, baseline.taken != nil, "\(attempt.text) changes something before the baseline")
        }
        if let group = stage.group, let limit = stage.groupLimit {
            let running = inFlight.filter { $0.part == .perform && planned[$0.stage]!.group == group }
            try demand(.rules, running.count < limit, "\(attempt.text) is one more than the limit of its group")
        }
    }

    func mayUndo(_ attempt: AttemptID) throws(Violation) {
        let stage = planned[attempt.stage]!
        try demand(.rollback, isRollingBack, "\(attempt.text) without a rollback")
        try demand(.rollback, stages[stage.name]!.hasStarted, "\(attempt.text) of a stage that never started")
        try demand(.rollback, !stages[stage.name]!.isLeft, "\(attempt.text) past its point of no return")
        try demand(.rollback, needsUndo(stage), "\(attempt.text), which declares no way back")
        for other in inFlight { try demand(.rollback, other.part == .undo, "\(attempt.text) while \(other.text) runs") }
        for dependent in above[stage.name] ?? [] where isToBeUndone(planned[dependent]!) {
            try demand(
                .rollback, isUndoOver(dependent), "\(attempt.text) before the undo of \(dependent), which needs it")
        }
    }

    /// Once everything is undone and put right, of the one stage that has it.
    func mayCheckRollback(_ attempt: AttemptID) throws(Violation) {
        try demand(.rollback, planned[attempt.stage]!.rollbackCheck != nil, "\(attempt.text), which nobody asked for")
        try demand(.rollback, isRollingBack && hasChanged && declaresWayBack, "\(attempt.text) without a rollback")
        try demand(.rollback, inFlight.isEmpty, "\(attempt.text) while \(inFlight) run")
        try demand(.rollback, isAllUndone, "\(attempt.text) before all is undone")
    }

    func mayFinish(_ attempt: AttemptID) throws(Violation) {
        try demand(.rules, stages[attempt.stage]!.hasStarted, "\(attempt.text) of a stage that never started")
        try demand(.rules, inFlight.isEmpty, "\(attempt.text) while \(inFlight) run")
        if isRollingBack {
            for stage in plan.stages where isToBeUndone(stage) {
                try demand(.rollback, isUndoOver(stage.name), "\(attempt.text) before the undo of \(stage.name)")
            }
        } else if hasChanged {
            for stage in plan.stages {
                try demand(.rules, stages[stage.name]!.isSatisfied, "\(attempt.text) before \(stage.name) is through")
            }
        }
    }
}
