import Foundation
import ShipitActions
import ShipitCore
import ShipitEngine

/// One suite of a pipeline in one environment, ready to be asked: everything of it known that is known outside of a run.
struct SuiteDesk {
    let project: Project
    let key: SuiteKey
    /// The suite as planned: variables and the release filled in, secrets not.
    let checks: [Check]
    let book: any CheckBook
    private let plan: Plan
    private let hasRelease: Bool
    private let tree: String?

    struct Wishes {
        var suite: String
        var pipeline: String?
        var environment: String?
        /// The release that the suite's references mean; `nil`: none, and nothing may refer to one.
        var tag: String?
        /// `K=V`, as typed.
        var settings: [String]
        /// Whether the suite is to be asked; a person's word needs nothing of what it refers to.
        var isAsked = true
    }

    init(_ wishes: Wishes, project: Project, streams: Streams) throws {
        self.project = project
        let file = try PipelineFile.load(wishes.pipeline, of: project, says: streams)
        let pipeline = EnvironmentChoice.complete(file.pipeline)
        guard let checks = pipeline.suites[wishes.suite] else {
            throw Self.unknown(wishes.suite, pipeline.suites.keys.sorted())
        }
        let environment = try EnvironmentChoice.choose(
            wishes.environment, of: pipeline, questions: Questions(streams: streams))
        if wishes.isAsked {
            try Self.refuseReferences(of: checks, suite: wishes.suite, hasRelease: wishes.tag != nil)
        }
        let settings = try Preparation.settings(wishes.settings)
        var release = Release(tag: "", version: "", commit: "", tagObject: "")
        var previous: Release?
        var tree: String?
        if let tag = wishes.tag {
            let releases = try Releases(pipeline.release, of: project)
            release = try releases.release(tag)
            let store = try Wiring.storeForReading(project.stateFolder)
            previous = try store.liveRun(pipeline: pipeline.name, environment: environment)?.created.release
            if checks.flatMap(\.references).contains(where: CheckValues.isTree) {
                _ = try Wiring.store(project.stateFolder)
                tree = try Trees(stateFolder: project.stateFolder).export(release, from: releases)
            }
        }
        var asked = pipeline
        (asked.stages, asked.monitor, asked.suites) = ([], nil, [wishes.suite: checks])
        plan = try Planner(asked, catalog: file.equipment.catalog).plan(
            release, in: environment, previous: previous, settings: settings)
        hasRelease = wishes.tag != nil
        self.tree = tree
        key = SuiteKey(pipeline: pipeline.name, environment: environment, suite: wishes.suite)
        self.checks = plan.suites[wishes.suite] ?? []
        book = Wiring.checkBook(project.stateFolder)
    }

    /// Asks every check, keeps what came of it, and says it.
    /// - Parameter fresh: asks also what passed not long ago.
    func ask(jobs: Int, fresh: Bool) async throws -> SuiteOutcome {
        let words = try book.words(on: key)
        let green = try book.newestGreen(of: key)
        let before = try book.newest(of: key)
        let secrets = try secrets()
        let values = CheckValues(plan: plan, tree: tree, secrets: secrets)
        let resolved = try checks.map { check in try values.resolve(check) }
        let clock = SystemClock()
        let start = clock.now
        let runner = SuiteRunner(
            concurrency: jobs, ask: { await CheckValues.measure($0, $1) },
            pause: { (span) throws(ActionError) in
                do { try await clock.sleep(span) } catch { throw .cancelled }
            }, now: { clock.now })
        let fingerprints = Dictionary(
            checks.map { ($0.name, PlanDigest.ofQuestion($0)) }, uniquingKeysWith: { first, _ in first })
        let report: SuiteReport
        do throws(ActionError) {
            report = try await runner.run(
                resolved, directory: project.root,
                variables: CommandVariables.outsideOfRuns(
                    plan, caller: ProcessInfo.processInfo.environment, tree: tree, hasRelease: hasRelease),
                secretValues: Array(secrets.values), words: words,
                believed: fresh ? [:] : believed(before, fingerprints, now: start))
        } catch {
            throw CommandFailure(.machine, "the suite could not be asked: \(error)")
        }
        let record = report.record(at: start, fingerprints: fingerprints)
        try book.keep(record, of: key)
        return SuiteOutcome(
            key: key, report: report, record: record, green: green, duration: clock.now - start)
    }

    // MARK: What is asked

    /// Passes that are not older than their check's `ttl`, of the same question. What people say has a rule of its own.
    private func believed(
        _ before: SuiteRecord?, _ fingerprints: [String: String], now: Instant
    ) -> [String: KeptResult] {
        var believed: [String: KeptResult] = [:]
        for check in checks where !check.isManual {
            guard let ttl = check.ttl, let kept = before?.results.first(where: { $0.name == check.name }),
                kept.standing == .passed, now < kept.at + ttl, kept.at <= now,
                kept.fingerprint == fingerprints[check.name]
            else { continue }
            believed[check.name] = kept
        }
        return believed
    }

    private func secrets() throws(CommandFailure) -> [String: String] {
        var names: Set<String> = []
        for case .secret(let name) in checks.flatMap(\.references) { names.insert(name) }
        let reader = SecretReader(root: project.root, environment: ProcessInfo.processInfo.environment)
        return try reader.read(plan.secrets.filter { names.contains($0.key) }).values
    }

    // MARK: Refusals

    private static func unknown(_ suite: String, _ known: [String]) -> CommandFailure {
        let near = Suggestion.closest(to: suite, among: known)
        return CommandFailure(
            .usage, "there is no suite \"\(SafeText.line(suite))\" under checks:",
            hint: near.map { "did you mean \($0)?" }
                ?? (known.isEmpty ? nil : "suites: \(known.joined(separator: ", "))"))
    }

    private static func refuseReferences(of checks: [Check], suite: String, hasRelease: Bool) throws(CommandFailure) {
        for check in checks {
            for reference in check.references {
                switch reference {
                case .release, .target, .previous:
                    guard !hasRelease else { continue }
                    throw CommandFailure(
                        .usage, "suite \(suite) is about a release: check \"\(check.name)\" refers to \(reference)",
                        hint: "say which with --tag TAG")
                case .run, .output, .instance, .item:
                    throw CommandFailure(
                        .usage, "check \"\(check.name)\" refers to \(reference), which only a deployment knows")
                case .variable, .secret, .environment: continue
                }
            }
        }
    }
}

/// What came of asking a suite, beside what came of it before.
struct SuiteOutcome {
    var key: SuiteKey
    var report: SuiteReport
    var record: SuiteRecord
    /// The newest that was GO before this one.
    var green: SuiteRecord?
    var duration: TimeSpan

    var isGo: Bool { report.passed }

    struct Change: Hashable {
        var name: String
        /// `nil`: the check was not there.
        var before: KeptResult.Standing?
        /// `nil`: it is there no more.
        var after: KeptResult.Standing?
    }

    /// What stands otherwise than in the last green run.
    var changes: [Change] {
        guard let green else { return [] }
        var before: [String: KeptResult.Standing] = [:]
        for result in green.results { before[result.name] = result.standing }
        var changes: [Change] = []
        for result in record.results {
            let old = before.removeValue(forKey: result.name)
            if old != result.standing { changes.append(Change(name: result.name, before: old, after: result.standing)) }
        }
        for result in green.results where before[result.name] != nil {
            changes.append(Change(name: result.name, before: result.standing, after: nil))
        }
        return changes
    }
}
