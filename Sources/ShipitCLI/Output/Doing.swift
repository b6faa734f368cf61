import ShipitCore

/// What a run does at the moment, in little: keeping the whole state would make the engine copy it at its next event.
struct Doing: Hashable, Sendable {
    private struct Running: Hashable, Sendable {
        var attempt: AttemptID
        var since: Instant?
    }

    private let phase: RunPhase
    private let running: [Running]
    private let takesBaseline: Bool

    init(_ state: RunState) {
        phase = state.phase
        takesBaseline = state.takesBaseline
        running = state.attemptsInFlight.map { attempt in
            Running(attempt: attempt, since: state[attempt.stage]?[attempt.part].startedAt)
        }
    }

    var isOver: Bool { phase == .finished }

    /// `running: migrate, 3m00s`, or the monitor's values.
    func words(_ rules: [MonitorEvaluator.RuleState], now: Instant) -> String {
        if !running.isEmpty { return "running: " + running.map { words($0, now: now) }.joined(separator: "; ") }
        if takesBaseline { return "sampling the baseline" }
        guard phase == .monitoring else { return StateWords.of(phase: phase, outcome: nil) }
        let values = rules.map { RuleWords.text($0, now: now) }
        return "monitoring" + (values.isEmpty ? "" : ": " + values.joined(separator: "; "))
    }

    private func words(_ running: Running, now: Instant) -> String {
        let part = running.attempt.part == .perform ? "" : "\(running.attempt.part.rawValue) of "
        let since = running.since.map { ", \(Words.elapsed(now - $0))" } ?? ""
        return part + SafeText.line(running.attempt.stage.text) + since
    }
}
