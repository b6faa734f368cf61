import ShipitCore
import ShipitEngine

/// `deploy TAG --dry-run`: finds out what a deployment would do and what stands in its way, compares that with the time
/// before, and keeps it as a run that changed nothing. Takes no lock, and writes to the state folder alone.
struct DryRun {
    private let preparation: Preparation
    private let form: StreamForm
    private let streams: Streams
    private let firing: FiringKey?

    init(_ preparation: Preparation, form: StreamForm, streams: Streams, firing: FiringKey?) {
        self.preparation = preparation
        self.form = form
        self.streams = streams
        self.firing = firing
    }

    /// - Returns: the exit code: 0, or 3 where a deployment would be refused.
    func run() async throws -> Int32 {
        let began = SystemClock.wallTime
        let session = try Session(stateFolder: preparation.project.stateFolder, form: form, streams: streams)
        let facts = try await PlanWords.facts(preparation)
        let suites = try await DryRunChecks(preparation, session).ask()
        await Wiring.shutDown()
        let refusals = try refusals(suites)
        let events = try events(session, facts, suites, refusals, began: began)
        let run = try record(events, session)
        try say(run, facts, session)
        await session.notices.deliver(of: run)
        return refusals.isEmpty ? 0 : CommandFailure.Kind.refused.rawValue
    }

    // MARK: What is found

    /// Why a deployment would be refused whatever the hour. (Windows are looked at when one begins.)
    private func refusals(_ suites: [AskedSuite]) throws -> [String] {
        var reasons: [String] = []
        do {
            try preparation.releases.requireEverything(of: preparation.release)
        } catch {
            guard error.exitCode == CommandFailure.Kind.refused.rawValue else { throw error }
            reasons.append(error.message)
        }
        let gates = try EarlierRuns(store: preparation.store).findings(preparation.plan)
        reasons += gates.filter { $0.standing == .refused && $0.name != WindowWords.gate }.map(\.reason)
        if let trouble = preparation.file.equipment.trouble(in: preparation.plan) { reasons.append(trouble) }
        for suite in suites where suite.refuses {
            let failed = suite.answers.filter { $0.standing == .failed }.map(\.check)
            reasons.append("checks \(suite.suite) say NO-GO: \(failed.joined(separator: ", "))")
        }
        return reasons
    }

    private func events(
        _ session: Session, _ facts: PlanFacts, _ suites: [AskedSuite], _ refusals: [String], began: Instant
    ) throws -> [(event: RunEvent, at: Instant)] {
        let created = RunCreated(
            run: try session.newID(), pipeline: preparation.pipeline.name, environment: preparation.environment,
            release: preparation.release, planDigest: preparation.digest, startedBy: Session.person(session.holder),
            dryRun: true, firing: firing)
        var state = RunState(plan: preparation.plan)
        var events: [RunEvent] = previews(facts).map { .stagePreviewed($0) } + suites.map { .suiteAsked($0) }
        for event in events { state.apply(event, at: began) }
        events.append(.dryRunCompared(try comparison(state.dryRun, session)))
        let reason = refusals.isEmpty ? nil : refusals.joined(separator: "\n")
        events.append(.runFinished(outcome: refusals.isEmpty ? .succeeded : .refused, reason: reason))
        // What the clock was set back by meanwhile counts for nothing.
        let ended = max(began, SystemClock.wallTime)
        return [(.runCreated(created), began)] + events.map { ($0, ended) }
    }

    private func previews(_ facts: PlanFacts) -> [StagePreview] {
        preparation.plan.stages.filter { !$0.skipped && $0.hold == nil }.map { stage in
            var parts = StagePart.allCases.compactMap { part -> StagePreview.Part? in
                switch facts.preview(part, of: stage) {
                case .commands(let lines): StagePreview.Part(part: part.rawValue, commands: lines)
                case .opaque(let why): StagePreview.Part(part: part.rawValue, commands: nil, unknown: why)
                case nil: nil
                }
            }
            switch facts.pending[stage.name] {
            case .names(let names): parts.append(StagePreview.Part(part: "pending", commands: names))
            case .unknown(let why): parts.append(StagePreview.Part(part: "pending", commands: nil, unknown: why))
            case nil: break
            }
            return StagePreview(stage: stage.name, parts: parts)
        }
    }

    private func comparison(_ findings: DryRunFindings, _ session: Session) throws -> DryRunComparison {
        let last = try Wiring.dryRuns(session.stateFolder)
            .lastDryRun(pipeline: preparation.pipeline.name, environment: preparation.environment)
        guard let last else { return DryRunComparison(previous: nil, changes: []) }
        let before = try RunReading(last, in: session.store).state
        return DryRunComparison(
            previous: last.created.run, before: (before.plan, before.dryRun), after: (preparation.plan, findings))
    }

    // MARK: What is kept

    private func record(_ events: [(event: RunEvent, at: Instant)], _ session: Session) throws -> RunID {
        guard case .runCreated(let created)? = events.first?.event else {
            preconditionFailure("a run begins by being created")
        }
        let folder = try session.makeFolder(of: created.run, pipeline: preparation.file.text)
        let notes = NotesFile(inRunFolder: folder, secrets: [], clock: SystemClock())
        for (stage, line) in events.flatMap({ DryRunWords.log($0.event) }) {
            notes.note(line, key: CommandKey(run: created.run, attempt: AttemptID(stage: stage, number: 1)))
        }
        let run = NewRun(
            created: created, plan: preparation.plan, root: preparation.project.root, file: preparation.file.name)
        do {
            try Wiring.dryRuns(session.stateFolder).record(dryRun: run, events: events)
        } catch {
            session.removeFolderOfNoRun(created.run)
            throw error
        }
        return created.run
    }

    private func say(_ run: RunID, _ facts: PlanFacts, _ session: Session) throws {
        guard let record = try session.store.run(run) else {
            throw CommandFailure(.machine, "run \(run) is gone from the journal")
        }
        let view = try RunReading(record, in: session.store).view
        switch form {
        case .text: streams.result(PlanText.text(facts) + "\n" + DryRunWords.text(view))
        case .json:
            streams.result(
                PlanJSON.value(facts).adding("run", RunJSON.value(view)).adding("dryRun", DryRunJSON.value(view)).pretty
                    + "\n")
        case .jsonl: streams.result(JournalJSON.lines(try session.store.entries(of: run, after: 0)))
        }
    }
}
