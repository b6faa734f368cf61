internal import ShipitCore
internal import Synchronization

/// Samples every source on its own steady beat; a slow answer delays no other one.
final class MonitorSampler: Sendable {
    private let plan: Plan
    private let runner: AttemptRunner
    private let mailbox: Mailbox
    private let clock: any EngineClock
    private let beats = Mutex<[Task<Void, Never>]>([])
    private let series = Mutex(0)

    init(plan: Plan, runner: AttemptRunner, mailbox: Mailbox, clock: any EngineClock) {
        self.plan = plan
        self.runner = runner
        self.mailbox = mailbox
        self.clock = clock
    }

    /// Begins, if it has not begun yet.
    func begin() {
        guard let monitor = plan.monitor else { return }
        beats.withLock { beats in
            guard beats.isEmpty else { return }
            let number = series.withLock { number in
                number += 1
                return number
            }
            beats = monitor.sources.map { source in
                Task.detached { [self] in await beat(source, number) }
            }
        }
    }

    func stop() {
        beats.withLock { beats in
            for beat in beats { beat.cancel() }
            beats = []
        }
    }

    private func beat(_ source: MonitorSource, _ number: Int) async {
        var due = clock.now
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                group.addTask { [self] in
                    let sample = await runner.sample(source, inSeries: number)
                    if !Task.isCancelled { mailbox.post(.sampled(source: source.name, sample)) }
                }
                due = due + source.every
                let now = clock.now
                // After a suspended machine the beats that were missed are not made up for.
                if due < now { due = now }
                do { try await clock.sleep(due - now) } catch { break }
            }
            group.cancelAll()
        }
    }
}
