import ShipitCore
import ShipitEngine

/// Why a run waits, failed, stands still or goes back: the facts, the values, the last words, and what moves it on.
struct Why: Sendable {
    var view: RunView
    /// The facts, the deciding one first.
    var reasons: [String]
    /// What the monitor found of the rules that matter.
    var values: [RunReport.Judgement]
    /// The attempt that explains it, with the end of what it printed.
    var culprit: (attempt: AttemptID, lines: [String])?
    /// One or two commands, the first being the usual one.
    var steps: [NextStep]
    var now: Instant

    /// As many values as can be read at a glance, the newest.
    private static let shownValues = 8

    /// - Parameters:
    ///   - lock: the environment's, where this run has it.
    ///   - lastLines: of the attempt that `FailureReport.culprit` names.
    init(_ report: RunReport, lock: LockState?, lastLines: [String] = []) {
        view = report.view
        now = report.now
        values = Array(report.judgements.suffix(Self.shownValues))
        culprit = FailureReport.culprit(view).map { ($0, lastLines) }
        reasons = Self.reasons(report, lock)
        steps = Self.steps(view, lock)
    }

    // MARK: Reasons

    private static func reasons(_ report: RunReport, _ lock: LockState?) -> [String] {
        let view = report.view
        if let lock, lock.life == .stopped, view.state.outcome == nil {
            return ["the process that drives it is stopped: \(EventWords.words(lock.holder))"]
        }
        switch view.phase {
        case .waiting: return waiting(view, report.now)
        case .running, .monitoring: return underWay(view, report.now)
        case .rollingBack:
            return [view.state.rollbackReason].compactMap(\.self)
                + FailureReport.reasons(view).filter {
                    $0 != view.state.rollbackReason
                } + underWay(view, report.now)
        case .paused, .interrupted: return FailureReport.reasons(view)
        case .finished:
            let reasons = FailureReport.reasons(view)
            return reasons.isEmpty ? ["nothing stands in its way: it \(StateWords.of(view))"] : reasons
        }
    }

    private static func waiting(_ view: RunView, _ now: Instant) -> [String] {
        let open = view.state.gates.filter { $0.isOpen && view.state.end(of: $0) != nil }
        var reasons = open.map { gate in
            let stage = gate.stage.map { " (stage \($0))" } ?? ""
            return "\(gate.role.name) has not signed\(stage): \(GateWords.missing(gate))"
        }
        if open.isEmpty {
            reasons.append("everybody has signed, and nobody has \(view.state.isUnbegun ? "begun" : "resumed") it")
        }
        return reasons + GateWords.ends(view, now: now)
    }

    /// What runs, what is tried again, and which rules are over their limit.
    private static func underWay(_ view: RunView, _ now: Instant) -> [String] {
        var reasons: [String] = []
        for (planned, stage) in view.stages {
            for part in Part.allCases {
                let words = RunReport.words(AttemptID(stage: planned.name, part: part, number: 1))
                switch stage[part].phase {
                case .running:
                    let since = stage[part].startedAt.map { " for \(Words.elapsed(now - $0))" } ?? ""
                    reasons.append("\(words) runs\(since) (attempt \(stage[part].attempts))")
                case .waiting(let until):
                    let why = stage[part].last.flatMap(EventWords.cause).map { ": \($0)" } ?? ""
                    reasons.append("\(words) is tried again at \(Words.clock(until)) UTC\(why)")
                default: break
                }
            }
        }
        if view.state.takesBaseline { reasons.append(MonitorWords.baseline(view.state, now: now)) }
        for (rule, observed) in view.state.firing.sorted(by: { $0.key < $1.key }) {
            reasons.append("over its limit: \(rule) (\(Words.observed(observed, ofRule: rule)))")
        }
        if reasons.isEmpty, view.phase == .monitoring {
            reasons.append("all stages are through, and it is being watched")
        }
        return reasons
    }

    // MARK: What moves it on

    private static func steps(_ view: RunView, _ lock: LockState?) -> [NextStep] {
        let run = view.created.run
        if let lock, lock.life == .stopped, view.state.outcome == nil {
            return [
                NextStep(command: "kill -CONT \(lock.holder.pid)", note: "wakes it"),
                NextStep(
                    command: "shipit unlock \(lock.environment) --run \(run)", note: "takes the lock away from it"),
            ]
        }
        let next = NextStep(view)
        switch view.phase {
        case .waiting, .paused, .interrupted: return [next, other(view)].compactMap(\.self)
        case .running, .monitoring, .rollingBack:
            return [NextStep(command: "shipit logs \(run) -f", note: "follows it")]
        case .finished:
            guard ExitCode.of(view.state) != 0 else { return [next].compactMap(\.self) }
            let look = FailureReport.culprit(view).map {
                NextStep(
                    command: "shipit logs \(run) \(ShellWord.quoted(SafeText.line($0.stage.text)))",
                    note: "what it printed")
            }
            let record = NextStep(command: "shipit report \(run)", note: "the whole record")
            return Array([next, look, record].compactMap(\.self).prefix(2))
        }
    }

    /// What else a person may decide.
    private static func other(_ view: RunView) -> NextStep? {
        let run = view.created.run
        if view.phase == .waiting {
            let gate = view.state.gates.first { $0.isOpen && view.state.end(of: $0) != nil }
            let note = view.state.isUnbegun ? "ends it unbegun" : "what was done is undone then"
            return gate.map { NextStep(command: "shipit reject \(run) \($0.role.name) --why TEXT", note: note) }
        }
        if view.state.waitsForBudget {
            return NextStep(command: "shipit resume \(run)", note: "goes on in spite of the breach")
        }
        return view.state.rollbackReason == nil
            ? NextStep(command: "shipit rollback \(run)", note: "undoes what has started")
            : NextStep(command: "shipit abandon \(run) --why TEXT", note: "leaves it as it is")
    }
}
