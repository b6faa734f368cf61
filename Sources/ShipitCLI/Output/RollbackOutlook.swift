import ShipitCore

/// What a rollback would do if every stage of a plan had run.
struct RollbackOutlook: Hashable, Sendable {
    enum Way: Hashable, Sendable {
        /// By its action's own undo or its `rollback:`.
        case undone
        /// Undone without doing anything.
        case nothing
        /// Past its point of no return.
        case left
        /// It changes things and declares no way back.
        case undeclared
    }

    struct Entry: Hashable, Sendable {
        var stage: PlannedStage
        var way: Way
    }

    /// In the order of undoing: a stage after all that need it. What changes nothing has no entry.
    var entries: [Entry]

    init(_ plan: Plan) {
        let started = plan.stages.filter { !$0.skipped }
        let names = Set(started.flatMap { [$0.name, $0.group.map { StageName($0) } ?? $0.name] })
        entries = started.reversed().compactMap { stage in
            let entry = Entry(stage: stage, way: Self.way(stage, started: names))
            return stage.changes || entry.way == .left || stage.undoCall != nil ? entry : nil
        }
    }

    private static func way(_ stage: PlannedStage, started: Set<StageName>) -> Way {
        switch stage.reversible {
        case .no: return .left
        case .untilContract(let contract) where started.contains(contract): return .left
        case .untilContract, .yes: break
        }
        switch stage.undo {
        case .none: return .undeclared
        case .nothing: return .nothing
        case .action, .call: return .undone
        }
    }

    /// Whether exit code 4 would be the end of it, and not 5: nothing is past return, and what changes things has a way back
    /// somewhere.
    var isComplete: Bool {
        let changing = entries.filter(\.stage.changes)
        return !entries.contains { $0.way == .left }
            && (changing.isEmpty || changing.contains { $0.way != .undeclared })
    }
}
