import ShipitCore

/// The one command that moves a run on. Said here alone, so that `status`, reports and JSON agree.
struct NextStep: Hashable, Sendable {
    var command: String
    /// What should be known before typing it.
    var note: String?

    /// The command with the note as the shell's comment: still one line that can be typed as it stands.
    var line: String { note.map { "\(command) # \($0)" } ?? command }

    /// `nil` when nothing is to be done: the run goes on by itself, or has ended with nothing left open.
    init?(_ view: RunView) {
        let run = view.created.run
        switch view.phase {
        case .waiting, .running, .monitoring, .rollingBack: return nil
        case .interrupted: self.init(command: "shipit resume \(run)", note: Self.openFinally(view))
        case .paused: self = Self.ofPaused(view)
        case .finished:
            guard let next = Self.ofFinished(view) else { return nil }
            self = next
        }
    }

    init(command: String, note: String? = nil) {
        self.command = command
        self.note = note
    }

    private static func ofPaused(_ view: RunView) -> NextStep {
        let run = view.created.run
        let note = openFinally(view)
        if let stage = questioned(view) {
            return NextStep(command: "shipit resume \(run) --stage \(argument(stage))=done|failed|rerun", note: note)
        }
        if let stage = exhausted(view) {
            return NextStep(command: "shipit retry \(run) \(argument(stage))", note: note)
        }
        return NextStep(command: "shipit resume \(run)", note: note)
    }

    private static func ofFinished(_ view: RunView) -> NextStep? {
        let state = view.state
        guard ExitCode.of(state) == 5, state.abandonedBy == nil else { return nil }
        let run = view.created.run
        let canBeTriedAgain =
            state.rollbackReason != nil && (state.finallyFailed || state.stages.contains { $0.undo.phase == .failed })
        if canBeTriedAgain {
            return NextStep(command: "shipit rollback \(run)", note: "tries again what is not undone")
        }
        return NextStep(
            command: "shipit abandon \(run) --why \"settled by hand\"",
            note: "once what is left is settled by hand")
    }

    /// The stage that a person must say the end of.
    static func questioned(_ view: RunView) -> StageName? {
        guard let reason = view.state.pausedReason else { return nil }
        let unknown = view.stages.filter { stage in
            [stage.state.perform, stage.state.undo, stage.state.finally].contains { $0.phase == .unknown }
        }.map(\.planned.name)
        return unknown.first { reason.contains("--stage \($0)=") } ?? unknown.first
    }

    /// The stage that failed for good and keeps its place.
    private static func exhausted(_ view: RunView) -> StageName? {
        guard view.state.rollbackReason == nil else { return nil }
        return view.stages.first { $0.state.perform.phase == .failed && $0.planned.onExhausted == .pause }?.planned.name
    }

    /// While a run stands still, what its `finally` would put right is not put right: that must be said.
    private static func openFinally(_ view: RunView) -> String? {
        let open = view.stages.filter { stage in
            guard stage.planned.finally != nil, stage.state.hasStarted else { return false }
            return !stage.state.finally.hasEnded
        }.map { $0.planned.name.text }
        guard !open.isEmpty else { return nil }
        return "the finally of \(open.joined(separator: ", ")) has not run yet"
    }

    /// A stage's name as a word for the shell: those made by `for-each` hold brackets and whatever the item holds.
    private static func argument(_ stage: StageName) -> String { ShellWord.quoted(SafeText.line(stage.text)) }
}
