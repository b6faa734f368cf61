import ShipitCore

/// What `graph` draws, whatever the format: stages, what each needs, and where each stands.
struct StageGraph: Hashable, Sendable {
    /// One line, made safe.
    var title: String
    /// Each after all that it needs.
    var stages: [Stage]

    struct Stage: Hashable, Sendable {
        /// As it is in the plan; each format makes it safe in its own way.
        var name: String
        /// The name before `for-each` made several of it.
        var group: String?
        /// Places in `stages`.
        var needs: [Int]
        var action: String
        var changes: Bool
        /// `nil` where no run has come here.
        var standing: Standing?
        /// What should be seen at once, such as a point of no return.
        var marks: [Mark] = []
        /// Lines for a tooltip.
        var details: [String] = []
    }

    enum Mark: Hashable, Sendable {
        /// Once it has started, not everything can be undone.
        case noReturn
        /// Its way back ends when that stage has started.
        case returnUntil(String)
        case monitoredFromHere
        /// Whether it runs depends on what only a release tells.
        case conditional

        var words: String {
            switch self {
            case .noReturn: "no return"
            case .returnUntil(let contract): "no return once \(SafeText.line(contract)) starts"
            case .monitoredFromHere: "monitored from here"
            case .conditional: "if:"
            }
        }
    }

    /// Where a stage stands: the colour, and the words of `status`.
    struct Standing: Hashable, Sendable {
        var paint: Paint
        var words: String
    }

    /// One colour each.
    enum Paint: String, CaseIterable, Hashable, Sendable {
        case pending, waiting, running, succeeded, failed, skipped, cancelled, interrupted, unknown, undone
    }
}

extension StageGraph.Stage {
    /// The second line of its box: where it stands, else what it does; then the marks.
    var subtitle: String {
        ([standing?.words ?? SafeText.line(action)] + marks.map(\.words)).joined(separator: " · ")
    }

    var isPointOfNoReturn: Bool {
        marks.contains { mark in
            switch mark {
            case .noReturn, .returnUntil: true
            case .monitoredFromHere, .conditional: false
            }
        }
    }
}

extension StageGraph.Standing {
    /// What `status` says of the stage, and what became of its undo.
    init(_ planned: PlannedStage, _ stage: StageState, in view: RunView) {
        let word = StageWord(stage.perform, in: view)
        paint = StageGraph.Paint(rawValue: word.rawValue) ?? .unknown
        words = word.rawValue
        guard view.state.rollbackReason != nil, stage.hasStarted, planned.undo != .nothing else { return }
        switch UndoWord(stage.undo, in: view) {
        case .succeeded:
            // A failed stage stays red though it is undone: that is where to look.
            if word == .succeeded { paint = .undone }
            words = word == .succeeded ? "undone" : words + ", undone"
        case .failed:
            paint = .failed
            words += ", undo failed"
        case .running: words += ", being undone"
        case .pending, .none: break
        }
    }
}
