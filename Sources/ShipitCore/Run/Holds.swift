/// Stages that do nothing themselves: they wait for people, or for time to pass. They take no place among those that run.
extension RunState {
    /// Whether the run waits for people, somewhere on its way, and for nothing else.
    var waitsForPeople: Bool {
        guard outcome == nil, !isUnbegun, rollbackReason == nil else { return false }
        var isHeldByPeople = false
        for activity in live {
            switch self[activity].phase {
            case .held:
                guard case .approval? = plan.stages[activity.stage].hold else { return false }
                isHeldByPeople = true
            case .pending, .none, .succeeded: break
            case .running, .waiting, .failed, .cancelled, .interrupted, .unknown: return false
            }
        }
        return isHeldByPeople
    }

    mutating func startHold(_ name: StageName, until: Instant, at now: Instant) {
        let activity = Activity(stage: position(name), part: .perform)
        readyHolds.removeAll { $0 == activity.stage }
        self[activity].phase = .held(until: until)
        self[activity].startedAt = now
        self[activity].firstStartedAt = now
        live.append(activity)
        guard case .approval(let policy)? = plan.stages[activity.stage].hold else { return }
        gates += policy.roles.map { GateState($0, of: name, allowSelf: policy.allowSelf) }
    }

    mutating func endHold(_ name: StageName, refusal: String?, at now: Instant) {
        let activity = Activity(stage: position(name), part: .perform)
        self[activity].finishedAt = now
        lastStageEndedAt = now
        guard let refusal else {
            self[activity].phase = .succeeded
            live.removeAll { $0 == activity }
            return satisfy(activity.stage)
        }
        self[activity].phase = .failed
        self[activity].reason = refusal
    }
}

/// The stages whose turn has come and that only wait.
func holds(_ state: RunState, _ now: Instant) -> [Decision] {
    state.readyHolds.compactMap { position in
        let stage = state.plan.stages[position]
        guard state.stages[position].perform.phase == .pending, let hold = stage.hold else { return nil }
        return .record(.holdStarted(stage.name, roles: hold.roles.map(\.name), until: now + hold.span))
    }
}

/// What becomes of a stage that waits: events, or `nil` while it goes on waiting. What people signed in time counts, whenever
/// an engine sees it.
func decideHold(_ state: RunState, _ stage: PlannedStage, until: Instant, now: Instant) -> [Decision]? {
    func ends(_ refusal: String?) -> [Decision] { [.record(.holdEnded(stage.name, refusal: refusal))] }
    guard case .approval? = stage.hold else { return now >= until ? ends(nil) : nil }
    let gates = state.gates(of: stage.name)
    if let refused = gates.first(where: { $0.standing == .refused }) { return ends(refused.reason ?? "rejected") }
    let signed = gates.filter { $0.standing == .waiting && $0.missing == 0 }
    if !signed.isEmpty { return signed.map { .record(.gatePassed(role: $0.role.name, stage: stage.name)) } }
    let open = gates.filter { $0.standing == .waiting }.map(\.role.name)
    if open.isEmpty { return ends(nil) }
    return now >= until ? ends("the time to sign it ended at \(until), without \(open.joined(separator: ", "))") : nil
}
