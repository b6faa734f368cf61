import ArgumentParser
import Foundation
import ShipitCore
import ShipitEngine

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Deploy a release: plan it, take the lock, run it, monitor it.",
        discussion: "A tag that begins with a dash is given after --, as in: shipit deploy -- -strange-tag")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Flag(
        help: """
            Only find out what would happen, and keep it as a run that changed nothing: plan, previews, and the answers of \
            the checks.
            """)
    var dryRun = false

    @Option(help: ArgumentHelp("With latest: the highest version among the tags like this.", valueName: "pattern"))
    var matching: String?

    /// The time of a schedule that this process was started for.
    @Option(help: .hidden)
    var firing: FiringOrder?

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Stages at once; default: one a core.", valueName: "count"))
    var jobs: Int?

    @Flag(help: "Do not ask before the first change.")
    var yes = false

    @Flag(
        help: "Wait for windows, sign-offs and the environment's lock, instead of leaving or being refused.")
    var wait = false

    @Flag(help: "Leave once the run is under way; it goes on by itself, and attach looks at it.")
    var detach = false

    /// The process that goes on, told by standard input what to begin.
    @Flag(help: .hidden)
    var detachedEngine = false

    @Flag(help: "Deploy although this commit is live already.")
    var again = false

    @Option(help: ArgumentHelp("The release to go back to; default: the one that is live.", valueName: "tag"))
    var previous: String?

    @Option(
        help: ArgumentHelp(
            "Deploy to one environment after the other; stop at the first that is no success.",
            valueName: "env,env"))
    var through: String?

    @Argument(help: ArgumentHelp("The tag to deploy, or latest.", valueName: "tag"))
    var tag: String

    func run() async throws {
        let streams = Streams()
        let wishes = Preparation.Wishes(
            tag: tag, matching: matching, pipeline: target.pipeline, environment: target.env, settings: set,
            previous: previous)
        let jobs = try Session.jobs(jobs)
        let project = try place.place().project()
        try refuseContradictions()
        guard let through else {
            let claim = try firing.flatMap { detachedEngine ? nil : try FiringClaim($0, project) }
            let code = try await FiringClaim.run(under: claim, streams) {
                try await deploy(wishes, project, jobs: jobs, streams, interrupts: nil)
            }
            try RunEnd.leaveRun(with: code)
        }
        let passage = try Passage(through, besides: target.env)
        try RunEnd.leaveRun(
            with: try await passage.go(wishes, project, streams) { wishes, interrupts in
                try await deploy(wishes, project, jobs: jobs, streams, interrupts: interrupts)
            })
    }

    private func refuseContradictions() throws(CommandFailure) {
        if through != nil, detach { throw CommandFailure(.usage, "--detach starts one run, and --through several") }
        if dryRun, detach { throw CommandFailure(.usage, "a dry-run leaves nothing to go on: give no --detach") }
        if matching != nil, tag != ScheduleEntry.latest {
            throw CommandFailure(
                .usage, "--matching chooses among tags, and \(SafeText.line(tag)) is one",
                hint: "give latest as the tag")
        }
    }

    /// - Returns: the exit code.
    private func deploy(
        _ wishes: Preparation.Wishes, _ project: Project, jobs: Int, _ streams: Streams, interrupts: Interrupts?
    ) async throws -> Int32 {
        let preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        if dryRun {
            for warning in try preparation.warnings() { streams.warning(warning) }
            return try await DryRun(preparation, form: output.output, streams: streams, firing: firing?.key).run()
        }
        try preparation.releases.requireEverything(of: preparation.release)
        for warning in try preparation.warnings() { streams.warning(warning) }
        var deployment = Deployment(
            preparation, form: output.output, jobs: jobs, streams: streams, interrupts: interrupts)
        deployment.waits = wait
        deployment.detaches = detach
        deployment.firing = firing?.key
        if detachedEngine { deployment.order = try DetachedOrder.read() }
        while try await deployment.hasWaited() {
            // What became live meanwhile is what an undo goes back to.
            deployment.preparation = try Preparation(wishes, project: project, streams: streams, mayAsk: true)
        }
        return try await deployment.run(again: again, asks: !yes)
    }
}

/// A deployment that has been prepared: the last looks before anything changes, and the run itself.
struct Deployment {
    var preparation: Preparation
    /// For people and for the lock.
    var waits = false
    var detaches = false
    /// Whether it is taken back at its end.
    var isRehearsal = false
    /// For the process that goes on where another one detached it.
    var order: DetachedOrder?
    /// The time of a schedule that it is for.
    var firing: FiringKey?
    private let form: StreamForm
    private let jobs: Int
    private let streams: Streams
    /// Of a command that deploys more than once.
    private let interrupts: Interrupts?

