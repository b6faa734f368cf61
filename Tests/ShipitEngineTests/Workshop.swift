import Foundation
import ShipitCore
import ShipitEngine

/// What an engine needs beside a store: one action, which says that it was begun and does what the test wants, and commands
/// that are only noted.
final class Workshop: Sendable {
    typealias Work = @Sendable (ActionContext) async throws(ActionError) -> [String: String]

    /// The run's own folder, gone with the test.
    let folder: String
    let begun = Begun()
    /// The keys of the commands that were run.
    let commands = Begun()
    private let secrets: [String: String]
    private let work: Work

    init(secrets: [String: String] = [:], work: @escaping Work = { _ in [:] }) throws {
        self.secrets = secrets
        self.work = work
        folder = NSTemporaryDirectory() + "shipit-engine-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed stays in the temporary folder: it harms no other test.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Begins a run of these stages, one after the other.
    func begin(_ stages: [StageName], notify: [NotifyEntry]? = nil, store: MemoryStore) throws -> Conductor {
        let release = Release(
            tag: "v1.0.0", version: "1.0.0", commit: String(repeating: "a", count: 40),
            tagObject: String(repeating: "b", count: 40))
        let planned = stages.enumerated().map { place, name in
            PlannedStage(
                name: name, needs: place == 0 ? [] : [stages[place - 1]], perform: ActionCall(action: "say"),
                undo: .action)
        }
        let plan = Plan(
            pipeline: "deploy", environment: "production", release: release, stages: planned, notify: notify)
        let created = RunCreated(
            run: "r1", pipeline: "deploy", environment: "production", release: release, planDigest: "sha256:0",
            startedBy: "ana")
        return try launcher(store).begin(
            NewRun(created: created, plan: plan, root: folder, file: "pipelines/deploy.yaml"),
            observer: SilentObserver()
        ) { _ in parts(store) }
    }

    /// Goes on with that run as another engine.
    func takeUp(store: MemoryStore, boot: String = "boot") throws -> Conductor {
        try launcher(store, boot: boot).takeUp("r1", acts: [], observer: SilentObserver()) { _, _ in parts(store) }
    }

    /// - Parameter equip: what a try needs may be missing.
    func sender(
        _ store: MemoryStore, equip: @escaping @Sendable () throws(ActionError) -> Void = {}
    ) -> OutboxSender {
        OutboxSender(store: store, clock: WallClock()) { [self] _, _, _, _ in
            try equip()
            return parts(store)
        }
    }

    /// Sends what is due and waits so long for it at most.
    func deliver(
        _ store: MemoryStore, within limit: TimeSpan = .seconds(10),
        equip: @escaping @Sendable () throws(ActionError) -> Void = {}
    ) async {
        let sender = sender(store, equip: equip)
        sender.finish("r1", within: limit)
        await sender.run()
    }

    private func launcher(_ store: MemoryStore, boot: String = "boot") -> Launcher {
        let holder = Holder(host: "here", pid: 1, startTime: 1, bootID: boot, user: "ana")
        return Launcher(store: store, clock: WallClock(), holder: holder)
    }

    private func parts(_ store: MemoryStore) -> EngineParts {
        EngineParts(
            store: store, processes: NotedCommands(commands: commands), clock: WallClock(),
            actions: [Saying(begun: begun, work: work)], probes: [], secrets: secrets, runFolder: folder, jobs: 2)
    }
}

/// What has been begun, and a way to wait for it.
final class Begun: @unchecked Sendable {
    // `@unchecked`: `names` is touched with `condition` locked.
    private let condition = NSCondition()
    private var names: [String] = []

    var all: [String] {
        condition.lock()
        defer { condition.unlock() }
        return names
    }

    func add(_ name: String) {
        condition.lock()
        names.append(name)
        condition.broadcast()
        condition.unlock()
    }

    /// Whether it was begun within this time.
    func contains(_ name: String, within seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while !names.contains(name) {
            if !condition.wait(until: end) { return names.contains(name) }
        }
        return true
    }
}

private struct Saying: Action {
    let begun: Begun
    let work: Workshop.Work

    let description = ActionDescription(
        name: "say", help: "Says that it was begun.", inputs: [], outputs: nil, undo: .performs)

    func preview(_ context: ActionContext) async throws(ActionError) -> [String] { [] }

    func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        begun.add(context.attempt.stage.text)
        return try await work(context)
    }

    func verify(_ context: ActionContext) async throws(ActionError) -> Verification { .notDone }

    func undo(_ context: ActionContext) async throws(ActionError) { begun.add("undo-\(context.attempt.stage)") }
}

private struct WallClock: EngineClock {
    var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    func sleep(_ span: TimeSpan) async throws { try await Task.sleep(for: .milliseconds(span.milliseconds)) }
}

private struct NotedCommands: Processes {
    let commands: Begun

    func run(_ key: CommandKey, _ request: CommandRequest) async throws(ProcessesError) -> CommandEnd {
        commands.add(key.text)
        return .exited(0)
    }
    func record(of key: CommandKey) async throws(ProcessesError) -> CommandRecord { .absent }
    func end(prefix: String) async throws(ProcessesError) {}
    func output(of key: CommandKey, limit: Int) async throws(ProcessesError) -> CommandOutput { CommandOutput() }
    func finish() async throws(ProcessesError) {}
}
