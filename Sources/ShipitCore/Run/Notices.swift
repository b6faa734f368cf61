/// A message that an event causes. It goes into the outbox with the event; its words are made of the journal and the plan
/// when it is sent, so that it holds nothing that they don't.
public struct Notice: Hashable, Sendable {
    /// Who sends it.
    public enum Source: Hashable, Sendable {
        /// An entry of `notify:`, from 1.
        case entry(Int)
        /// A stage that only notifies.
        case stage(StageName)
    }

    public var source: Source
    public var moment: Moment
    /// The event that causes it, by its place in the journal.
    public var sequence: Int64

    public init(_ source: Source, _ moment: Moment, sequence: Int64) {
        self.source = source
        self.moment = moment
        self.sequence = sequence
    }
}

extension Plan {
    /// Who is to be told of events, the first of which comes after `last`. A dry-run is worth a word only where it did not
    /// come out well, or found something else than the one before it.
    public func notices(of events: [RunEvent], after last: Int64, dryRun: Bool = false) -> [Notice] {
        var notices: [Notice] = []
        for (place, event) in events.enumerated() {
            let sequence = last + 1 + Int64(place)
            if case .holdEnded(let name, nil) = event, notifies(name) {
                notices.append(Notice(.stage(name), .reached, sequence: sequence))
            }
            guard let moment = event.moment, !dryRun || moment.isWorthTellingOfDryRuns else { continue }
            // Several roles that must sign are one wait.
            if case .gateWaiting = event, place > 0, case .gateWaiting = events[place - 1] { continue }
            notices += self.notices(of: moment, at: sequence)
        }
        return notices
    }

    /// Those that tell of a moment, one for each entry that names it.
    /// - Parameter sequence: the event that it came with.
    public func notices(of moment: Moment, at sequence: Int64) -> [Notice] {
        (notify ?? []).enumerated().filter { $1.moments.contains(moment) }.map { place, _ in
            Notice(.entry(place + 1), moment, sequence: sequence)
        }
    }

    /// What sends a notice; `nil` where the plan has no such entry or stage.
    public func call(of notice: Notice) -> ActionCall? {
        switch notice.source {
        case .entry(let number):
            guard let notify, notify.indices.contains(number - 1) else { return nil }
            return notify[number - 1].call
        case .stage(let name):
            guard case .notify(let call)? = stages.first(where: { $0.name == name })?.hold else { return nil }
            return call
        }
    }

    private func notifies(_ name: StageName) -> Bool {
        if case .notify? = stages.first(where: { $0.name == name })?.hold { true } else { false }
    }
}

extension Moment {
    fileprivate var isWorthTellingOfDryRuns: Bool { [.changed, .failed, .refused, .rollbackFailed].contains(self) }
}

extension RunEvent {
    /// What this event is to those who are told of runs; most are nothing to them.
    var moment: Moment? {
        switch self {
        case .lockTaken: .started
        case .gateWaiting: .waiting
        case .holdStarted(_, let roles, _): roles.isEmpty ? nil : .waiting
        case .rollbackStarted: .rollingBack
        case .paused: .paused
        case .interrupted: .interrupted
        case .runFinished(let outcome, _): Moment(outcome)
        case .dryRunCompared(let comparison):
            comparison.previous == nil || comparison.changes.isEmpty ? nil : .changed
        case .runCreated, .approvalGiven, .approvalRejected, .gatePassed, .attemptStarted, .attemptReattached,
            .stepStarted, .stepFinished, .attemptFinished, .retryScheduled, .stageSkipped, .holdEnded,
            .rollbacksCounted, .baselineStarted, .baselineTaken, .controlMoved, .monitoringStarted, .ruleFired,
            .ruleCleared, .breached, .inconclusive, .operatorActed, .resumed, .stagePreviewed, .suiteAsked:
            nil
        }
    }

    /// Why it happened, for those who are told of it.
    public var reason: String? {
        switch self {
        case .rollbackStarted(let reason), .paused(let reason), .interrupted(let reason): reason
        case .runFinished(_, let reason): reason
        case .holdStarted(let stage, let roles, _) where !roles.isEmpty:
            "stage \(stage) waits for \(roles.joined(separator: ", ")) to sign"
        default: nil
        }
    }
}