    init(
        _ preparation: Preparation, form: StreamForm, jobs: Int, streams: Streams, interrupts: Interrupts? = nil
    ) {
        self.interrupts = interrupts
        self.preparation = preparation
        self.form = form
        self.jobs = jobs
        self.streams = streams
    }

    /// Waits for whatever it must wait for, if that is wanted.
    /// - Returns: whether there was anything: then it is prepared and looked at again.
    func hasWaited() async throws -> Bool {
        if try await waitsForWindow() { return true }
        return try await waitsForLock()
    }

    /// Waits until nobody drives a run in the environment any more, if that is wanted. A run that people sign waits later.
    /// - Returns: whether there was somebody.
    private func waitsForLock() async throws -> Bool {
        guard waits, preparation.plan.approvals == nil else { return false }
        let gate = EnvironmentGate(store: preparation.store)
        guard try gate.check(preparation.environment, bearsHolder: true) else { return false }
        let lock = try preparation.store.lock(of: preparation.environment)
        streams.progress(
            "waiting for \(preparation.environment)" + (lock.map { ", which run \($0.run) has" } ?? "") + "\n")
        while try gate.check(preparation.environment, bearsHolder: true) {
            try await SystemClock().sleep(.milliseconds(250))
        }
        return true
    }

    /// Waits until the environment's windows let it begin, if that is wanted. A run that people sign waits later.
    /// - Returns: whether it had to.
    private func waitsForWindow() async throws -> Bool {
        guard waits, preparation.plan.approvals == nil else { return false }
        let gate = WindowGate(store: preparation.store)
        var hasWaited = false
        while let answer = try gate.answer(preparation.plan, now: SystemClock.wallTime),
            answer.finding.standing == .refused, answer.opens != nil
        {
            if !hasWaited { streams.progress("waiting: \(SafeText.line(answer.finding.reason))\n") }
            hasWaited = true
            if interrupts?.hasCome == true { throw CommandFailure(.refused, "interrupted; nothing was changed") }
            // Short, because clocks are set and machines sleep.
            try await SystemClock().sleep(.milliseconds(500))
        }
        return hasWaited
    }

    func run(again: Bool, asks: Bool) async throws -> Int32 {
        let project = preparation.project
        let mustBeSigned = preparation.plan.approvals != nil
        try JournalGate(store: preparation.store).check(preparation.environment)
        try EnvironmentGate(store: preparation.store).check(preparation.environment, bearsHolder: mustBeSigned)
        if preparation.isLiveAlready, !again, let live = preparation.live {
            try sayLiveAlready(live)
            return 0
        }
        try EarlierRuns(store: preparation.store).requireEverything(of: preparation.plan, bearsWindow: mustBeSigned)
        let window = try WindowGate(store: preparation.store).answer(preparation.plan, now: SystemClock.wallTime)
        if let warning = window?.warning { streams.warning(warning) }
        if let trouble = preparation.file.equipment.trouble(in: preparation.plan) {
            throw CommandFailure(.refused, "\(trouble)\nnothing was changed", hint: "see: shipit plugin list")
        }
        let secrets = try secrets()
        if asks { try ask() }

        let session = try Session(stateFolder: project.stateFolder, form: form, streams: streams)
        let trees = Trees(stateFolder: project.stateFolder)
        let tree = try trees.export(preparation.release, from: preparation.releases)
        let previousTree = try previousTree(trees)
        let run = try newRun(in: session, mustBeSigned: mustBeSigned)
        if detaches, waits || !mustBeSigned { return try await detach(run, secrets, session) }
        if mustBeSigned { return try await announce(run, session) }
        let resources = RunResources(
            folder: try session.makeFolder(of: run.created.run, pipeline: preparation.file.text),
            equipment: preparation.file.equipment.held(to: preparation.plan), secrets: secrets, releaseTree: tree,
            previousTree: previousTree,
            jobs: jobs, staysForPeople: waits)
        tellBeginning(run)
        return try await RunDriver(session: session, interrupts: interrupts).begin(run, with: resources)
    }

    private func newRun(in session: Session, mustBeSigned: Bool) throws -> NewRun {
        NewRun(
            created: RunCreated(
                run: try order.map { RunID($0.run) } ?? session.newID(), pipeline: preparation.pipeline.name,
                environment: preparation.environment, release: preparation.release, planDigest: preparation.digest,
                startedBy: Session.person(session.holder), liveRun: mustBeSigned ? preparation.live?.created.run : nil,
                isRehearsal: isRehearsal, firing: firing),
            plan: preparation.plan, root: preparation.project.root, file: preparation.file.name)
    }

