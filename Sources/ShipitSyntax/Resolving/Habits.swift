import ShipitCore

/// Habits that hurt: allowed, and warned of.
struct Habits {
    let reading: Reading
    let draft: Draft
    let graph: Graph

    func warn() {
        warnOfMigrationsWithoutBackup()
        warnOfRestartsWithoutWayBack()
        if let monitor = draft.monitor, !monitor.hasRules {
            reading.warning(
                "monitor-without-rules", "the monitor has no rules, so it can find nothing wrong", at: monitor.place,
                hint: "add rollback-when: with at least one rule")
        }
    }

    private func warnOfMigrationsWithoutBackup() {
        let migrations = draft.stages.indices.filter { isMigration(draft.stages[$0]) }
        guard !migrations.isEmpty else { return }
        let backups = draft.stages.indices.filter { isBackup(draft.stages[$0]) }
        let isAfterBackup = graph.downstream(of: backups, graph.dependents())
        for number in migrations where !isAfterBackup[number] {
            let stage = draft.stages[number]
            reading.warning(
                "migration-without-backup", "stage \"\(stage.name)\" migrates, and no backup is among what it needs",
                at: stage.place, hint: "let it need a stage that makes a backup")
        }
    }

    private func isMigration(_ stage: StageDraft) -> Bool {
        switch stage.kind {
        case .uses(let action, _): action.name == "migrate" || action.name.hasPrefix("migrate/")
        case .run: stage.name.lowercased().firstRange(of: "migrat") != nil
        default: false
        }
    }

    private func isBackup(_ stage: StageDraft) -> Bool {
        switch stage.kind {
        case .uses(let action, _): action.name == "backup" || action.name.hasPrefix("backup/")
        case .run:
            ["backup", "back-up", "dump", "snapshot"].contains { stage.name.lowercased().firstRange(of: $0) != nil }
        default: false
        }
    }

    private func warnOfRestartsWithoutWayBack() {
        for stage in draft.stages {
            guard case .uses(let action, let description?) = stage.kind, action.name == "rolling-restart",
                let decoded = stage.stage, decoded.rollback == nil
            else { continue }
            let canUndo: Bool =
                switch description.undo {
                case .none: false
                case .nothing: true
                case .performs: description.undoInput.map { decoded.perform.inputs[$0] != nil } ?? true
                }
            // `reversible: no` says that the author knows.
            guard !canUndo, decoded.reversible != .no else { continue }
            reading.warning(
                "restart-without-way-back", "stage \"\(stage.name)\" restarts instances and has no way back",
                at: stage.place, hint: "give it a rollback:")
        }
    }
}
