import ShipitCore
import ShipitEngine

/// A run that people must sign before it begins: announced, waited for, begun. It holds no lock until then.
struct WaitingRun {
    let session: Session

    /// How often the journal is looked at.
    private static let beat = TimeSpan.milliseconds(250)

    private var launcher: Launcher {
        Launcher(store: session.store, clock: SystemClock(), holder: session.holder)
    }

    /// The run that waits already with this very plan, if there is one: its sign-offs are for what would be deployed now.
    func existing(like created: RunCreated) throws -> RunRecord? {
        let records = try session.store.runs(matching: nil, environment: created.environment, limit: 500)
        let waiting = records.filter {
            $0.summary.state == .waiting && $0.summary.outcome == nil && $0.created.pipeline == created.pipeline
                && $0.created.liveRun == created.liveRun
        }
        let alike = try waiting.first {
            try digests(of: $0).contains(created.planDigest) && RunReading($0, in: session.store).state.isUnbegun
        }
        guard let alike else { return nil }
        return try turn(alike, .tick).outcome == nil ? alike : nil
    }

    /// The one that it was created with, and what its plan's is now: what a digest is made of may have changed since.
    private func digests(of record: RunRecord) throws -> Set<String> {
        Set(
            [record.created.planDigest, try session.store.plan(of: record.created.run).map(PlanDigest.of)].compactMap(
                \.self))
    }

    func announce(_ run: NewRun) throws -> RunRecord {
        do {
            _ = try launcher.announce(run)
        } catch {
            session.removeFolderOfNoRun(run.created.run)
            throw error
        }
        guard let record = try session.store.run(run.created.run) else {
            throw CommandFailure(.machine, "run \(run.created.run) is gone from the journal")
        }
        if session.form == .jsonl {
            session.streams.result(JournalJSON.lines(try session.store.entries(of: run.created.run, after: 0)))
        }
        return record
    }

    /// Takes in one thing and says how the run stands then.
    /// - Returns: the exit code.
    func settle(_ record: RunRecord, _ happening: Happening) async throws -> Int32 {
        try await say(record, try turn(record, happening))
    }

    /// Begins the run if everybody has signed; otherwise says who must.
    func begin(_ record: RunRecord, _ resumption: Resumption) async throws -> Int32 {
        let state = try turn(record, .tick)
        guard state.isUnbegun, state.isSigned else { return try await say(record, state) }
        return try await takeUp(record, resumption)
    }

    /// Stays until the run is signed and its environment free, and begins it.
    func beginWhenSigned(_ record: RunRecord, jobs: Int, interrupts: Interrupts? = nil) async throws -> Int32 {
        let interrupts = try interrupts ?? Interrupts(clock: SystemClock())
        let resumption = Resumption(session: session, jobs: jobs, staysForPeople: true, interrupts: interrupts)
        var reading = try RunReading(record, in: session.store)
        session.streams.progress(EndReport.staying(reading.view, now: SystemClock.wallTime))
        await session.notices.deliver(of: record.created.run)
        let progress: any Progress = session.form == .jsonl ? JSONLinesProgress() : PlainProgress()
        let gate = EnvironmentGate(store: session.store)
        let environment = record.created.environment
        while !interrupts.hasCome {
            let state = try turn(record, .tick)
            let entries = try reading.readOn(in: session.store)
            progress.took(entries, state: state, rules: [], now: SystemClock.wallTime)
            progress.finish()
            // Signed and taken up, rejected, expired or withdrawn by another process.
            guard state.isUnbegun else { return try await say(record, state) }
            if state.isSigned, try windowIsOpen(for: state.plan), try !gate.check(environment, bearsHolder: true) {
                do {
                    return try await takeUp(record, resumption)
                } catch let refusal as CommandFailure {
                    // Somebody else was faster by a moment.
                    guard try gate.check(environment, bearsHolder: true) else { throw refusal }
                }
            }
            try await SystemClock().sleep(Self.beat)
        }
        return try await say(record, try turn(record, .tick))
    }

    /// Or never opens, which is told when it is taken up.
    private func windowIsOpen(for plan: Plan) throws -> Bool {
        let answer = try WindowGate(store: session.store).answer(plan, now: SystemClock.wallTime)
        return answer.map { $0.finding.standing == .passed || $0.opens == nil } ?? true
    }

    private func takeUp(_ record: RunRecord, _ resumption: Resumption) async throws -> Int32 {
        let reading = try RunReading(record, in: session.store)
        // What was true when it was announced need not be any more.
        try EarlierRuns(store: session.store).requireEverything(of: reading.state.plan)
        do {
            return try await resumption.run(reading, acts: [])
        } catch is RunHasEnded {
            return try await say(record, try RunReading(record, in: session.store).state)
        }
    }

    private func turn(_ record: RunRecord, _ happening: Happening) throws -> RunState {
        let run = record.created.run
        let (state, refusal) = try RunErrors.explained(of: run, in: session.store) {
            try launcher.settle(run, happening)
        }
        guard let refusal else { return state }
        throw CommandFailure(.refused, "run \(run): \(refusal)", hint: "see: shipit status \(run)")
    }

    private func say(_ record: RunRecord, _ state: RunState) async throws -> Int32 {
        let run = record.created.run
        await session.notices.deliver(of: run)
        let output = RunOutput(run: run, plan: state.plan, folder: session.folder(of: run))
        return try EndWords(session.form, session.streams).say(run, state, in: session.store, output: output)
    }
}
