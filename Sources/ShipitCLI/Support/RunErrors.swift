import ShipitCore
import ShipitEngine

/// What ends the driving of a run otherwise than its own end, in words.
enum RunErrors {
    /// Why a run could not be begun or taken up; nothing has changed.
    static func explained<Value>(of run: RunID, in store: any RunStore, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as LaunchError {
            switch error {
            case .locked(let lock) where lock.run == run && !lock.holderIsDead:
                throw CommandFailure(
                    .refused, "run \(run) is driven already (\(EventWords.words(lock.holder)))",
                    hint: "look with: shipit status \(run)")
            case .locked(let lock): throw try EnvironmentGate(store: store).refusal(lock)
            case .noSuchRun(let run):
                throw CommandFailure(.usage, "there is no run \"\(run)\"", hint: "see: shipit runs")
            case .finished: throw RunHasEnded()
            case .waiting(let run):
                throw CommandFailure(
                    .refused, "run \(run) is not signed by everybody yet", hint: "see: shipit status \(run)")
            case .store(let error): throw ErrorText.failure(error)
            }
        }
    }

    /// Why this engine stopped; the run itself is where the journal says.
    static func failure(_ error: EngineError, run: RunID, in store: any RunStore) -> CommandFailure {
        var failure: CommandFailure
        switch error {
        case .journal(let cause): failure = ErrorText.failure(cause)
        case .fenced(let lock): return overtaken(run, by: lock, in: store)
        case .processes(.fenced):
            // The supervisor knows the epoch alone; the store knows who has it.
            let environment = (try? store.run(run))?.created.environment
            return overtaken(run, by: environment.flatMap { try? store.lock(of: $0) }, in: store)
        case .processes(let cause): failure = ErrorText.failure(cause)
        case .broken(let what): failure = CommandFailure(.machine, "the run was stopped: \(what)")
        }
        failure.exitCode = CommandFailure.Kind.machine.rawValue
        failure.message += "\nnothing more was started; what was recorded is safe"
        let resume = "when that is mended: shipit resume \(run)"
        failure.hint = failure.hint.map { "\($0)\n\(resume)" } ?? resume
        return failure
    }
}

extension RunErrors {
    /// A person took the lock away, or another shipit the run over. Only for words: what cannot be read is left out of them.
    private static func overtaken(_ run: RunID, by lock: LockState?, in store: any RunStore) -> CommandFailure {
        guard let record = try? store.run(run), let reading = try? RunReading(record, in: store),
            let act = reading.state.acts.last(where: { $0.kind == .unlock })
        else { return ErrorText.failure(StoreError.fenced(by: lock)) }
        let why = act.why.map { ": \($0)" } ?? ""
        let isOpen = reading.state.outcome == nil && !reading.isHeld
        return CommandFailure(
            .machine,
            "\(act.by) took the lock of \(record.created.environment) away from this shipit\(why)\n"
                + "it has stopped and changes nothing"
                + (isOpen ? "; what its commands do goes on until the run is taken up" : ""),
            hint: isOpen ? ErrorText.waysOut(of: run) : "see what became of it with: shipit status \(run)")
    }
}

/// The run ended before it could be taken up: another engine was faster.
struct RunHasEnded: Error {}
