import Foundation
import ShipitCore
import ShipitEngine
import ShipitStore

/// What a journal keeps reads as it was written, and any other text is refused with words.
@Sendable func checkJournal(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    try checkDecoding(RunEvent.self, text)
    try checkDecoding(JournalEntry.self, text)
    try checkDecoding(RunCreated.self, text)
    try checkDecoding(Plan.self, text)
}

private func checkDecoding<Value: Codable>(_ type: Value.Type, _ text: String) throws {
    let value: Value
    do {
        value = try StoredJSON.decode(type, text)
    } catch {
        try expect(!"\(error)".isEmpty, "an error without words")
        return
    }
    let written = try StoredJSON.encode(value)
    let again = try StoredJSON.encode(try StoredJSON.decode(type, written))
    // Compared as text: not-a-number is nothing's equal.
    try expect(again == written, "\(written) was read as \(again)")
}

/// A value that the journal keeps comes out of it as it went in.
func expectKept<Value: Codable & Equatable>(_ value: Value) throws {
    let written = try StoredJSON.encode(value)
    let again = try StoredJSON.decode(Value.self, written)
    try expect(again == value, "\(written) was read as \(try StoredJSON.encode(again))")
}

/// However its file is damaged: a journal that passes the examination tells what was recorded.
@Sendable func checkDatabase(_ bytes: [UInt8]) throws {
    let original = try Recorded.shared.get()
    let folder = try ScratchFolder()
    var file = original.file
    var input = Input(bytes)
    while !input.isAtEnd, !file.isEmpty { damage(&file, &input) }
    try FileManager.default.createDirectory(
        atPath: folder.path + "/.shipit", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let path = folder.path + "/.shipit/journal.db"
    guard FileManager.default.createFile(atPath: path, contents: Data(file), attributes: [.posixPermissions: 0o600])
    else {
        throw Finding(description: "\(path) cannot be written")
    }
    // A file of length 0 is what a crash leaves of a database that was being made.
    guard !file.isEmpty, let view = try View(of: folder.path) else { return }
    try expect(view == original.view, "the examination passes, and this is told: \(view)")
}

/// One damage, as the input says: bytes turned, a stretch copied elsewhere or set to zero, the end cut off.
private func damage(_ file: inout [UInt8], _ input: inout Input) {
    let kind = input.byte()
    let place = input.number(below: file.count)
    switch kind % 8 {
    case 0...3: file[place] ^= max(1, input.byte())
    case 4, 5:
        let from = input.number(below: file.count)
        let count = min(Int(input.byte()) + 1, file.count - place, file.count - from)
        file.replaceSubrange(place..<place + count, with: Array(file[from..<from + count]))
    case 6:
        let count = min(Int(input.byte()) * 16 + 1, file.count - place)
        file.replaceSubrange(place..<place + count, with: repeatElement(0, count: count))
    default: file.removeLast(file.count - place)
    }
}

/// What a person would believe.
private struct View: Equatable {
    var runs: [RunRecord]
    var live: RunRecord?
    var plans: [Plan?]
    var entries: [[JournalEntry]]
    var locks: [LockState?]

    /// `nil` where the damage is told. Everything is asked for all the same: nothing may end the process.
    init?(of folder: String) throws {
        do {
            let store = try SQLiteStore(readingFolder: folder + "/.shipit")
            let told: StoreError? = Self.error {
                try store.verifyFile()
                for run in Recorded.runs { try store.verifyChain(of: run) }
            }
            let view: View? = try Self.view(of: store, mayFail: told != nil)
            guard told == nil, let view else { return nil }
            self = view
        } catch is StoreError {
            return nil
        }
    }

    private static func view(of store: SQLiteStore, mayFail: Bool) throws -> View? {
        var view = View(runs: [], live: nil, plans: [], entries: [], locks: [])
        let attempts: [() throws -> Void] = [
            { view.runs = try store.runs(matching: nil, environment: nil, limit: 10) },
            { view.live = try store.liveRun(pipeline: "deploy", environment: "production") },
            { view.plans = try Recorded.runs.map { try store.plan(of: $0) } },
            { view.entries = try Recorded.runs.map { try store.entries(of: $0, after: 0) } },
            { view.locks = try ["production", "staging"].map { try store.lock(of: $0) } },
        ]
        let errors = attempts.compactMap { error($0) }
        if let first = errors.first, !mayFail { throw first }
        return errors.isEmpty ? view : nil
    }

    private static func error(_ body: () throws -> Void) -> StoreError? {
        do { try body() } catch let error as StoreError { return error } catch {
            return .failed("read", cause: "\(error)")
        }
        return nil
    }

    private init(
        runs: [RunRecord], live: RunRecord?, plans: [Plan?], entries: [[JournalEntry]], locks: [LockState?]
    ) {
        self.runs = runs
        self.live = live
        self.plans = plans
        self.entries = entries
        self.locks = locks
    }
}

/// Two runs, one of them still going on, in a closed database.
private struct Recorded {
    static let runs: [RunID] = ["r1", "r2"]
    static let shared = Result { try Recorded() }

    var file: [UInt8]
    var view: View

    private init() throws {
        let folder = try ScratchFolder()
        let now = Instant(milliseconds: 1_768_181_400_000)
        do {
            let store = try SQLiteStore(folder: folder.path + "/.shipit")
            for (run, environment) in zip(Self.runs, ["production", "staging"]) {
                let new = Self.run(run, environment)
                try store.create(new, events: [.runCreated(new.created)], at: now)
                guard
                    case .taken(let epoch) = try store.takeLock(
                        environment: environment, run: run, holder: try .current())
                else { throw Finding(description: "\(environment) is taken") }
                let events = (1...4).map { RunEvent.attemptStarted(AttemptID(stage: "backup", number: $0)) }
                let last = try store.append(
                    events, to: run, at: now, epoch: epoch, after: 1, summary: RunSummaryState(state: .running))
                guard run == "r1" else { continue }
                let end = RunSummaryState(state: .finished, outcome: .succeeded, finishedAt: now)
                _ = try store.append(
                    [.runFinished(outcome: .succeeded, reason: nil)], to: run, at: now, epoch: epoch, after: last,
                    summary: end)
                try store.releaseLock(environment: environment, epoch: epoch, dirty: false)
            }
        }
        guard let bytes = FileManager.default.contents(atPath: folder.path + "/.shipit/journal.db"),
            let view = try View(of: folder.path)
        else { throw Finding(description: "what was recorded cannot be read") }
        file = Array(bytes)
        self.view = view
    }

    private static func run(_ id: RunID, _ environment: String) -> NewRun {
        let release = Release(
            tag: "v1.15.2", version: "1.15.2", commit: String(repeating: "a", count: 40),
            tagObject: String(repeating: "b", count: 40))
        let plan = Plan(
            pipeline: "deploy", environment: environment, release: release,
            stages: [PlannedStage(name: "backup", needs: [], perform: .script("cp app.db backups/"))])
        let created = RunCreated(
            run: id, pipeline: "deploy", environment: environment, release: release, planDigest: "sha256:0123",
            startedBy: "ana")
        return NewRun(created: created, plan: plan, root: "/srv/app", file: "pipelines/deploy.yaml")
    }
}
