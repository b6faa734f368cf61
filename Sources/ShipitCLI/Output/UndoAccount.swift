import ShipitCore

/// What of a run is undone and what is not: the list that exit code 5 owes the person.
struct UndoAccount: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        var stage: String
        var note: String?
    }

    /// Each in the order of undoing.
    var undone: [Entry] = []
    var notUndone: [Entry] = []
    /// Changed things and declare no way back.
    var undeclared: [Entry] = []
    /// Stages whose `finally` failed or, in an abandoned run, never ran.
    var unfinished: [Entry] = []
    /// The stage by which the release before was found not to be well, once all was undone.
    var unwell: [Entry] = []

    init(_ state: RunState) {
        for position in state.plan.stages.indices.reversed() where state.stages[position].hasStarted {
            add(state.plan.stages[position], state.stages[position])
        }
        for (planned, stage) in zip(state.plan.stages, state.stages) where stage.rollbackCheck.phase == .failed {
            let found = "what it asks after a rollback failed" + Self.cause(stage.rollbackCheck)
            unwell.append(Entry(planned, found))
        }
        for (planned, stage) in zip(state.plan.stages, state.stages) where planned.finally != nil && stage.hasStarted {
            if stage.finally.phase == .failed {
                unfinished.append(Entry(planned, "its finally failed" + Self.cause(stage.finally)))
            } else if state.outcome != nil, stage.finally.phase != .succeeded {
                unfinished.append(Entry(planned, "its finally did not run"))
            }
        }
    }

    /// Whether everything is undone and put right, and the release before is not well all the same.
    var isOnlyUnwell: Bool { !unwell.isEmpty && notUndone.isEmpty && unfinished.isEmpty }

    private mutating func add(_ planned: PlannedStage, _ stage: StageState) {
        if stage.isLeft {
            notUndone.append(Entry(planned, "past its point of no return"))
        } else if planned.undo == .none {
            // What changes nothing needs no way back and no line.
            if planned.changes { undeclared.append(Entry(planned, "declares no way back")) }
        } else if stage.undo.phase == .succeeded {
            let note =
                planned.undo == .nothing
                ? "nothing to undo" : stage.undo.attempts > 1 ? "in attempt \(stage.undo.attempts)" : nil
            undone.append(Entry(planned, note))
        } else if stage.undo.phase == .failed {
            notUndone.append(
                Entry(planned, "its undo failed in attempt \(stage.undo.attempts)" + Self.cause(stage.undo)))
        } else {
            notUndone.append(Entry(planned, stage.undo.hasStarted ? "its undo did not end" : "its undo did not run"))
        }
    }

    private static func cause(_ part: PartState) -> String {
        part.last.flatMap(EventWords.cause).map { ": \(SafeText.joined($0))" } ?? ""
    }
}

extension UndoAccount.Entry {
    fileprivate init(_ planned: PlannedStage, _ note: String?) {
        self.init(stage: SafeText.line(planned.name.text), note: note)
    }
}
