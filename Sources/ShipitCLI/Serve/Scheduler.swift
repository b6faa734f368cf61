import ServiceLifecycle
import ShipitCore
import ShipitEngine

/// Looks at the clock and begins what the schedules want. What it begins are processes of their own: it can be ended at any
/// moment, and what it had begun goes on.
///
/// Nothing that it decides rests on its own memory: which times have had their turn is in the store, so that it may be
/// killed, run twice, or find the clock set.
final class Scheduler: Service {
    private let project: Project
    private let firings: any FiringStore
    private let store: any RunStore
    private let counts: ServeCounts
    private let log = ServeLog()

    private static let beat = TimeSpan.seconds(1)
    /// How often pipelines are read again.
    private static let rereading = TimeSpan.seconds(15)

    init(_ project: Project, counts: ServeCounts) throws {
        self.project = project
        self.counts = counts
        firings = try Wiring.firings(project.stateFolder)
        store = try Wiring.storeForReading(project.stateFolder)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var turn = SchedulerTurn(project: self.project, firings: self.firings, store: self.store, log: self.log)
            let clock = SystemClock()
            var readAt: Instant?
            while !Task.isCancelled {
                do {
                    if readAt.map({ clock.now - $0 >= Self.rereading }) ?? true {
                        try turn.readPipelines()
                        readAt = clock.now
                    }
                    let done = try turn.take(now: SystemClock.wallTime)
                    self.counts.update { $0.take(done) }
                } catch {
                    let words = ErrorText.failure(error).message
                    // Said once, however often it is tried.
                    if self.counts.now.trouble != words { self.log.say("the schedule cannot be looked at: \(words)") }
                    self.counts.update { $0.trouble = words }
                }
                // Who is cancelled meanwhile has nothing more to do.
                do { try await clock.sleep(Self.beat) } catch { return }
            }
        }
    }
}

/// What one look at the clock came to.
struct TurnAccount {
    var begun: [String] = []
    var missed: [(entry: String, count: Int)] = []
    var skipped: [String] = []
    var next: [String: Instant] = [:]
    var unreadable: [String] = []
}

extension ServeCounts.Values {
    fileprivate mutating func take(_ account: TurnAccount) {
        turns += 1
        lastTurn = .now
        trouble = nil
        for entry in account.begun { begun[entry, default: 0] += 1 }
        for (entry, count) in account.missed { missed[entry, default: 0] += count }
        for entry in account.skipped { skipped[entry, default: 0] += 1 }
        next = account.next
        unreadable = account.unreadable
    }
}
