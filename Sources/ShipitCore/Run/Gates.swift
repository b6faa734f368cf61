/// Where one role's sign-off stands.
public struct GateState: Hashable, Sendable {
    public enum Standing: String, Hashable, Sendable {
        case waiting, passed, refused
    }

    public let role: ApprovalRole
    /// The stage that waits for it; `nil`: the run's beginning.
    public let stage: StageName?
    let allowSelf: Bool
    public internal(set) var standing = Standing.waiting
    public internal(set) var signOffs: [SignOff] = []
    /// Why it was refused.
    public internal(set) var reason: String?

    init(_ role: ApprovalRole, of stage: StageName? = nil, allowSelf: Bool) {
        self.role = role
        self.stage = stage
        self.allowSelf = allowSelf
    }

    /// How many more must sign.
    public var missing: Int { max(0, role.quorum - signOffs.count) }

    /// Whether people must still sign.
    public var isOpen: Bool { standing == .waiting && missing > 0 }

    public func isSigned(by person: String) -> Bool { signOffs.contains { $0.person == person } }
}

extension RunState {
    /// Whether the run waits for people before it begins. Nobody holds its environment's lock for it.
    public var isUnbegun: Bool { outcome == nil && !hasBegun && plan.approvals != nil }

    /// Until when the run's first change must have begun for its sign-offs to count; `nil` where nobody has to sign.
    public var signOffsEnd: Instant? {
        guard let approvals = plan.approvals, let createdAt else { return nil }
        return createdAt + approvals.expires
    }

    /// Until when a gate can be signed; `nil` once nobody waits for it any more.
    public func end(of gate: GateState) -> Instant? {
        guard let stage = gate.stage else { return isUnbegun ? signOffsEnd : nil }
        guard outcome == nil, case .held(let until)? = self[stage]?.perform.phase else { return nil }
        return until
    }

    /// Whether nobody has to sign any more for the run to begin.
    public var isSigned: Bool { gates.allSatisfy { $0.stage != nil || $0.standing == .passed } }

    func signOffsHaveEnded(_ now: Instant) -> Bool { signOffsEnd.map { now >= $0 } ?? false }

    func gateIndex(_ role: String, _ stage: StageName?) -> Int? {
        gates.firstIndex { $0.role.name == role && $0.stage == stage }
    }

    func gates(of stage: StageName) -> [GateState] { gates.filter { $0.stage == stage } }

    /// Why a word cannot be taken; `nil` when it can.
    public func refusal(of signOff: SignOff, _ word: SignOff.Word, now: Instant) -> String? {
        guard let gate = gateIndex(signOff.role, signOff.stage).map({ gates[$0] }) else {
            let asker = signOff.stage.map { "stage \($0)" } ?? "the run"
            return "\(asker) needs no sign-off of role \(signOff.role)"
        }
        if outcome != nil { return "the run has ended already" }
        guard let end = end(of: gate) else {
            return signOff.stage.map { "stage \($0) waits for nobody any more" } ?? "the run has begun already"
        }
        if now >= end { return "the time to sign it is over" }
        if gate.standing == .refused { return "it was rejected already" }
        guard signOff.planDigest == created?.planDigest else {
            return "what was signed is another plan than the run's (\(created?.planDigest ?? "none"))"
        }
        guard let person = gate.role.people.first(where: { $0.name == signOff.person }) else {
            return "\(signOff.person) is not in role \(signOff.role)"
        }
        return refusal(of: signOff, by: person) ?? (word == .approve ? refusalOfApproval(signOff, person, gate) : nil)
    }

    private func refusal(of signOff: SignOff, by person: Person) -> String? {
        if let user = person.osUser, signOff.by != user {
            return "only the user \(user) of this machine signs as \(person.name), and this is \(signOff.by)"
        }
        if person.sshKey != nil, signOff.proof != .sshKey { return "\(person.name) signs with a key" }
        return nil
    }

