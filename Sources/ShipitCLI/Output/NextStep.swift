import ShipitCore

/// The one command that moves a run on. Said here alone, so that `status`, reports and JSON agree.
struct NextStep: Hashable, Sendable {
    var command: String
    /// What it does, or what comes first.
    var note: String?
    /// What is not put right while the run stands still.
    var open: String?

    private var typed: String { TypedPlace.complete(command) }

    /// The command; what is open stands behind it as the shell's comment, so it can be typed as it stands.
    var line: String { open.map { "\(typed) # \($0)" } ?? typed }

    /// The command and what should be known with it, as lines for a person.
    var lines: [String] {
        ["next: \(typed)"] + [note, open].compactMap(\.self).map { "  (\(TypedPlace.complete($0)))" }
    }

    /// `nil` when nothing is to be done: the run goes on by itself, or has ended with nothing left open.
    init?(_ view: RunView) {
        let run = view.created.run
        switch view.phase {
        case .running, .monitoring, .rollingBack: return nil
        case .waiting: self = Self.ofWaiting(view)
        case .interrupted: self.init(command: "shipit resume \(run)", open: Self.openFinally(view))
        case .paused: self = Self.ofPaused(view)
        case .finished:
            guard let next = Self.ofFinished(view) else { return nil }
            self = next
        }
    }

    /// Of a run that nobody drives any more.
    static func resume(_ run: RunID) -> NextStep {
        NextStep(
            command: "shipit resume \(run)", note: "or shipit rollback \(run), or shipit abandon \(run) --why TEXT")
    }

    init(command: String, note: String? = nil, open: String? = nil) {
        self.command = command
        self.note = note
        self.open = open
    }

    private static func ofWaiting(_ view: RunView) -> NextStep {
        let run = view.created.run
        guard view.state.isUnbegun else { return ofHeld(view) }
        if let now = view.now, let end = view.state.signOffsEnd, now >= end {
            let (tag, environment) = (view.created.release.tag, view.created.environment)
            return NextStep(
                command: "shipit deploy \(ShellWord.quoted(SafeText.line(tag))) --env \(environment)",
                note: "the time to sign this run is over")
        }
        guard let gate = view.state.gates.first(where: { $0.standing == .waiting }) else {
            return NextStep(
                command: "shipit resume \(run)", note: "everybody has signed; a deploy --wait goes on by itself")
        }
        return NextStep(command: GateWords.command(gate, view), note: GateWords.missing(gate))
    }

    /// Of a run that waits for people on its way.
    private static func ofHeld(_ view: RunView) -> NextStep {
        let open = view.state.gates.filter { gate in
            guard gate.isOpen, let end = view.state.end(of: gate) else { return false }
            return view.now.map { $0 < end } ?? true
        }
        guard let gate = open.first else {
            let isRefused = view.state.gates.contains { $0.standing == .refused && view.state.end(of: $0) != nil }
            let isOver = view.state.gates.contains(where: \.isOpen)
            let note =
                isRefused
                ? "it was rejected: what was done is undone"
                : isOver ? "the time to sign is over: what was done is undone" : "everybody has signed"
            return NextStep(command: "shipit resume \(view.created.run)", note: note, open: openFinally(view))
        }
        return NextStep(
            command: GateWords.command(gate, view), note: GateWords.missing(gate), open: openFinally(view))
    }

    private static func ofPaused(_ view: RunView) -> NextStep {
        let run = view.created.run
        let open = openFinally(view)
        if let stage = questioned(view) {
            // A word that is no answer: pasted as it stands, the command must decide nothing.
            return NextStep(
                command: "shipit resume \(run) --stage \(argument(stage))=ANSWER",
                note: "ANSWER is done, failed or rerun: only a person can say how it ended", open: open)
        }
        if let stage = exhausted(view) {
            return NextStep(command: "shipit retry \(run) \(argument(stage))", open: open)
        }
        if view.state.waitsForBudget {
            return NextStep(
                command: "shipit rollback \(run)",
                note: "or shipit resume \(run), which goes on in spite of the breach",
                open: open)
        }
        return NextStep(command: "shipit resume \(run)", open: open)
    }

    private static func ofFinished(_ view: RunView) -> NextStep? {
        let state = view.state
        guard ExitCode.of(state) == 5, state.abandonedBy == nil else { return nil }
        let run = view.created.run
        let canBeTriedAgain =
            state.rollbackReason != nil
            && (state.finallyFailed
                || state.stages.contains { $0.undo.phase == .failed || $0.rollbackCheck.phase == .failed })
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
            // On the way back, what became of the stage's work is no question any more.
            let work = view.state.rollbackReason == nil ? [stage.state.perform] : []
            return (work + [stage.state.undo, stage.state.finally]).contains { $0.phase == .unknown }
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
