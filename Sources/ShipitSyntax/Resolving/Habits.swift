import ShipitCore

/// Habits that hurt: allowed, and warned of.
struct Habits {
    let reading: Reading
    let draft: Draft
    let graph: Graph

    func warn() {
        warnOfMigrationsWithoutBackup()
        warnOfRestartsWithoutWayBack()
        warnOfMonitorWithoutWayBack()
        warnOfRollbackCheckOfNewRelease()
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
            guard case .uses(let action, _?) = stage.kind, action.name == "rolling-restart", let decoded = stage.stage
            else { continue }
            // `reversible: no` says that the author knows.
            guard !hasWayBack(stage, decoded), decoded.reversible != .no else { continue }
            reading.warning(
                "restart-without-way-back", "stage \"\(stage.name)\" restarts instances and has no way back",
                at: stage.place, hint: "give it a rollback:")
        }
    }

    /// Whether undoing it would do something, or need not.
    private func hasWayBack(_ stage: StageDraft, _ decoded: Stage) -> Bool {
        if decoded.rollback != nil { return true }
        guard case .uses(_, let description) = stage.kind else { return false }
        // What an action can do of which nothing is known, nobody can say.
        guard let description else { return true }
        return switch description.undo {
        case .none: false
        case .nothing: true
        case .performs: description.undoInput.map { decoded.perform.inputs[$0] != nil } ?? true
        }
    }

    /// A breach could only end in 5: the release is bad, and stays.
    private func warnOfMonitorWithoutWayBack() {
        guard let monitor = draft.monitor,
            let rule = monitor.rules.first(where: { monitor.monitor.rollbackWhen.contains($0.rule) })
        else { return }
        let changing = draft.stages.compactMap { stage in
            stage.stage.flatMap { $0.changes ? (stage, $0) : nil }
        }
        guard !changing.isEmpty, !draft.stages.contains(where: { $0.stage == nil }),
            changing.allSatisfy({ $1.reversible == .no || !hasWayBack($0, $1) })
        else { return }
        reading.warning(
            "monitor-without-way-back", "a breach of this rule would bring nothing back: no stage has a way back",
            at: rule.place, hint: "give the stages that change things a rollback:")
    }

    /// After a rollback the release before is live, and a check that wants the new one fails.
    private func warnOfRollbackCheckOfNewRelease() {
        guard let verify = draft.monitor?.rollbackVerify,
            let check = draft.suites.first(where: { $0.name == verify.name })?.checks?.first(where: \.namesRelease)
        else { return }
        reading.warning(
            "rollback-verify-of-new-release",
            "\"\(check.name)\" of suite \"\(verify.name)\" names the new release, which is gone after a rollback",
            at: verify.place,
            hint: "ask for ${{ target.version }}, which is the release that is back, or name another suite")
    }
}