    /// Their values. Who was detached has them from where there was a terminal to ask at.
    private func secrets() throws -> [String: String] {
        if let order {
            guard order.planDigest == preparation.digest else {
                throw CommandFailure(
                    .refused, "what would be deployed has changed in the moment before it began; nothing was changed",
                    hint: "deploy it again")
            }
            return order.secrets
        }
        let project = preparation.project
        let secrets = try SecretReader(root: project.root, environment: ProcessInfo.processInfo.environment)
            .read(preparation.plan.secrets)
        for warning in secrets.warnings { streams.warning(warning) }
        return secrets.values
    }

    /// Leaves the run to a process of its own, once that has begun it.
    private func detach(_ run: NewRun, _ secrets: [String: String], _ session: Session) async throws -> Int32 {
        var created = run.created
        // What waits already with this very plan is what goes on.
        if run.plan.approvals != nil, let waiting = try WaitingRun(session: session).existing(like: created) {
            created = waiting.created
        }
        let folder = try session.makeFolder(of: created.run, pipeline: preparation.file.text)
        let order = DetachedOrder(run: created.run.text, planDigest: created.planDigest, secrets: secrets)
        let id = created.run
        let early = try await Detachment(folder: folder, order: order).start { try session.store.run(id) != nil }
        guard early == nil else {
            if let words = early?.words { streams.progress(words) }
            session.removeFolderOfNoRun(created.run)
            return early?.code ?? 1
        }
        return try tellDetached(created, in: folder, session)
    }

    private func tellDetached(_ created: RunCreated, in folder: String, _ session: Session) throws -> Int32 {
        let words =
            "detached: run \(created.run) goes on by itself\n"
            + "next: \(TypedPlace.complete("shipit attach \(created.run)"))\n"
            + "  (what its engine says is in \(SafeText.line(folder))/\(Detachment.logName))\n"
        switch form {
        case .text: streams.result(words)
        case .json, .jsonl:
            streams.progress(words)
            guard form == .json, let record = try session.store.run(created.run) else { break }
            streams.result(StatusJSON.text(try RunReading(record, in: session.store).view))
        }
        return 6
    }

    private func tellBeginning(_ run: NewRun) {
        streams.progress("run \(run.created.run), state in \(SafeText.line(preparation.project.stateFolder))\n")
    }

    /// A run that people must sign first. Deploying the same once more goes on with the one that waits.
    private func announce(_ run: NewRun, _ session: Session) async throws -> Int32 {
        let waiting = WaitingRun(session: session)
        let record: RunRecord
        if let existing = try waiting.existing(like: run.created) {
            streams.progress("run \(existing.created.run) waits with this very plan already\n")
            record = existing
        } else {
            _ = try session.makeFolder(of: run.created.run, pipeline: preparation.file.text)
            tellBeginning(run)
            record = try waiting.announce(run)
        }
        if waits { return try await waiting.beginWhenSigned(record, jobs: jobs, interrupts: interrupts) }
        return try await waiting.begin(
            record, Resumption(session: session, jobs: jobs, interrupts: interrupts))
    }

    /// A release that can no longer be had is no way back; better known now than in the middle of an undo.
    private func previousTree(_ trees: Trees) throws -> String? {
        guard let previous = preparation.plan.previous else { return nil }
        do {
            return try trees.export(previous, from: preparation.releases)
        } catch {
            let failure = ErrorText.failure(error)
            throw CommandFailure(
                .refused,
                "the release to go back to, \(previous.tag) (\(previous.commit.prefix(12))), cannot be had: "
                    + failure.message, hint: "bring its commit back, or name another release with --previous TAG")
        }
    }

    private func ask() throws(CommandFailure) {
        let questions = Questions(streams: streams)
        guard questions.isThere else { return }
        let plan = preparation.plan
        let before = plan.previous.map { "; \($0.tag) is live there" } ?? ""
        let question =
            "\(isRehearsal ? "rehearse the rollback of" : "deploy") \(plan.release.tag) "
            + "(\(plan.release.commit.prefix(12))) \(isRehearsal ? "in" : "to") \(plan.environment)\(before): \(Words.count(plan.stages.count, "stage")). Go on?"
        guard questions.confirms(SafeText.line(question)) else {
            throw CommandFailure(.refused, "not confirmed; nothing was changed")
        }
    }

    private func sayLiveAlready(_ live: RunRecord) throws {
        let words =
            "already live: \(SafeText.line(preparation.release.tag)) on \(preparation.environment)"
            + " (run \(live.created.run)); --again deploys it once more\n"
        switch form {
        case .text: streams.result(words)
        case .json:
            streams.progress(words)
            streams.result(StatusJSON.text(try RunReading(live, in: preparation.store).view))
        case .jsonl: streams.progress(words)
        }
    }
}
