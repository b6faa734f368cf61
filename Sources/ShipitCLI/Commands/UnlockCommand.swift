import ArgumentParser
import Foundation
import ShipitCore
import ShipitEngine

struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Take an environment's lock away from a shipit that will never go on.",
        discussion: """
            For a holder that is stopped, hangs, or runs on another host. It is fenced: it can record and start nothing more. \
            Its run is left as it stands, to be resumed, rolled back or abandoned. A holder that is gone needs no unlocking.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The run that has it, by its whole id, instead of typing it.", valueName: "run"))
    var runName: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @Argument(help: ArgumentHelp("The environment.", valueName: "env"))
    var environment: String

    func run() async throws {
        if let why { try Reason.check(why) }
        let place = try place.place()
        let folder = try place.stateFolder()
        let looking = try Wiring.storeForReading(folder)
        let streams = Streams()
        guard let lock = try looking.lock(of: environment) else {
            try requireEnvironment(place, looking)
            return sayNobody(streams)
        }
        let record = try looking.run(lock.run)
        if lock.holderIsDead { throw Self.needsNone(lock, record) }
        let account = LockAccount(
            lock: lock, record: record, state: try record.map { try RunReading($0, in: looking).state })
        streams.progress(account.text)
        try confirm(lock, streams)
        let session = try Session(stateFolder: folder, form: .text, streams: streams)
        let launcher = Launcher(store: session.store, clock: SystemClock(), holder: session.holder)
        do {
            let epoch = try launcher.unlock(lock, why: why)
            await fenceCommands(of: lock.run, epoch: epoch, session, isRecorded: record != nil)
            if record != nil { await session.notices.deliver(of: lock.run) }
            say(account, epoch: epoch, by: session.holder.user, streams)
        } catch StoreError.fenced {
            throw CommandFailure(
                .refused, "the lock of \(environment) has changed hands while you were looking; nothing was done",
                hint: "look again with: shipit unlock \(environment)")
        }
    }

    /// The supervisor refuses the old holder from here on, too. Best effort: the journal refuses it anyway, and the next engine
    /// does the same before anything else.
    private func fenceCommands(of run: RunID, epoch: Epoch, _ session: Session, isRecorded: Bool) async {
        guard isRecorded else { return }
        await Wiring.fence(run, folder: session.folder(of: run), epoch: epoch)
    }

    // MARK: Before

    private func requireEnvironment(_ place: Place, _ store: any RunStore) throws {
        if try !store.runs(matching: nil, environment: environment, limit: 1).isEmpty { return }
        let known = EnvironmentChoice.all(in: place)
        if known.contains(environment) { return }
        throw EnvironmentChoice.unknown(environment, known, option: "")
    }

    private static func needsNone(_ lock: LockState, _ record: RunRecord?) -> CommandFailure {
        var refusal = ErrorText.refusal(lock, isUnfinished: record.map { $0.summary.outcome == nil } ?? false)
        refusal.message += "\nnobody holds its lock, so there is nothing to unlock"
        return refusal
    }

    private func confirm(_ lock: LockState, _ streams: Streams) throws(CommandFailure) {
        if let runName {
            guard runName == lock.run.text else {
                throw CommandFailure(
                    .refused, "the lock of \(environment) is held by run \(lock.run), not by \(runName)")
            }
            return
        }
        if yes { return }
        let questions = Questions(streams: streams)
        guard questions.isThere else {
            throw CommandFailure(
                .usage, "nobody can be asked here: name the run whose lock is to be taken away",
                hint: "shipit unlock \(ShellWord.quoted(environment)) --run \(lock.run)")
        }
        let warning = lock.life == .alive ? "its shipit is alive, and may be at work this moment; " : ""
        guard questions.answer("\(warning)type the run's id to take its lock away:") == lock.run.text else {
            throw CommandFailure(.refused, "not confirmed; nothing was changed")
        }
    }

    // MARK: After

    private func sayNobody(_ streams: Streams) {
        switch output.output {
        case .text: streams.result("nobody has the lock of \(environment): there is nothing to unlock\n")
        case .json:
            let value = JSONValue.members([
                "environment": .string(environment), "unlocked": .bool(false), "run": .null, "epoch": .null,
                "holder": .null, "next": .null,
            ])
            streams.result(value.pretty + "\n")
        }
    }

    private func say(_ account: LockAccount, epoch: Epoch, by person: String, _ streams: Streams) {
        switch output.output {
        case .text:
            streams.result(
                """
                the lock of \(environment) is taken away from run \(account.lock.run) (epoch \(epoch)): its shipit can record and \
                start nothing more
                what its commands do goes on until the run is taken up

                """ + (account.record == nil ? "" : NextStep.resume(account.lock.run).lines.map { $0 + "\n" }.joined()))
        case .json: streams.result(account.json(epoch: epoch, by: person, why: why).pretty + "\n")
        }
    }
}

/// Who has a lock, for a person who thinks about taking it away.
struct LockAccount {
    var lock: LockState
    /// `nil` for a run that its holder has not recorded yet.
    var record: RunRecord?
    var state: RunState?

    var text: String {
        var table = Table()
        table.add("lock", "\(lock.environment), epoch \(lock.epoch)")
        let release = record.map {
            ", \(SafeText.line($0.created.release.tag)), begun by \(SafeText.line($0.created.startedBy))"
        }
        table.add("run", "\(lock.run)" + (release ?? ", which is not recorded yet"))
        table.add("held by", SafeText.line(EventWords.words(lock.holder)))
        if let since { table.add("since", "\(Words.minute(since)) UTC") }
        table.add("it is", life)
        return table.text
    }

    private var since: Instant? { state?.lastResumedAt ?? record?.startedAt }

    private var life: String {
        switch lock.life {
        case .alive: "alive"
        case .stopped: "stopped (by SIGSTOP, or held by a debugger)"
        case .dead: "gone"
        case .unknown: "on another host, or hidden: nothing can be known of it from here"
        }
    }

    func json(epoch: Epoch, by person: String, why: String?) -> JSONValue {
        .members([
            "environment": .string(lock.environment), "unlocked": .bool(true), "run": .string(lock.run.text),
            "epoch": .integer(epoch.number),
            "holder": .members([
                "user": .string(lock.holder.user), "pid": .integer(Int64(lock.holder.pid)),
                "host": .string(lock.holder.host), "state": .string(lock.life.rawValue),
                "since": .text(since?.description),
            ]),
            "by": .string(person), "why": .text(why),
            "next": record == nil ? .null : .string(NextStep.resume(lock.run).line),
        ])
    }
}
