import Foundation
import ShipitCore
import ShipitEngine

/// Sends what the outbox holds, of every run of a state folder: each message by its plugin, under a supervisor of its own.
///
/// A service sends for as long as it lives: `await session.notices.run()`, ended by cancelling its task. A command sends
/// beside what it does (`sending`), or when it has recorded something and leaves (`deliver`).
struct NoticeDesk {
    let store: any RunStore
    let stateFolder: String
    /// What this process has of the run that it drives: its secrets are not asked for again.
    var driven: (run: RunID, resources: RunResources)?

    /// How long the end of a command waits for a message at most; what hangs is ended then, within two seconds.
    static let patience = TimeSpan.seconds(8)
    /// A program that gives a secret must leave time for the message.
    private static let secretTimeout = TimeSpan.seconds(5)

    /// Until the task is cancelled.
    func run() async { await sender().run() }

    /// What is due of the run, and for how long that takes at most.
    func deliver(of run: RunID) async {
        let sender = sender()
        sender.finish(run, within: Self.patience)
        await sender.run()
    }

    /// Sends while `body` goes on, and then what is due of the run.
    func sending<Value, Failure: Error>(
        of run: RunID, during body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let sender = sender()
        let sending = Task { await sender.run() }
        let result: Result<Value, Failure>
        do throws(Failure) { result = .success(try await body()) } catch { result = .failure(error) }
        sender.finish(run, within: Self.patience)
        await sending.value
        return try result.get()
    }

    private func sender() -> OutboxSender {
        OutboxSender(
            store: store, clock: SystemClock(),
            equip: { message, record, plan, call in try equip(message, record, plan, call) },
            clear: { message in
                // Best effort: what stays of a try, the next one removes.
                try? FileManager.default.removeItem(atPath: folder(of: message))
            }, explain: Self.words)
    }

    private func folder(of message: OutboxNotice) -> String {
        let name = "\(message.notice.source.name)-\(message.notice.sequence)"
        return Project.runFolder(of: message.run, in: stateFolder) + "/outbox/" + name
    }

    private func equip(
        _ message: OutboxNotice, _ record: RunRecord, _ plan: Plan, _ call: ActionCall
    ) throws -> EngineParts {
        let folder = folder(of: message)
        if let reason = Sharing(of: stateFolder).makeFolder(folder) {
            throw CommandFailure(.machine, "its folder cannot be made: \(reason)")
        }
        let known = driven.flatMap { $0.run == message.run ? $0.resources : nil }
        let equipment = known?.equipment ?? Wiring.equipment(ofProject: record.root).held(to: plan)
        let secrets = try known?.secrets ?? secrets(of: call, plan, record, equipment)
        return Wiring.parts(
            message.run, epoch: Epoch(Int64(message.tries)), store: store,
            resources: RunResources(folder: folder, equipment: equipment, secrets: secrets, jobs: 1))
    }

    /// Those that the call uses, as they are now.
    private func secrets(
        of call: ActionCall, _ plan: Plan, _ record: RunRecord, _ equipment: Equipment
    ) throws -> [String: String] {
        var names = Set(equipment.catalog.actions[call.action]?.access?.secrets ?? [])
        for case .secret(let name) in call.inputs.values.flatMap(\.references) { names.insert(name) }
        let reader = SecretReader(
            root: record.root, environment: ProcessInfo.processInfo.environment, commandTimeout: Self.secretTimeout)
        return try reader.read(plan.secrets.filter { names.contains($0.key) }).values
    }

    /// On one line.
    private static func words(_ error: any Error) -> String {
        ErrorText.failure(error).message.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
    }
}

extension Session {
    var notices: NoticeDesk { NoticeDesk(store: store, stateFolder: stateFolder) }
}