    private func refusalOfApproval(_ signOff: SignOff, _ person: Person, _ gate: GateState) -> String? {
        if gate.isSigned(by: person.name) { return "\(person.name) has signed for role \(signOff.role) already" }
        if !gate.allowSelf, isStarter(signOff, person) {
            return "who starts a run does not approve it, and \(signOff.by) started this one"
        }
        // One user under two names is one user; a key is somebody of its own.
        if person.sshKey == nil,
            let other = gate.signOffs.first(where: { $0.proof != .sshKey && $0.by == signOff.by })
        {
            return "the user \(signOff.by) has signed for role \(signOff.role) already, as \(other.person)"
        }
        return nil
    }

    /// A key tells who signs, whoever typed it; without one the user who typed it is who signs.
    private func isStarter(_ signOff: SignOff, _ person: Person) -> Bool {
        guard let starter = created?.startedBy else { return true }
        return person.osUser == starter || (person.sshKey == nil && signOff.by == starter)
    }
}

/// What follows while a run waits for people before it begins; `nil` once it has begun, or where nobody has to sign. An engine
/// that drives a run which is not signed stops here, whatever brought it to that.
func decideGates(_ state: RunState, now: Instant) -> [Decision]? {
    guard state.plan.approvals != nil, !(state.hasBegun && state.isSigned) else { return nil }
    if let reason = orderToStop(state) { return [.record(.runFinished(outcome: .cancelled, reason: reason))] }
    if let refused = state.gates.first(where: { $0.standing == .refused }) {
        return [.record(.runFinished(outcome: .refused, reason: refused.reason))]
    }
    if state.signOffsHaveEnded(now) {
        return [.record(.runFinished(outcome: .refused, reason: state.whySignOffsEnded))]
    }
    let passed = state.gates.filter { $0.standing == .waiting && $0.missing == 0 }
    if !passed.isEmpty { return passed.map { .record(.gatePassed(role: $0.role.name, stage: nil)) } }
    // The lock is taken before the first stage, and not by whoever signs.
    return [.stop]
}

extension RunState {
    /// For a run whose time was up.
    var whySignOffsEnded: String {
        let end = signOffsEnd.map { " at \($0)" } ?? ""
        let open = gates.filter { $0.standing == .waiting && $0.stage == nil }.map(\.role.name)
        if open.isEmpty { return "its sign-offs expired\(end), before anything was changed" }
        return "the time to sign it ended\(end), without \(open.joined(separator: ", "))"
    }

    mutating func take(_ signOff: SignOff, rejectedBecause why: String?) {
        guard let gate = gateIndex(signOff.role, signOff.stage) else { return }
        if let why {
            gates[gate].standing = .refused
            gates[gate].reason = "rejected by \(signOff.person) for \(signOff.role): \(why)"
        } else {
            gates[gate].signOffs.append(signOff)
        }
    }

    mutating func pass(_ role: String, _ stage: StageName?) {
        guard let gate = gateIndex(role, stage) else { return }
        gates[gate].standing = .passed
    }

    /// A run that has ended, or goes back, waits for nobody.
    mutating func closeGates(_ reason: String?) {
        for gate in gates.indices where gates[gate].standing == .waiting {
            gates[gate].standing = .refused
            gates[gate].reason = reason
        }
    }
}

extension RunState {
    /// What a word on a run that nobody drives adds to its journal: that it was given, and that its role has signed with it.
    /// What follows from that is the next engine's to do.
    /// - Returns: no events where it is refused, with why.
    public func recording(_ request: RunRequest, now: Instant) -> (events: [RunEvent], refusal: String?) {
        switch request {
        case .act: return ([], nil)
        case .reject(let signOff, let why):
            if let refusal = refusal(of: signOff, .reject, now: now) { return ([], refusal) }
            return ([.approvalRejected(signOff, why: why)], nil)
        case .approve(let signOff):
            if let refusal = refusal(of: signOff, .approve, now: now) { return ([], refusal) }
            var after = self
            after.take(signOff, rejectedBecause: nil)
            let gate = after.gateIndex(signOff.role, signOff.stage).map { after.gates[$0] }
            let isLast = gate?.standing == .waiting && gate?.missing == 0
            return (
                [.approvalGiven(signOff)] + (isLast ? [.gatePassed(role: signOff.role, stage: signOff.stage)] : []), nil
            )
        }
    }
}
