import ShipitCore

extension Invariants {
    // MARK: Starting

    /// In doubt, and its author asserts that it may be repeated.
    func isRepeatable(_ attempt: AttemptID) -> Bool {
        let stage = planned[attempt.stage]!
        switch attempt.part {
        case .perform: return stage.onInterrupt == .rerun
        case .undo:
            if case .call(let call) = stage.undo { return call.action != "run" }
            return stage.perform.action != "run"
        case .finally: return stage.finally!.action != "run"
        }
    }

    func mayPerform(_ attempt: AttemptID) throws(Violation) {
        let stage = planned[attempt.stage]!
        let isBoundBack = isRollingBack || wasAskedBack || isCancelled || hasBreached || isAbandoned
        try demand(!isBoundBack, "\(attempt.text) though the run is bound back")
        try demand(!stages[stage.name]!.isSkipped, "\(attempt.text) though it is skipped")
        for need in stage.needs {
            try demand(stages[need]!.isSatisfied, "\(attempt.text) before \(need), which it needs")
        }
        for other in plan.stages where isExhausted(other.name, .perform) && !stages[other.name]!.isSkipped {
            throw Violation(what: "\(attempt.text) though \(other.name) has failed")
        }
        if let group = stage.group, let limit = stage.groupLimit {
            let running = inFlight.filter { $0.part == .perform && planned[$0.stage]!.group == group }
            try demand(running.count < limit, "\(attempt.text) is one more than the limit of its group")
        }
    }

    func mayUndo(_ attempt: AttemptID) throws(Violation) {
        let stage = planned[attempt.stage]!
        try demand(isRollingBack, "\(attempt.text) without a rollback")
        try demand(stages[stage.name]!.hasStarted, "\(attempt.text) of a stage that never started")
        try demand(!stages[stage.name]!.isLeft, "\(attempt.text) past its point of no return")
        try demand(needsUndo(stage), "\(attempt.text), which declares no way back")
        for other in inFlight { try demand(other.part == .undo, "\(attempt.text) while \(other.text) runs") }
        for dependent in above[stage.name] ?? [] where isToBeUndone(planned[dependent]!) {
            try demand(isUndoOver(dependent), "\(attempt.text) before the undo of \(dependent), which needs it")
        }
    }

    func mayFinish(_ attempt: AttemptID) throws(Violation) {
        try demand(stages[attempt.stage]!.hasStarted, "\(attempt.text) of a stage that never started")
        try demand(inFlight.isEmpty, "\(attempt.text) while \(inFlight) run")
        if isRollingBack {
            for stage in plan.stages where isToBeUndone(stage) {
                try demand(isUndoOver(stage.name), "\(attempt.text) before the undo of \(stage.name)")
            }
        } else if hasChanged {
            for stage in plan.stages {
                try demand(stages[stage.name]!.isSatisfied, "\(attempt.text) before \(stage.name) is through")
            }
        }
    }

    // MARK: Ending

    mutating func finished(_ outcome: Outcome) throws(Violation) {
        try demand(inFlight.isEmpty, "the end while \(inFlight) run")
        if isRollingBack, !isAbandoned {
            for stage in plan.stages where isToBeUndone(stage) {
                try demand(isUndoOver(stage.name), "the end before the undo of \(stage.name)")
            }
        }
        switch outcome {
        case .succeeded:
            try demand(
                !isRollingBack && !hasBreached && !isCancelled && !wasAskedBack && !isAbandoned,
                "succeeded though it was bound back")
            for stage in plan.stages {
                try demand(stages[stage.name]!.isSatisfied, "succeeded without \(stage.name)")
            }
            try demand(areFinallysDone, "succeeded with a finally that was not")
        case .rolledBack:
            try demand(isRollingBack && isAllUndone, "rolled back, and something is not undone")
            try demand(declaresWayBack || !hasChanged, "rolled back with no way back")
        case .rollbackFailed: try demand(isRollingBack && !isAllUndone, "rollback failed, and all is undone")
        case .refused: try demand(!hasChanged && areFinallysDone, "refused, and something changed")
        case .cancelled: try demand(isCancelled && !wasAskedBack, "cancelled, and nobody cancelled it")
        case .failed:
            let isWithoutWayBack = hasChanged && !declaresWayBack && isRollingBack
            try demand(isAbandoned || isWithoutWayBack || !areFinallysDone, "failed, and there is no reason")
        case .superseded: break
        }
        self.outcome = outcome
    }

    /// Invariant 7, computed from this model alone.
    var exitCode: Int32 {
        switch outcome {
        case nil: 6
        case .succeeded, .superseded: 0
        case .refused: 3
        case .rolledBack: wasAskedBack ? 0 : 4
        case .cancelled: isAllUndone && (declaresWayBack || !hasChanged) ? 4 : 5
        case .failed, .rollbackFailed: 5
        }
    }

    // MARK: Where things stand

    func isExhausted(_ name: StageName, _ part: Part) -> Bool {
        let model = stages[name]!.parts[part]!
        guard !model.inFlight, let last = model.last, last.verdict == .failed || last.verdict == .timedOut else {
            return false
        }
        let retry = planned[name]!.retry
        return model.failures >= retry.attempts || !last.retryable
            || !retry.covers(verdict: last.verdict, exit: last.exit)
    }

    /// Succeeded, or failed for good.
    private func isUndoOver(_ name: StageName) -> Bool {
        let undo = stages[name]!.parts[.undo]!
        return !undo.inFlight
            && (undo.succeeded || isExhausted(name, .undo) || undo.last?.verdict == .cancelled)
    }

    private func needsUndo(_ stage: PlannedStage) -> Bool {
        switch stage.undo {
        case .none, .nothing: false
        case .action, .call: true
        }
    }

    private func isToBeUndone(_ stage: PlannedStage) -> Bool {
        needsUndo(stage) && stages[stage.name]!.hasStarted && !stages[stage.name]!.isLeft
    }

    private var isAllUndone: Bool {
        areFinallysDone
            && plan.stages.allSatisfy { stage in
                guard stages[stage.name]!.hasStarted else { return true }
                return !stages[stage.name]!.isLeft
                    && (!needsUndo(stage) || stages[stage.name]!.parts[.undo]!.succeeded)
            }
    }

    private var areFinallysDone: Bool {
        plan.stages.allSatisfy { stage in
            stage.finally == nil || !stages[stage.name]!.hasStarted || stages[stage.name]!.parts[.finally]!.succeeded
        }
    }

    private var hasChanged: Bool { plan.stages.contains { $0.changes && stages[$0.name]!.hasStarted } }

    private var declaresWayBack: Bool {
        plan.stages.contains { $0.changes && stages[$0.name]!.hasStarted && $0.undo != .none }
    }
}
