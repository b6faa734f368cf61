import ShipitCore

/// What a run may come to.
extension Invariants {
    // MARK: Ending

    mutating func finished(_ outcome: Outcome, at now: Instant) throws(Violation) {
        try demand(.noProcess, inFlight.isEmpty, "the end while \(inFlight) run")
        if isRollingBack, !isAbandoned {
            for stage in plan.stages where isToBeUndone(stage) {
                try demand(.rollback, isUndoOver(stage.name), "the end before the undo of \(stage.name)")
            }
        }
        if isRollingBack, !isAbandoned, isAllUndone, hasChanged, declaresWayBack {
            for stage in plan.stages where stage.rollbackCheck != nil {
                let check = stages[stage.name]!.parts[.rollbackCheck]!
                let isOver = check.succeeded || isExhausted(stage.name, .rollbackCheck)
                try demand(.rollback, isOver, "the end before the release before was looked at")
            }
        }
        switch outcome {
        case .succeeded:
            try demand(.success, !isRehearsal, "a rehearsal succeeded: its release would be live")
            try demand(
                .success, !isRollingBack && !hasBreached && !isCancelled && !wasAskedBack && !isAbandoned,
                "succeeded though it was bound back")
            for stage in plan.stages {
                try demand(.success, stages[stage.name]!.isSatisfied, "succeeded without \(stage.name)")
            }
            try demand(.success, areFinallysDone, "succeeded with a finally that was not")
            try mayEndGreen(at: now)
        case .rolledBack:
            try demand(.rollback, isRollingBack && isWhollyBack, "rolled back, and something is not undone")
            try demand(.rollback, declaresWayBack || !hasChanged, "rolled back with no way back")
        case .rollbackFailed:
            try demand(.rollback, isRollingBack && !isWhollyBack, "rollback failed, and all is undone")
        case .refused: try demand(.success, !hasChanged && areFinallysDone, "refused, and something changed")
        case .cancelled: try demand(.success, isCancelled && !wasAskedBack, "cancelled, and nobody cancelled it")
        case .failed:
            let isWithoutWayBack = hasChanged && !declaresWayBack && isRollingBack
            try demand(.success, isAbandoned || isWithoutWayBack || !areFinallysDone, "failed, and there is no reason")
        case .superseded:
            try demand(
                .success, isSuperseded && !isRollingBack && !hasBreached && !isCancelled && !wasAskedBack,
                "superseded though it was bound back, or by nobody")
            for stage in plan.stages {
                try demand(.success, stages[stage.name]!.isSatisfied, "superseded without \(stage.name)")
            }
            try demand(.success, areFinallysDone, "superseded with a finally that was not")
        }
        self.outcome = outcome
    }

    /// Computed from this model alone.
    var exitCode: Int32 {
        switch outcome {
        case nil: 6
        case .succeeded, .superseded: 0
        case .refused: 3
        case .rolledBack: wasAskedBack || wasForced ? 0 : 4
        case .cancelled: isWhollyBack && (declaresWayBack || !hasChanged) ? 4 : 5
        case .failed, .rollbackFailed: 5
        }
    }

    /// Once, at the end of a rehearsal of which all went well.
    func mayBeForced() throws(Violation) {
        try demand(.rules, isRehearsal && !hasBreached && !isRollingBack, "a breach is forced, and nobody rehearses")
        try demand(.noProcess, inFlight.isEmpty, "a breach is forced while \(inFlight) run")
        for stage in plan.stages {
            try demand(.rules, stages[stage.name]!.isSatisfied, "a breach is forced before \(stage.name) is through")
        }
    }

    // MARK: Where things stand

    /// Succeeded, or failed for good.
    func isUndoOver(_ name: StageName) -> Bool {
        let undo = stages[name]!.parts[.undo]!
        return !undo.inFlight
            && (undo.succeeded || isExhausted(name, .undo) || (undo.last?.verdict == .cancelled && isAbandoned))
    }

    func needsUndo(_ stage: PlannedStage) -> Bool {
        switch stage.undo {
        case .none, .nothing: false
        case .action, .call: true
        }
    }

    func isToBeUndone(_ stage: PlannedStage) -> Bool {
        needsUndo(stage) && stages[stage.name]!.hasStarted && !stages[stage.name]!.isLeft
    }

    var isAllUndone: Bool {
        areFinallysDone
            && plan.stages.allSatisfy { stage in
                guard stages[stage.name]!.hasStarted else { return true }
                return !stages[stage.name]!.isLeft
                    && (!needsUndo(stage) || stages[stage.name]!.parts[.undo]!.succeeded)
            }
    }

    /// All is undone, and the release before was found to be well where that is to be asked.
    var isWhollyBack: Bool {
        guard isAllUndone, isRollingBack, hasChanged, declaresWayBack else { return isAllUndone }
        return plan.stages.allSatisfy { $0.rollbackCheck == nil || stages[$0.name]!.parts[.rollbackCheck]!.succeeded }
    }

    var areFinallysDone: Bool {
        plan.stages.allSatisfy { stage in
            stage.finally == nil || !stages[stage.name]!.hasStarted || stages[stage.name]!.parts[.finally]!.succeeded
        }
    }

    var hasChanged: Bool { plan.stages.contains { $0.changes && stages[$0.name]!.hasStarted } }

    var declaresWayBack: Bool {
        plan.stages.contains { $0.changes && stages[$0.name]!.hasStarted && $0.undo != .none }
    }
}
