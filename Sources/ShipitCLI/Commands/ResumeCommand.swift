import ArgumentParser
import ShipitCore
import ShipitEngine

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a run that was interrupted or paused.",
        discussion: "Without RUN, the newest run that can be resumed. A finished run says how it ended.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Option(
        help: ArgumentHelp(
            "Say how a stage ended of which nobody knows it: rerun, done or failed.", valueName: "name=answer"))
    var stage: [String] = []

    @Flag(help: "Stay where only people can move the run on, until they have signed.")
    var wait = false

    @Option(help: ArgumentHelp("Why, for the journal.", valueName: "text"))
    var why: String?

    @Option(help: ArgumentHelp("Stages at once; default: one a core.", valueName: "count"))
    var jobs: Int?

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() async throws {
        let jobs = try Session.jobs(jobs)
        let answers = try stage.map(StageAnswer.init)
        for (place, answer) in answers.enumerated()
        where answers[..<place].contains(where: { $0.stage == answer.stage }) {
            throw CommandFailure(.usage, "--stage answers twice for \(SafeText.line(answer.stage.text))")
        }
        let folder = try place.place().stateFolder()
        let looking = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        let record = try chosen(choice)
        let reading = try RunReading(record, in: looking)
        let streams = Streams()
        if reading.state.outcome != nil {
            try RunEnd.leaveRun(with: try await Resumption.tellEnd(reading, folder, output.output, streams))
        }
        try Resumption.refuseWhereHeld(reading)
        let session = try Session(stateFolder: folder, form: output.output, streams: streams)
        let acts = try answers.map { try $0.act(on: reading.state, by: session.holder.user, why: why) }
        let resumption = Resumption(session: session, jobs: jobs, staysForPeople: wait)
        if reading.state.isUnbegun {
            try RunEnd.leaveRun(with: try await WaitingRun(session: session).begin(record, resumption))
        }
        do {
            try RunEnd.leaveRun(with: try await resumption.run(reading, acts: acts))
        } catch is RunHasEnded {
            let ended = try RunReading(record, in: looking)
            try RunEnd.leaveRun(with: try await Resumption.tellEnd(ended, folder, output.output, streams))
        }
    }

    private func chosen(_ choice: RunChoice) throws -> RunRecord {
        if let runName { return try choice.run(runName, dryRuns: false) }
        let dead = try RunReading.undriven(try choice.recent(), in: choice.store)
        let undriven = try choice.recent().filter { dead.contains($0.created.run) && !$0.created.dryRun }
        // What people have not signed yet cannot go on; it is named where there is nothing else.
        let canGoOn = try undriven.first {
            try $0.summary.state != .waiting || !RunReading($0, in: choice.store).state.gates.contains(where: \.isOpen)
        }
        if let record = canGoOn ?? undriven.first { return record }
        let running = try choice.newest { $0.summary.outcome == nil && !$0.created.dryRun }
        throw CommandFailure(
            .usage, "there is nothing to resume",
            hint: running.map { "run \($0.created.run) is being driven: shipit status \($0.created.run)" }
                ?? "see: shipit runs")
    }
}

/// `--stage NAME=rerun|done|failed`.
struct StageAnswer {
    let stage: StageName
    let answer: OperatorAct.Answer

    init(_ text: String) throws(CommandFailure) {
        // The last sign: the items of for-each may hold one.
        guard let sign = text.lastIndex(of: "="), sign != text.startIndex,
            let answer = OperatorAct.Answer(rawValue: String(text[text.index(after: sign)...]))
        else {
            throw CommandFailure(.usage, "--stage \(text): NAME=rerun, NAME=done or NAME=failed is expected")
        }
        stage = StageName(String(text[..<sign]))
        self.answer = answer
    }

    func act(on state: RunState, by person: String, why: String?) throws(CommandFailure) -> OperatorAct {
        try StageArgument.check(stage, of: state)
        let act = OperatorAct(.answer(stage, answer), by: person, why: why)
        if let reason = state.refusal(of: act) { throw CommandFailure(.refused, reason) }
        return act
    }
}

/// Taking up a run where it stands.
struct Resumption {
    let session: Session
    let jobs: Int
    /// Whether to stay where only people can move the run on.
    var staysForPeople = false
    var interrupts: Interrupts?

