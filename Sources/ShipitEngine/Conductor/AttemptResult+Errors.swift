internal import ShipitCore

extension AttemptResult {
    static let engineStopped = "the engine stopped"

    /// How an attempt ended whose action threw.
    init(_ error: ActionError) {
        switch error {
        case .badInput, .failedForGood: self.init(.failed, reason: error.reason, retryable: false)
        case .failed: self.init(.failed, reason: error.reason)
        case .commands(let code, let reason): self.init(.failed, exit: code.map(ExitStatus.code), reason: reason)
        case .cancelled: self.init(.cancelled, reason: error.reason)
        case .stopped: self.init(.failed, reason: Self.engineStopped)
        case .command(let end, _):
            switch end {
            case .exited(let code): self.init(.failed, exit: .code(code), reason: error.reason)
            case .signalled(let signal): self.init(.failed, exit: .signal(signal), reason: error.reason)
            case .timedOut: self.init(.timedOut, reason: error.reason)
            case .ended: self.init(.cancelled, reason: error.reason)
            case .notStarted: self.init(.failed, reason: error.reason)
            case .unknown: self.init(.unknown, reason: error.reason)
            }
        }
    }
}

extension ActionError {
    /// For a person.
    public var reason: String {
        switch self {
        case .badInput(let input, let problem): "input \"\(input)\" \(problem)"
        case .failed(let reason), .failedForGood(let reason), .stopped(let reason): reason
        case .commands(_, let reason): reason
        case .cancelled: "ended from outside"
        case .command(let end, let what):
            switch end {
            case .exited(let code): "\(what) exited with \(code)"
            case .signalled(let signal): "\(what) was ended by signal \(signal)"
            case .timedOut: "\(what) ran out of time"
            case .ended: "\(what) was ended"
            case .notStarted(let why): "\(what) could not be started: \(why)"
            case .unknown: "nobody knows how \(what) ended"
            }
        }
    }
}

extension Verdict {
    var endingReason: String {
        switch self {
        case .timedOut: "ran out of time"
        case .interrupted: "interrupted by the operator"
        case .succeeded, .failed, .cancelled, .unknown: "ended because the run is being undone"
        }
    }
}
