import Foundation
import ShipitCore
import ShipitEngine

/// Drives a run in this process until it ends, is paused or interrupted, and says how that came out.
struct RunDriver {
    let session: Session
    /// Those of a command that has waited before; otherwise the driver's own.
    var interrupts: Interrupts?

    /// Begins a run and drives it.
    /// - Returns: the exit code.
    func begin(_ run: NewRun, with resources: RunResources) async throws -> Int32 {
        let id = run.created.run
        let interrupts = try interrupts ?? Interrupts(clock: SystemClock())
        do {
            try await Superseding(session: session, interrupts: interrupts).clear(run.created)
        } catch {
            session.removeFolderOfNoRun(id)
            throw error
        }
        let code = try await drive(id, plan: run.plan, shownFrom: 0, with: resources, interrupts) {
            launcher, observer in
            do {
                return try launcher.begin(run, observer: observer) { epoch in
                    Wiring.parts(id, epoch: epoch, store: session.store, resources: resources)
                }
            } catch {
                session.removeFolderOfNoRun(id)
                throw error
            }
        }
        // Who deployed did not ask for a rollback, whoever else did: the release is not live.
        guard code == 0, let record = try session.store.run(id), record.summary.outcome == .rolledBack else {
            return code
        }
        return try RunReading(record, in: session.store).state.hasPassedRehearsal ? 0 : 4
    }

    /// Takes up a run that nobody drives, with what a person asks for.
    func takeUp(_ reading: RunReading, acts: [OperatorAct], with resources: RunResources) async throws -> Int32 {
        let id = reading.record.created.run
        let plan = reading.state.plan
        // Before the lock: who could do nothing with the run must not have it.
        try Self.requireAccess(to: id, in: resources.folder)
        let interrupts = try interrupts ?? Interrupts(clock: SystemClock())
        if reading.state.phase == .waiting {
            try await Superseding(session: session, interrupts: interrupts).clear(reading.record.created)
        }
        let from = reading.sequence
        return try await drive(id, plan: plan, shownFrom: from, with: resources, interrupts) { launcher, observer in
            try launcher.takeUp(id, acts: acts, observer: observer) { epoch, _ in
                Wiring.parts(id, epoch: epoch, store: session.store, resources: resources)
            }
        }
    }

    private static func requireAccess(to run: RunID, in folder: String) throws(CommandFailure) {
        guard let trouble = Wiring.trouble(inRunFolder: folder) else { return }
        throw CommandFailure(
            .machine, "run \(run) cannot be taken up by \(NSUserName()): \(trouble)\nnothing was changed",
            hint: "do it as the user who drove it last")
    }

    /// - Parameter sequence: the last event that need not be shown any more.
    private func drive(
        _ run: RunID, plan: Plan, shownFrom sequence: Int64, with resources: RunResources, _ interrupts: Interrupts,
        launch: (Launcher, any RunObserver) throws -> Conductor
    ) async throws -> Int32 {
        let clock = SystemClock()
        let progress = ProgressChoice.make(jsonLines: session.form == .jsonl, usual: usualDurations(like: run))
        let launcher = Launcher(store: session.store, clock: clock, holder: session.holder)
        let conductor = try RunErrors.explained(of: run, in: session.store) { try launch(launcher, progress) }
        interrupts.attach(conductor, telling: progress)
        try tellBeginning(of: run, after: sequence, to: progress, now: clock.now)
        let output = RunOutput(run: run, plan: plan, folder: resources.folder)
        let beat = ProgressBeat(progress, output: output, clock: clock)
        beat.start()
        let state: RunState
        do {
            state = try await NoticeDesk(
                store: session.store, stateFolder: session.stateFolder, driven: (run, resources)
            ).sending(of: run) { () async throws(EngineError) in try await conductor.drive() }
        } catch {
            beat.stop()
            throw RunErrors.failure(error, run: run, in: session.store)
        }
        beat.stop()
        await Wiring.shutDown()
        return try EndWords(session.form, session.streams).say(run, state, in: session.store, output: output)
    }

    /// What the launcher has recorded before there was an engine to tell of it.
    private func tellBeginning(of run: RunID, after sequence: Int64, to progress: any Progress, now: Instant) throws {
        guard let record = try session.store.run(run) else { return }
        let reading = try RunReading(record, in: session.store)
        let entries = try session.store.entries(of: run, after: sequence)
        progress.took(entries, state: reading.state, rules: [], now: now)
    }

    /// From the last runs of the same pipeline in the same environment. Only for the eye: without them it goes as well.
    private func usualDurations(like run: RunID) -> [StageName: TimeSpan] {
        guard Streams.isErrorTerminal, let records = try? session.store.runs(matching: nil, environment: nil, limit: 20)
        else { return [:] }
        let states = records.filter { $0.summary.outcome == .succeeded }.prefix(5).compactMap { record in
            try? RunReading(record, in: session.store).state
        }
        return UsualDurations.of(states)
    }
}

/// How the end of a run is told, in each form.
struct EndWords {
    private let form: StreamForm
    private let streams: Streams

    init(_ form: StreamForm, _ streams: Streams) {
        self.form = form
        self.streams = streams
    }

    /// - Returns: the exit code that goes with it.
    func say(_ run: RunID, _ state: RunState, in store: any RunStore, output: RunOutput) throws -> Int32 {
        guard let record = try store.run(run) else {
            throw CommandFailure(.machine, "run \(run) is gone from the journal")
        }
        var view = RunView(record, state: state, holderIsDead: state.outcome == nil)
        view.lookAtClock()
        view.notices = try store.outbox(of: run)
        say(view, output: output)
        return ExitCode.of(state)
    }

    func say(_ view: RunView, output: RunOutput) {
        let lastLines = FailureReport.culprit(view).map { output.lastLines(of: $0, count: 20) } ?? []
        let untold = NoticeWords.lines(view).map { "  \($0)\n" }.joined()
        let report = EndReport.text(view, now: SystemClock.wallTime, lastLines: lastLines) + untold
        switch form {
        case .text: streams.result(report)
        case .json:
            streams.progress(report)
            streams.result(StatusJSON.text(view))
        case .jsonl: streams.progress(report)
        }
    }
}