    func run(_ reading: RunReading, acts: [OperatorAct]) async throws -> Int32 {
        let record = reading.record
        if acts.isEmpty, NextStep.questioned(reading.view) != nil { return try tellQuestion(reading) }
        if reading.state.hasBegun {
            let gate = WindowGate(store: session.store)
            let warning = try gate.checkResuming(reading.state, record, now: SystemClock.wallTime)
            if let warning { session.streams.warning(warning) }
        }
        let preparation = RunPreparation(
            session: session, jobs: jobs, staysForPeople: staysForPeople, bearsMissingTrees: false)
        try refuseWhereTagMoved(record, preparation)
        let folder = session.folder(of: record.created.run)
        if let drift = PinnedPipeline.driftWarning(of: record, plan: reading.state.plan, runFolder: folder) {
            session.streams.warning(drift)
        }
        let resources = try await preparation.resources(reading)
        return try await RunDriver(session: session, interrupts: interrupts)
            .takeUp(reading, acts: acts, with: resources)
    }

    static func refuseWhereHeld(_ reading: RunReading) throws(CommandFailure) {
        guard reading.isHeld, let lock = reading.lock else { return }
        let run = reading.record.created.run
        throw CommandFailure(
            .refused,
            "run \(run) is driven already (\(EventWords.words(lock.holder)), "
                + "since \(Words.minute(reading.state.lastResumedAt ?? reading.record.startedAt)) UTC)",
            hint: "look with: shipit status \(run)\nor end it with: shipit cancel \(run)")
    }

    /// How a finished run ended. If its engine was killed before it could give the lock back, that is done now.
    static func tellEnd(
        _ reading: RunReading, _ stateFolder: String, _ form: StreamForm, _ streams: Streams
    ) async throws -> Int32 {
        let run = reading.record.created.run
        if let lock = reading.lock, lock.holderIsDead, !(lock.dirty && reading.state.isDirty) {
            let session = try Session(stateFolder: stateFolder, form: form, streams: streams)
            let answer = try session.store.takeLock(environment: lock.environment, run: run, holder: session.holder)
            if case .taken(let epoch) = answer {
                try session.store.releaseLock(
                    environment: lock.environment, epoch: epoch, dirty: reading.state.isDirty)
            }
        }
        var view = reading.view
        view.notices = try await tellRest(of: run, stateFolder, form, streams)
        let output = RunOutput(run: run, plan: reading.state.plan, folder: Project.runFolder(of: run, in: stateFolder))
        streams.progress("run \(run) has ended already\n")
        EndWords(form, streams).say(view, output: output)
        return ShipitCore.ExitCode.of(reading.state)
    }

    /// Sends what nobody has been told of the run yet, as far as that is due.
    private static func tellRest(
        of run: RunID, _ stateFolder: String, _ form: StreamForm, _ streams: Streams
    ) async throws -> [OutboxNotice] {
        let notices = try Wiring.storeForReading(stateFolder).outbox(of: run)
        guard notices.contains(where: { $0.state == .open }) else { return notices }
        let session = try Session(stateFolder: stateFolder, form: form, streams: streams)
        await session.notices.deliver(of: run)
        return try session.store.outbox(of: run)
    }

    private func tellQuestion(_ reading: RunReading) throws -> Int32 {
        let run = reading.record.created.run
        let output = RunOutput(run: run, plan: reading.state.plan, folder: session.folder(of: run))
        EndWords(session.form, session.streams).say(reading.view, output: output)
        return ShipitCore.ExitCode.of(reading.state)
    }

    /// Of a run that cannot go on.
    private static func wayOut(of record: RunRecord) -> String {
        let run = record.created.run
        return record.summary.state == .waiting
            ? "end the run: shipit cancel \(run)" : "undo the run: shipit rollback \(run)"
    }

    /// The run goes on with what it was planned for, or not at all.
    private func refuseWhereTagMoved(_ record: RunRecord, _ preparation: RunPreparation) throws {
        let pinned = record.created.release
        let releases = try preparation.releases(of: record)
        guard let now = try releases.commit(ofTag: pinned.tag) else {
            throw CommandFailure(
                .refused, "the tag \(pinned.tag) is gone; the run was planned for its commit \(pinned.commit)",
                hint: "bring the tag back, or \(Self.wayOut(of: record))")
        }
        guard now == pinned.commit else {
            throw CommandFailure(
                .refused,
                "the tag \(pinned.tag) was moved: the run was planned for \(pinned.commit), it points at \(now) now",
                hint: "move the tag back, or \(Self.wayOut(of: record))")
        }
    }
}
