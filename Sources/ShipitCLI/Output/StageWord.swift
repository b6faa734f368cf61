import ShipitCore

/// Where a stage stands, in the words of `status`.
enum StageWord: String, Hashable, Sendable {
    case pending, waiting, running, succeeded, failed, skipped, cancelled, interrupted, unknown

    init(_ part: PartState, in view: RunView) {
        let isForward = view.state.outcome == nil && view.state.rollbackReason == nil
        switch part.phase {
        case .pending: self = view.state.outcome == nil ? .pending : .skipped
        // Whether it still runs, and how it ends, is told when the run is taken up again.
        case .running: self = view.phase == .interrupted || view.state.outcome != nil ? .unknown : .running
        // The try that it waited for never comes once the run goes back or has ended.
        case .waiting: self = isForward ? .waiting : .failed
        case .held: self = isForward ? .waiting : .cancelled
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .interrupted: self = .interrupted
        case .unknown: self = .unknown
        case .none: self = .skipped
        }
    }
}

/// Where the way back of a started stage stands.
enum UndoWord: String, Hashable, Sendable {
    case pending, running, succeeded, failed, none

    init(_ part: PartState, in view: RunView) {
        switch part.phase {
        case .succeeded: self = .succeeded
        case .failed, .cancelled: self = .failed
        case .none: self = .none
        case .running where view.state.outcome == nil && view.phase != .interrupted: self = .running
        case .pending, .running, .waiting, .held, .interrupted, .unknown:
            // Nothing is to come any more in a run that has ended (it was abandoned).
            self = view.state.outcome == nil ? .pending : part.hasStarted ? .failed : .none
        }
    }

    /// Why a started stage is not going to be undone; `nil` when it is.
    static func whyNone(_ planned: PlannedStage, _ stage: StageState) -> String? {
        if stage.isLeft { return "past its point of no return" }
        guard planned.undo == .none else { return nil }
        return planned.changes ? "declares no way back" : "changes nothing"
    }
}
