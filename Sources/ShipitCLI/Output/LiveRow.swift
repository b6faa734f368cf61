import ShipitCore

/// A stage's line of the live block, before it is fitted to the terminal.
struct LiveRow: Hashable, Sendable {
    /// What may be folded together when there are more stages than lines.
    enum Group: Hashable, Sendable {
        case over
        case active
        case toCome
    }

    var group: Group
    var mark: LiveMark
    var name: String
    var word: String
    var time: String
    var note: String

    init(
        _ name: StageName, _ group: Group, _ mark: LiveMark, _ word: String, time: String = "", note: String = ""
    ) {
        self.group = group
        self.mark = mark
        self.name = SafeText.line(name.text)
        self.word = word
        self.time = time
        self.note = SafeText.joined(note)
    }
}

/// The symbol at a line's beginning.
enum LiveMark: Hashable, Sendable {
    case toCome, waiting, running, good, bad, skipped, undone, doubtful

    func symbol(_ style: Terminal.Style) -> String {
        switch self {
        case .toCome: style.unicode ? "·" : "."
        case .waiting: style.unicode ? "◌" : "~"
        case .running: style.unicode ? "●" : ">"
        case .good: style.unicode ? "✓" : "+"
        case .bad: style.unicode ? "✗" : "x"
        case .skipped: style.unicode ? "–" : "-"
        case .undone: style.unicode ? "↩" : "<"
        case .doubtful: "?"
        }
    }

    var colour: Ink.Colour {
        switch self {
        case .toCome, .skipped: .dim
        case .waiting, .doubtful: .yellow
        case .running: .cyan
        case .good, .undone: .green
        case .bad: .red
        }
    }
}

/// Turns the stages of a run into rows.
struct LiveRows {
    var view: RunView
    /// The newest line of output of each running stage.
    var lastLines: [StageName: String]
    /// How long each stage usually takes.
    var usual: [StageName: TimeSpan]
    var now: Instant

    var all: [LiveRow] {
        view.stages.map { planned, stage in
            if stage.rollbackCheck.isRunning {
                return running(planned, stage.rollbackCheck, Part.rollbackCheck.words, usual: nil)
            }
            if stage.finally.isRunning { return running(planned, stage.finally, "finally", usual: nil) }
            let isBack = view.state.rollbackReason != nil && !stage.perform.isRunning
            return isBack ? back(planned, stage) : forward(planned, stage)
        }
    }

    // MARK: Forward

    private func forward(_ planned: PlannedStage, _ stage: StageState) -> LiveRow {
        let part = stage.perform
        let name = planned.name
        let word = StageWord(part, in: view)
        switch word {
        case .pending: return LiveRow(name, .toCome, .toCome, word.rawValue, note: after(planned))
        case .waiting:
            return LiveRow(name, .active, .waiting, word.rawValue, note: retry(part, of: planned))
        case .running: return running(planned, part, attempt(part), usual: usual[name])
        case .succeeded: return LiveRow(name, .over, .good, word.rawValue, time: took(part))
        case .skipped: return LiveRow(name, .over, .skipped, word.rawValue, note: part.reason ?? "")
        case .failed: return LiveRow(name, .active, .bad, word.rawValue, time: took(part), note: cause(part))
        case .cancelled, .interrupted, .unknown:
            return LiveRow(name, .active, .doubtful, word.rawValue, time: took(part), note: cause(part))
        }
    }

    private func running(_ planned: PlannedStage, _ part: PartState, _ word: String, usual: TimeSpan?) -> LiveRow {
        let elapsed = part.startedAt.map { Words.elapsed(now - $0) } ?? ""
        let usually = usual.map { "usually \(Words.duration($0))" }
        let line = lastLines[planned.name].map(SafeText.outputLine).flatMap { $0.isEmpty ? nil : $0 }
        let note = [usually, line].compactMap(\.self).joined(separator: "  ")
        return LiveRow(planned.name, .active, .running, word, time: elapsed, note: note)
    }

    private func attempt(_ part: PartState) -> String {
        part.attempts > 1 ? "running (\(part.attempts))" : "running"
    }

    private func after(_ planned: PlannedStage) -> String {
        let open = planned.needs.filter { need in
            guard let state = view.state[need]?.perform else { return false }
            return !StageWord(state, in: view).isThrough
        }
        return open.isEmpty ? "" : "after " + open.map(\.text).joined(separator: ", ")
    }

    private func retry(_ part: PartState, of planned: PlannedStage) -> String {
        if case .held(let until) = part.phase {
            let open = view.state.gates.filter { $0.stage == planned.name && $0.isOpen }.map(\.role.name)
            return (open.isEmpty ? "" : "for \(open.joined(separator: ", ")), ") + "until \(Words.clock(until))"
        }
        guard case .waiting(let until) = part.phase else { return "" }
        let next = "attempt \(part.attempts + 1) in \(Words.elapsed(until - now))"
        let why = part.last.flatMap(EventWords.cause).map { "; \($0)" } ?? ""
        return next + why
    }

    // MARK: Back

    private func back(_ planned: PlannedStage, _ stage: StageState) -> LiveRow {
        let name = planned.name
        let undo = stage.undo
        guard stage.hasStarted else { return LiveRow(name, .over, .skipped, "not started") }
        if stage.isLeft { return LiveRow(name, .active, .bad, "left", note: "past its point of no return") }
        if planned.undo == .none {
            // How a stage that changes nothing ended stays of interest: often it is why the run goes back.
            guard planned.changes else { return forward(planned, stage) }
            return LiveRow(name, .active, .skipped, "left", note: "declares no way back")
        }
        if case .waiting = undo.phase {
            return LiveRow(name, .active, .waiting, "undo waits", note: retry(undo, of: planned))
        }
        switch UndoWord(undo, in: view) {
        case .pending: return LiveRow(name, .toCome, .toCome, "to be undone")
        case .running: return running(planned, undo, "undoing", usual: nil)
        case .succeeded:
            return LiveRow(
                name, .over, .undone, "undone", time: undo.hasStarted ? took(undo) : "",
                note: planned.undo == .nothing ? "nothing to undo" : "")
        case .failed: return LiveRow(name, .active, .bad, "undo failed", time: took(undo), note: cause(undo))
        case .none: return LiveRow(name, .active, .doubtful, "not undone")
        }
    }

    private func took(_ part: PartState) -> String {
        guard let started = part.startedAt, let finished = part.finishedAt else { return "" }
        return Words.duration(finished - started)
    }

    private func cause(_ part: PartState) -> String { part.last.flatMap(EventWords.cause) ?? part.reason ?? "" }
}

extension StageWord {
    /// Whether the stages that need this one may go on.
    fileprivate var isThrough: Bool { self == .succeeded || self == .skipped }
}
