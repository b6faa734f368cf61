import ShipitCore
import ShipitEngine

/// Every error that reaches a command, as one clear failure.
enum ErrorText {
    static func failure(_ error: any Error) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: failure
        case let error as StoreError: self.failure(error)
        case let error as ProcessesError: self.failure(error)
        case let error as PlanError: self.failure(error)
        default: CommandFailure(exitCode: 1, "\(error)")
        }
    }

    static func failure(_ error: StoreError) -> CommandFailure {
        switch error {
        case .unusable(let path, let reason):
            CommandFailure(
                exitCode: 1, "the state folder \(path) cannot be used: \(reason)",
                hint: "mend that, or name another folder with --state")
        case .unsafe(let path, let reason):
            CommandFailure(
                exitCode: 1, "the state folder \(path) is not safe: \(reason)",
                hint: "it must be yours alone: chown it, and chmod 700")
        case .fenced(let state): fenced(state)
        case .conflict(let run, let expected, let found):
            CommandFailure(
                exitCode: 1,
                "the journal of \(run) has another writer: event \(found) stands where \(expected) was to come",
                hint: "see what happened with: shipit status \(run)")
        case .failed(let attempted, let cause):
            CommandFailure(
                exitCode: 1, "\(attempted) failed: \(cause)",
                hint: "what was recorded before is safe; when the cause is mended: shipit status")
        case .damaged(let run, let lastGood, let reason):
            CommandFailure(
                exitCode: 1, "the journal of \(run) is damaged after event \(lastGood): \(reason)",
                hint: "nothing was repaired or deleted; look at what is whole with: shipit journal \(run)")
        case .version(let found, let known):
            CommandFailure(
                exitCode: 1, "the state was written by another version of shipit (\(found), this one knows \(known))",
                hint: found > known ? "use the newer shipit" : nil)
        }
    }

    private static func fenced(_ state: LockState?) -> CommandFailure {
        guard let state else {
            return CommandFailure(
                exitCode: 1, "another shipit has taken the environment over; this one has stopped and changes nothing",
                hint: "see what goes on with: shipit status")
        }
        return CommandFailure(
            exitCode: 1,
            "another shipit has taken \(state.environment) over (\(EventWords.words(state.holder))); "
                + "this one has stopped and changes nothing",
            hint: "see what goes on with: shipit status \(state.run)")
    }

    static func failure(_ error: ProcessesError) -> CommandFailure {
        switch error {
        case .unavailable(let reason):
            CommandFailure(
                exitCode: 1, "commands cannot be run: \(reason)",
                hint: "shipit-supervisor must lie beside shipit; see: shipit doctor")
        case .fenced(let epoch):
            CommandFailure(
                exitCode: 1, "another shipit drives this run's commands now (epoch \(epoch)); this one has stopped",
                hint: "see what goes on with: shipit status")
        }
    }

    static func failure(_ error: PlanError) -> CommandFailure {
        switch error {
        case .unknownEnvironment(let name, let known):
            CommandFailure(
                exitCode: 2, "the pipeline has no environment \"\(name)\"",
                hint: unknown(name, known, "it has no environments"))
        case .unknownVariable(let name, let known):
            CommandFailure(
                exitCode: 2, "--set \(name)=…: the environment has no variable \"\(name)\"",
                hint: unknown(name, known, "it has no variables"))
        case .missingVariable(let reference, let environment):
            CommandFailure(
                exitCode: 2, "\(reference) has no value in \(environment)",
                hint: "give it one under environments: \(environment): vars:")
        case .repeatedItem(let stage, let item):
            CommandFailure(exitCode: 2, "for-each of stage \(stage) gives \"\(item)\" twice")
        case .missingHosts(let group, let environment, let stage):
            CommandFailure(
                exitCode: 2, "stage \(stage) runs on hosts.\(group), and \(environment) has no such hosts",
                hint:
                    "name them under environments: \(environment): hosts: \(group):, or leave the stage out by its if:")
        }
    }

    private static func unknown(_ name: String, _ known: [String], _ none: String) -> String {
        if known.isEmpty { return none }
        let nearest = Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"? " } ?? ""
        return nearest + "known: " + known.joined(separator: ", ")
    }

    // MARK: Locks

    /// Why `deploy` may not have the environment now, and which commands open it.
    /// - Parameter isUnfinished: whether the run is known to have no end yet.
    /// - Parameter state: where it stood last.
    static func refusal(_ lock: LockState, isUnfinished: Bool = false, state: RunPhase? = nil) -> CommandFailure {
        let run = lock.run
        if !lock.holderIsDead { return refusalOfLiving(lock) }
        if lock.dirty, !isUnfinished {
            return CommandFailure(
                exitCode: 3, "\(lock.environment) is closed: run \(run) ended with something not undone",
                hint: "see what with: shipit status \(run)\nthen: shipit rollback \(run)\n"
                    + "or: shipit abandon \(run) --why TEXT")
        }
        // One that gave it back, or had it taken away, need not be gone.
        let who = lock.dirty ? "" : " (\(EventWords.words(lock.holder)), gone)"
        let how =
            switch state {
            case .waiting: "waits for people to sign"
            case .paused: "is paused: see shipit why \(run)"
            default: "was interrupted\(who)"
            }
        return CommandFailure(
            exitCode: 3, "\(lock.environment) belongs to run \(run), which \(how)",
            hint: waysOut(of: run))
    }

    private static func refusalOfLiving(_ lock: LockState) -> CommandFailure {
        let state = lock.life == .alive ? "" : ", \(words(lock.life))"
        let unlock = "\nif it will never go on: shipit unlock \(lock.environment)"
        return CommandFailure(
            exitCode: 3,
            "\(lock.environment) belongs to run \(lock.run) (\(EventWords.words(lock.holder))\(state))",
            hint: "look with: shipit status \(lock.run)" + (state.isEmpty ? "" : unlock))
    }

    /// What is done with a run that nobody drives any more.
    static func waysOut(of run: RunID) -> String {
        "go on with: shipit resume \(run)\nor undo it: shipit rollback \(run)\n"
            + "or leave it as it is: shipit abandon \(run) --why TEXT"
    }

    static func words(_ life: HolderLife) -> String {
        switch life {
        case .alive: "alive"
        case .stopped: "stopped"
        case .dead: "gone"
        case .unknown: "of which nothing can be known from here"
        }
    }
}
