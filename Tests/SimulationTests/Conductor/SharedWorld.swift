import ShipitCore
import ShipitEngine
import Synchronization

@testable import Simulator

/// What all engines of one run share: the journal with its newest epoch, the commands under their supervisor, and the
/// invariants that watch both.
final class SharedWorld: Sendable {
    /// What strikes at an append.
    enum Fault: CaseIterable {
        case lost, durable, crashBefore, crashAfter
    }

    enum Command {
        case running(endsAt: Instant, CommandEnd)
        case ended(CommandEnd)
    }

    struct State {
        var record: RunRecord?
        var journal: [JournalEntry] = []
        var samples: [RecordedSample] = []
        var epoch: Int64 = 0
        var invariants: Invariants
        var violations: [String] = []
        var requests: [RunRequest] = []
        /// Strikes when so many more appends have been made.
        var fault: (after: Int, Fault)?
        var commands: [String: Command] = [:]
        var executions: [String: Int] = [:]
        /// Attempts that an engine has ended, and how many commands of theirs started all the same.
        var ended: [String: Int] = [:]
        /// The newest epoch that the supervisor has heard of.
        var fence: Int64 = 0
        var weather = MetricSource.Weather.good
        var counts: [String: Int] = [:]

        /// Notes what must never be, to be told at the end.
        mutating func watch(_ body: (inout State) throws(Violation) -> Void) {
            do throws(Violation) { try body(&self) } catch { violations.append(error.text) }
        }

        mutating func count(_ what: String) { counts[what, default: 0] += 1 }
    }

    let seed: UInt64
    let plan: Plan
    let jobs: Int
    let state: Mutex<State>

    init(seed: UInt64, plan: Plan, jobs: Int) {
        self.seed = seed
        self.plan = plan
        self.jobs = jobs
        state = Mutex(State(invariants: Invariants(plan, jobs: jobs)))
    }

    /// From the journal as it is, as an engine does that takes the run up.
    var folded: RunState {
        let journal = state.withLock { $0.journal }
        var folded = RunState(plan: plan)
        for entry in journal { folded.apply(entry.event, at: entry.at) }
        return folded
    }

    func killSupervisor() {
        state.withLock { state in
            for (key, command) in state.commands {
                if case .running = command { state.commands[key] = .ended(.unknown) }
            }
        }
    }
}

/// One engine's process: when it is dead, nothing of it reaches the world any more.
final class EngineProcess: Sendable {
    private let dead = Atomic<Bool>(false)

    var isDead: Bool { dead.load(ordering: .sequentiallyConsistent) }
    func kill() { dead.store(true, ordering: .sequentiallyConsistent) }
}

/// Milliseconds of this process, whatever the wall clock does.
struct SteadyClock: EngineClock {
    private let origin = ContinuousClock.now

    var now: Instant {
        let (seconds, attoseconds) = (ContinuousClock.now - origin).components
        return Instant(milliseconds: 1_767_225_600_000 + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    func sleep(_ span: TimeSpan) async throws {
        if span > .zero { try await Task.sleep(for: .milliseconds(span.milliseconds)) }
    }
}
