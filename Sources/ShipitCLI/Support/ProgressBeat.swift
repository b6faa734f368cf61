import Foundation
import ShipitCore
import ShipitEngine

/// Shows progress several times a second, on a thread of its own: a slow terminal never holds the conductor up.
final class ProgressBeat: @unchecked Sendable {
    // `@unchecked`: `isOver` is touched with `condition` locked, the rest by the beat's thread alone once it runs.
    private let condition = NSCondition()
    private var isOver = false
    private let progress: any Progress
    /// `nil` where nobody is shown the commands' last lines.
    private let newest: NewestLines?
    private let clock: SystemClock
    private let done = DispatchSemaphore(value: 0)

    private static let beat: TimeInterval = 0.1
    /// How long the end of a run waits for a reader that takes nothing.
    private static let patience = DispatchTimeInterval.seconds(5)

    init(_ progress: any Progress, output: RunOutput, clock: SystemClock) {
        self.progress = progress
        self.clock = clock
        newest = progress is LiveProgress ? NewestLines(output) : nil
    }

    func start() {
        let thread = Thread { self.loop() }
        thread.name = "progress"
        thread.start()
    }

    /// Shows what is left, and ends.
    func stop() {
        condition.lock()
        isOver = true
        condition.signal()
        condition.unlock()
        _ = done.wait(timeout: .now() + Self.patience)
    }

    private func loop() {
        while !waitForBeat() {
            newest?.readOn()
            progress.tick(now: clock.now, lastLines: newest?.lines ?? [:])
        }
        progress.finish()
        done.signal()
    }

    /// - Returns: whether it is over.
    private func waitForBeat() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        if !isOver { _ = condition.wait(until: Date(timeIntervalSinceNow: Self.beat)) }
        return isOver
    }
}
