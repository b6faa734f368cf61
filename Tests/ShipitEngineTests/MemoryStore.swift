import ShipitCore
import ShipitEngine
import Synchronization

/// A store of one environment that forgets with its test, and does as the test says at each append.
final class MemoryStore: RunStore {
    private struct Contents {
        var run: NewRun?
        var entries: [JournalEntry] = []
        var samples: [RecordedSample] = []
        var epoch: Int64 = 0
        var isHeld = false
        var isDirty = false
        var holding: (run: RunID, holder: Holder)?
        var outbox: [OutboxNotice] = []

        mutating func add(_ notices: [Notice], at now: Instant) {
            guard let run = run?.created.run else { return }
            outbox += notices.map { OutboxNotice(run: run, notice: $0, at: now, nextTry: now) }
        }
    }

    private let contents = Mutex(Contents())
    private let beforeAppend: @Sendable ([RunEvent]) throws(StoreError) -> Void

    /// - Parameter beforeAppend: sees the events before they are kept; what it throws keeps them from being.
    init(beforeAppend: @escaping @Sendable ([RunEvent]) throws(StoreError) -> Void = { _ in }) {
        self.beforeAppend = beforeAppend
    }

    var events: [RunEvent] { contents.withLock { $0.entries.map(\.event) } }
    var isHeld: Bool { contents.withLock { $0.isHeld } }
    var isDirty: Bool { contents.withLock { $0.isDirty } }

    func create(_ run: NewRun, events: [RunEvent], notices: [Notice], at now: Instant) throws(StoreError) {
        contents.withLock { contents in
            contents.run = run
            contents.entries = Self.entries(events, after: 0, at: now)
            contents.add(notices, at: now)
        }
    }

    func append(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, epoch: Epoch, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try appendAny(events, notices, to: run, at: now, after: last)
    }

    func appendWaiting(
        _ events: [RunEvent], notices: [Notice], to run: RunID, at now: Instant, after last: Int64,
        summary: RunSummaryState
    ) throws(StoreError) -> Int64 {
        try appendAny(events, notices, to: run, at: now, after: last)
    }

    private func appendAny(
        _ events: [RunEvent], _ notices: [Notice], to run: RunID, at now: Instant, after last: Int64
    ) throws(StoreError) -> Int64 {
        try beforeAppend(events)
        let found = contents.withLock { contents in
            let found = Int64(contents.entries.count)
            guard found == last else { return found }
            contents.entries += Self.entries(events, after: last, at: now)
            contents.add(notices, at: now)
            return found
        }
        guard found == last else { throw .conflict(run: run, expected: last, found: found) }
        return last + Int64(events.count)
    }

    private static func entries(_ events: [RunEvent], after last: Int64, at now: Instant) -> [JournalEntry] {
        events.enumerated().map { JournalEntry(sequence: last + 1 + Int64($0), at: now, event: $1) }
    }

    func takeLock(environment: String, run: RunID, holder: Holder) throws(StoreError) -> LockAnswer {
        contents.withLock { contents in
            contents.epoch += 1
            contents.isHeld = true
            contents.holding = (run, holder)
            return .taken(Epoch(contents.epoch))
        }
    }

    func releaseLock(environment: String, epoch: Epoch, dirty: Bool) throws(StoreError) {
        contents.withLock { contents in
            contents.isHeld = false
            contents.isDirty = dirty
        }
    }

    func revokeLock(
        _ lock: LockState, by holder: Holder, recording events: [RunEvent], notices: [Notice], after last: Int64,
        at now: Instant, summary: RunSummaryState, dirty: Bool
    ) throws(StoreError) -> Epoch {
        contents.withLock { contents in
            contents.entries += Self.entries(events, after: last, at: now)
            contents.add(notices, at: now)
            contents.epoch += 1
            (contents.isHeld, contents.isDirty) = (false, dirty)
            return Epoch(contents.epoch)
        }
    }

    func outbox(of run: RunID) throws(StoreError) -> [OutboxNotice] { contents.withLock { $0.outbox } }

    /// Without what another sender has taken: there is one here.
    func takeNotice(of run: RunID?, at now: Instant) throws(StoreError) -> OutboxNotice? {
        contents.withLock { contents in
            let place = contents.outbox.firstIndex { message in
                let isFirst = !contents.outbox.contains { earlier in
                    earlier.notice.source == message.notice.source && earlier.state == .open
                        && earlier.notice.sequence < message.notice.sequence
                }
                return message.state == .open && message.nextTry <= now && isFirst
            }
            guard let place else { return nil }
            contents.outbox[place].tries += 1
            contents.outbox[place].nextTry = now + NoticeTries.hold
            return contents.outbox[place]
        }
    }

    func settle(_ notice: OutboxNotice, _ end: NoticeEnd, at now: Instant) throws(StoreError) {
        contents.withLock { contents in
            guard let place = contents.outbox.firstIndex(where: { $0.key == notice.key }) else { return }
            switch end {
            case .delivered: contents.outbox[place].state = .delivered
            case .failedForGood(let why):
                (contents.outbox[place].state, contents.outbox[place].trouble) = (.undelivered, why)
            case .failed(let why):
                contents.outbox[place].trouble = why
                contents.outbox[place].nextTry = NoticeTries.next(after: notice.tries, at: now) ?? now
            }
        }
    }

    func goodEntries(of run: RunID, through last: Int64) throws(StoreError) -> [JournalEntry] {
        contents.withLock { Array($0.entries.prefix(Int(last))) }
    }

    func entries(of run: RunID, after sequence: Int64) throws(StoreError) -> [JournalEntry] {
        contents.withLock { Array($0.entries.dropFirst(Int(sequence))) }
    }

    func keep(_ samples: [RecordedSample], of run: RunID, epoch: Epoch) throws(StoreError) {
        contents.withLock { $0.samples += samples }
    }

    func samples(of run: RunID, after count: Int64) throws(StoreError) -> [RecordedSample] {
        contents.withLock { Array($0.samples.dropFirst(Int(count))) }
    }

    func run(_ id: RunID) throws(StoreError) -> RunRecord? {
        contents.withLock { contents in
            contents.run.map { run in
                RunRecord(
                    created: run.created, root: run.root, file: run.file, startedAt: contents.entries[0].at,
                    summary: RunSummaryState(state: .running), lastSequence: Int64(contents.entries.count))
            }
        }
    }

    func plan(of run: RunID) throws(StoreError) -> Plan? { contents.withLock { $0.run?.plan } }

    func lock(of environment: String) throws(StoreError) -> LockState? {
        contents.withLock { contents in
            guard let holding = contents.holding, contents.isHeld || contents.isDirty else { return nil }
            return LockState(
                environment: environment, run: holding.run, epoch: Epoch(contents.epoch), holder: holding.holder,
                holderIsDead: !contents.isHeld, dirty: contents.isDirty)
        }
    }

    func runs(matching prefix: String?, environment: String?, limit: Int) throws(StoreError) -> [RunRecord] { [] }
    func liveRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord? { nil }
    func request(_ request: RunRequest, of run: RunID, at now: Instant) throws(StoreError) {}
    func withdraw(_ request: RunRequest, of run: RunID) throws(StoreError) -> Bool { false }
    func takeRequests(of run: RunID) throws(StoreError) -> [RunRequest] { [] }
}
