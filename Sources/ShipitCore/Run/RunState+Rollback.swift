extension RunState {
    mutating func startRollback(_ reason: String) {
        rollbackReason = reason
        pausedReason = nil
        firing = [:]
        endWaits()
        closeGates(reason)
        // What ended badly needs no more looking at.
        dropFromLive { $0.part == .finally || $0.part == .rollbackCheck || ($0.part == .perform && !$1.isRunning) }
        if let checkedStage { stages[checkedStage].rollbackCheck.beAnew() }
        resetFinally()
        planUndos()
    }

    /// Lays out the undoing: a stage's turn comes when the undos of all that need it have ended. A stage that never
    /// started, or has nothing to be undone, passes its turn on at once.
    private mutating func planUndos() {
        undoBlockers = dependents.map(\.count)
        undoReady = StartQueue()
        for stage in stages.indices {
            stages[stage].isLeft = stages[stage].hasStarted && isPastReturn(stage)
        }
        // Those without dependents begin; ending one may set others free, which `takeUndoTurn` follows up.
        for stage in stages.indices.reversed() where dependents[stage].isEmpty { takeUndoTurn(stage) }
    }

    private func isPastReturn(_ stage: Int) -> Bool {
        switch plan.stages[stage].reversible {
        case .yes: false
        case .no: true
        case .untilContract(let contract): members(contract).contains { stages[$0].hasStarted }
        }
    }

    private mutating func takeUndoTurn(_ first: Int) {
        var turn = [first]
        while let stage = turn.popLast() {
            let undo = Activity(stage: stage, part: .undo)
            if self[undo].phase == .succeeded {
                // Undone by an earlier rollback of this run.
            } else if !stages[stage].hasStarted || stages[stage].isLeft || plan.stages[stage].undo == .none {
                self[undo].phase = .none
                self[undo].reason = stages[stage].isLeft ? "past its point of no return" : nil
            } else if plan.stages[stage].undo == .nothing {
                self[undo].phase = .succeeded
            } else {
                self[undo].phase = .pending
                undoReady.add(stage, plan.stages[stage])
                continue
            }
            turn += passUndoTurn(stage)
        }
    }

    /// - Returns: the stages whose turn has come with it.
    private mutating func passUndoTurn(_ stage: Int) -> [Int] {
        var next: [Int] = []
        for need in needs[stage] {
            undoBlockers[need] -= 1
            if undoBlockers[need] == 0 { next.append(need) }
        }
        return next
    }

    /// A failed undo ends its turn as well: the others are undone all the same.
    mutating func undoEnded(_ stage: Int) {
        undoReady.leave(stage, plan.stages[stage])
        for next in passUndoTurn(stage) { takeUndoTurn(next) }
    }

    mutating func advanceUndoReady() {
        let stages = stages
        undoReady.advance { stages[$0].undo.phase != .pending }
    }

    // MARK: Finally

    /// After a rollback every `finally` runs (again).
    private mutating func resetFinally() {
        finallyHead = 0
        for stage in finallyStages { stages[stage].finally.beAnew() }
    }

    /// Passes over those that have been started, and those of stages that never did: no stage starts any more.
    mutating func advanceFinally() {
        while finallyHead < finallyStages.count {
            let stage = stages[finallyStages[finallyHead]]
            if stage.hasStarted, stage.finally.phase == .pending { return }
            finallyHead += 1
        }
    }
}

extension PartState {
    /// To be done with a whole budget; attempts go on being counted, for each needs a number of its own.
    mutating func beAnew() {
        phase = .pending
        failures = 0
        budgetBeganAt = nil
    }
}
