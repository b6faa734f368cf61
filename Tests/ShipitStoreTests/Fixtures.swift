import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

/// A folder of the test's own, removed with it.
final class ScratchFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("shipit-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var state: String { path + "/.shipit" }
    var database: String { state + "/journal.db" }
}

enum Sample {
    static let start = Instant(milliseconds: 1_768_181_400_000)
    static let release = Release(
        tag: "v1.15.2", version: "1.15.2", commit: String(repeating: "a", count: 40),
        tagObject: String(repeating: "b", count: 40))

    static func run(
        _ id: RunID, environment: String = "production", pipeline: String = "deploy", dryRun: Bool = false,
        isRehearsal: Bool = false
    ) -> NewRun {
        let plan = Plan(
            pipeline: pipeline, environment: environment, release: release,
            stages: [PlannedStage(name: "backup", needs: [], perform: .script("cp app.db backups/"))])
        let created = RunCreated(
            run: id, pipeline: pipeline, environment: environment, release: release, planDigest: "sha256:0123",
            startedBy: "ana", dryRun: dryRun, isRehearsal: isRehearsal)
        return NewRun(created: created, plan: plan, root: "/srv/app", file: "pipelines/\(pipeline).yaml")
    }

    static func events(_ count: Int) -> [RunEvent] {
        (1...count).map { .attemptStarted(AttemptID(stage: "backup", number: $0)) }
    }

    /// Some process of this machine; `startTime` tells which of all that had its number.
    static func holder(pid: Int, startTime: Int64) throws -> Holder {
        var holder = try Holder.current()
        (holder.pid, holder.startTime) = (pid, startTime)
        return holder
    }
}

/// Another process, which does nothing, and ends when it is told to. Spawned plainly: it gets every file that isn't closed
/// on purpose.
final class OtherProcess {
    let holder: Holder
    private var isRunning = true

    init() throws {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { for argument in arguments { free(argument) } }
        let result = posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, environ)
        guard result == 0, case .running(let startTime) = ProcessLife.of(Int(pid)) else {
            throw StoreError.failed("start a process", cause: "\(result)")
        }
        holder = try Sample.holder(pid: Int(pid), startTime: startTime)
    }

    func kill() {
        guard isRunning else { return }
        isRunning = false
        Glibc.kill(pid_t(holder.pid), SIGKILL)
        var status: Int32 = 0
        while waitpid(pid_t(holder.pid), &status, 0) < 0, errno == EINTR {}
    }

    deinit { kill() }
}

extension RunStore {
    /// A run of the given id with its lock taken, as an engine would begin it.
    func begin(_ run: NewRun, holder: Holder? = nil) throws -> Epoch {
        try create(run, events: [.runCreated(run.created)], at: Sample.start)
        let answer = try takeLock(
            environment: run.created.environment, run: run.created.run, holder: try holder ?? .current())
        guard case .taken(let epoch) = answer else { throw StoreError.failed("begin a run", cause: "\(answer)") }
        return epoch
    }

    func finish(_ run: NewRun, _ outcome: Outcome, epoch: Epoch) throws {
        let last = try #require(try self.run(run.created.run)).lastSequence
        _ = try append(
            [.runFinished(outcome: outcome, reason: nil)], to: run.created.run, at: Sample.start + .minutes(1),
            epoch: epoch,
            after: last,
            summary: RunSummaryState(state: .finished, outcome: outcome, finishedAt: Sample.start + .minutes(1)))
        try releaseLock(environment: run.created.environment, epoch: epoch, dirty: outcome == .failed)
    }
}
