import ShipitCore
import ShipitEngine

/// Which run a command means: an id, a unique beginning of one, or `latest`.
struct RunChoice {
    let store: any RunStore
    var environment: String?
    var pipeline: String?

    /// How many runs a choice looks back over. Whoever means an older one gives its id.
    private static let depth = 500

    /// The run that `given` names.
    /// - Parameter dryRuns: whether a dry-run can be the latest one.
    func run(_ given: String, dryRuns: Bool) throws -> RunRecord {
        if given == "latest" {
            if let latest = try newest(where: { dryRuns || !$0.created.dryRun }) { return latest }
            throw CommandFailure(.usage, "there is no run\(filterWords) yet", hint: "see: shipit runs")
        }
        if RunChoice.canBeID(given), let exact = try store.run(RunID(given)) { return exact }
        let matches = RunChoice.canBeID(given) ? try store.runs(matching: given, environment: nil, limit: 20) : []
        switch matches.count {
        case 0: throw CommandFailure(.usage, "there is no run \"\(given)\"", hint: "see: shipit runs")
        case 1: return matches[0]
        default:
            throw CommandFailure(
                .usage, "several runs begin with \"\(given)\":\n  " + matches.map(Self.words).joined(separator: "\n  "),
                hint: "give more of the id")
        }
    }

    /// Newest first, of this environment and pipeline where they are given.
    func recent(atMost limit: Int = depth) throws -> [RunRecord] {
        // The store filters by environment alone, so among the newest ones there may be too few of the pipeline.
        let looked = pipeline == nil ? limit : max(limit, Self.depth)
        let records = try store.runs(matching: nil, environment: environment, limit: looked)
        return Array(records.filter { record in pipeline.map { record.created.pipeline == $0 } ?? true }.prefix(limit))
    }

    func newest(where isMeant: (RunRecord) throws -> Bool) throws -> RunRecord? { try recent().first(where: isMeant) }

    /// The runs that `rollback` and `cancel` without a RUN may mean: of each pipeline in each environment the one that is
    /// unfinished (or has left it dirty), else the one that is live there.
    func candidates(includingLive: Bool) throws -> [RunRecord] {
        var seen: Set<[String]> = []
        var candidates: [RunRecord] = []
        for record in try recent() where !record.created.dryRun {
            let isMeant =
                includingLive ? try isUnfinished(record) || isLiveOutcome(record) : record.summary.outcome == nil
            guard isMeant, seen.insert([record.created.pipeline, record.created.environment]).inserted else { continue }
            candidates.append(record)
        }
        return candidates
    }

    /// The run that was named, or the only one that can be meant.
    func meant(_ given: String?, _ verb: String, includingLive: Bool, questions: Questions) throws -> RunRecord {
        if let given { return try run(given, dryRuns: false) }
        let candidates = try candidates(includingLive: includingLive)
        switch candidates.count {
        case 0: throw CommandFailure(.usage, "there is no run\(filterWords) to \(verb)", hint: "see: shipit runs")
        case 1: return candidates[0]
        default: return try ask("Which run do you want to \(verb)?", candidates, questions: questions)
        }
    }

    /// Begun and not ended, or ended with something left that keeps the environment closed.
    func isUnfinished(_ record: RunRecord) throws -> Bool {
        if record.summary.outcome == nil { return true }
        guard let lock = try store.lock(of: record.created.environment) else { return false }
        return lock.run == record.created.run && lock.dirty
    }

    /// Whether this is what runs in its environment now.
    func isLive(_ record: RunRecord) throws -> Bool {
        let created = record.created
        return try store.liveRun(pipeline: created.pipeline, environment: created.environment)?.created.run
            == created.run
    }

    private func isLiveOutcome(_ record: RunRecord) -> Bool {
        record.summary.outcome == .succeeded || record.summary.outcome == .superseded
    }

    /// One of several, asked for on a terminal.
    func ask(_ question: String, _ candidates: [RunRecord], questions: Questions) throws -> RunRecord {
        if questions.isThere {
            let choices = candidates.map { (name: $0.created.run.text, words: Self.words($0)) }
            if let chosen = questions.choice(question, among: choices) { return candidates[chosen] }
        }
        throw CommandFailure(
            .usage, "several runs can be meant:\n  " + candidates.map(Self.words).joined(separator: "\n  "),
            hint: "name the run")
    }

    static func words(_ record: RunRecord) -> String {
        let created = record.created
        let state = StateWords.of(phase: record.summary.state, outcome: record.summary.outcome)
        return "\(created.run)  \(SafeText.line(created.release.tag)) to \(created.environment), \(state)"
    }

    private var filterWords: String {
        (pipeline.map { " of pipeline \($0)" } ?? "") + (environment.map { " in \($0)" } ?? "")
    }

    /// The store takes prefixes as they are; what no id can hold must not reach it.
    static func canBeID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
