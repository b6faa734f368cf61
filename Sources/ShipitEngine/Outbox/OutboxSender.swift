public import ShipitCore
internal import Synchronization

/// Sends what the outbox holds, whoever's runs it is of. It never throws and never waits for long: what cannot be sent now
/// is tried again later, by this process or another one.
///
/// A service lets `run` go on for as long as it lives. A command that drives a run lets it go on beside that, and calls
/// `finish` when the run's own end is recorded.
public final class OutboxSender: Sendable {
    /// What one try needs: the action, the values of the secrets that `call` uses, and a supervisor of its own, in a folder
    /// of its own. What it throws is a failed try, with that reason.
    public typealias Equip =
        @Sendable (_ message: OutboxNotice, _ record: RunRecord, _ plan: Plan, _ call: ActionCall) async throws ->
        EngineParts

    private let store: any RunStore
    private let clock: any EngineClock
    private let equip: Equip
    /// What remains of a try that is over is removed; its command has ended.
    private let clear: @Sendable (OutboxNotice) -> Void
    private let explain: @Sendable (any Error) -> String
    private let state = Mutex(State())

    private struct State {
        var inFlight = 0
        /// When `run` ends at the latest, once somebody has said that it is to.
        var end: Instant?
        /// Only this run's messages are still begun then.
        var lastRun: RunID?
        /// Until the outbox is looked at again.
        var nap: Task<Void, Never>?
    }

    /// How often the outbox is looked at.
    private static let beat = TimeSpan.milliseconds(250)
    /// The same while somebody waits for the last messages.
    private static let lastBeat = TimeSpan.milliseconds(20)
    /// So many messages are sent at once.
    private static let width = 8

    /// - Parameters:
    ///   - explain: what `equip` throws, in words; without the value of a secret.
    public init(
        store: any RunStore, clock: any EngineClock, equip: @escaping Equip,
        clear: @escaping @Sendable (OutboxNotice) -> Void = { _ in },
        explain: @escaping @Sendable (any Error) -> String = { "\($0)" }
    ) {
        self.store = store
        self.clock = clock
        self.equip = equip
        self.clear = clear
        self.explain = explain
    }

    /// Sends what is due, now and whenever something becomes due, until the task is cancelled or `finish` ends it. What is
    /// under way then is ended, and counts as a failed try.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                // Before looking: what is under way keeps the next message of its entry from being due.
                let (wasIdle, end) = state.withLock { ($0.inFlight == 0, $0.end) }
                var hasBegun = false
                while let message = next() {
                    hasBegun = true
                    group.addTask { [self] in
                        await send(message)
                        state.withLock { $0.inFlight -= 1 }
                    }
                }
                if let end, (wasIdle && !hasBegun) || clock.now >= end { break }
                await nap(end == nil ? Self.beat : Self.lastBeat)
            }
            group.cancelAll()
        }
    }

    /// Tells `run` to end: when what is due of this run is sent, or after `limit`.
    public func finish(_ run: RunID?, within limit: TimeSpan) {
        state.withLock { state in
            state.end = clock.now + limit
            state.lastRun = run
            state.nap?.cancel()
        }
    }

    /// Not longer than until somebody says that it is to end.
    private func nap(_ span: TimeSpan) async {
        let clock = clock
        let nap = Task { () async -> Void in
            // Woken is as good as slept.
            do { try await clock.sleep(span) } catch {}
        }
        state.withLock { state in
            state.nap = nap
            // Said before there was a nap to end.
            if state.end != nil, span > Self.lastBeat { nap.cancel() }
        }
        await withTaskCancellationHandler {
            await nap.value
        } onCancel: {
            nap.cancel()
        }
    }

    /// Takes the next message that is due, where there is room for it. A store that cannot be read now is asked again at the
    /// next beat: its trouble is for those to tell who write the journal.
    private func next() -> OutboxNotice? {
        let (hasRoom, isEnding, run) = state.withLock { ($0.inFlight < Self.width, $0.end != nil, $0.lastRun) }
        guard hasRoom, !isEnding || run != nil else { return nil }
        let taken: OutboxNotice?
        do throws(StoreError) { taken = try store.takeNotice(of: isEnding ? run : nil, at: clock.now) } catch {
            return nil
        }
        if taken != nil { state.withLock { $0.inFlight += 1 } }
        return taken
    }

    private func send(_ message: OutboxNotice) async {
        let end = await result(of: message)
        // Not recorded is not lost: the message is sent once more, under the same key.
        do throws(StoreError) { try store.settle(message, end, at: clock.now) } catch { return }
    }

    private func result(of message: OutboxNotice) async -> NoticeEnd {
        do {
            guard let record = try store.run(message.run), let plan = try store.plan(of: message.run),
                let call = plan.call(of: message.notice)
            else { return .failedForGood("its run's plan does not know it any more") }
            let entries = try store.entries(of: message.run, after: 0)
            let parts = try await equip(message, record, plan, call)
            let sending = NoticeCall(message, call, of: record, plan: plan, entries: entries, parts: parts)
            let end = await sending.send()
            // Nothing of the try may stay; where the supervisor cannot be reached, nothing of it runs.
            try? await parts.processes.finish()
            clear(message)
            return end
        } catch {
            return .failed(explain(error))
        }
    }
}
