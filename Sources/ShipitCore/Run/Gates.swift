/// Where one role's sign-off stands.
public struct GateState: Hashable, Sendable {
    public enum Standing: String, Hashable, Sendable {
        case waiting, passed, refused
    }

    public let role: ApprovalRole
    public internal(set) var standing = Standing.waiting
    public internal(set) var signOffs: [SignOff] = []
    /// Why it was refused.
    public internal(set) var reason: String?

    init(_ role: ApprovalRole) { self.role = role }

    /// How many more must sign.
    public var missing: Int { max(0, role.quorum - signOffs.count) }

    public func isSigned(by person: String) -> Bool { signOffs.contains { $0.person == person } }
}

extension RunState {
    /// Until when the run's first change must have begun for its sign-offs to count; `nil` where nobody has to sign.
    public var signOffsEnd: Instant? {
        guard let approvals = plan.approvals, let createdAt else { return nil }
        return createdAt + approvals.expires
    }

    /// Whether nobody has to sign any more.
    public var isSigned: Bool { gates.allSatisfy { $0.standing == .passed } }

    func signOffsHaveEnded(_ now: Instant) -> Bool { signOffsEnd.map { now >= $0 } ?? false }

    /// Why a word cannot be taken; `nil` when it can.
    public func refusal(of signOff: SignOff, _ word: SignOff.Word, now: Instant) -> String? {
        guard let gate = gates.first(where: { $0.role.name == signOff.role }) else {
            return "the run needs no sign-off of role \(signOff.role)"
        }
        if outcome != nil { return "the run has ended already" }
        if hasBegun { return "the run has begun already" }
        if signOffsHaveEnded(now) { return "the time to sign it is over" }
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
        if plan.approvals?.allowSelf == false, isStarter(signOff, person) {
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

/// What follows while a run waits for people; `nil` once it has begun, or where nobody has to sign. An engine that drives a
/// run which is not signed stops here, whatever brought it to that.
func decideGates(_ state: RunState, now: Instant) -> [Decision]? {
    guard !state.gates.isEmpty, !(state.hasBegun && state.isSigned) else { return nil }
    if let reason = orderToStop(state) { return [.record(.runFinished(outcome: .cancelled, reason: reason))] }
    if let refused = state.gates.first(where: { $0.standing == .refused }) {
        return [.record(.runFinished(outcome: .refused, reason: refused.reason))]
    }
    if state.signOffsHaveEnded(now) {
        return [.record(.runFinished(outcome: .refused, reason: state.whySignOffsEnded))]
    }
    let passed = state.gates.filter { $0.standing == .waiting && $0.missing == 0 }
    if !passed.isEmpty { return passed.map { .record(.gatePassed(role: $0.role.name)) } }
    // The lock is taken before the first stage, and not by whoever signs.
    return [.stop]
}

extension RunState {
    /// For a run whose time was up.
    var whySignOffsEnded: String {
        let end = signOffsEnd.map { " at \($0)" } ?? ""
        let open = gates.filter { $0.standing == .waiting }.map(\.role.name)
        if open.isEmpty { return "its sign-offs expired\(end), before anything was changed" }
        return "the time to sign it ended\(end), without \(open.joined(separator: ", "))"
    }

    mutating func take(_ signOff: SignOff, rejectedBecause why: String?) {
        guard let gate = gates.firstIndex(where: { $0.role.name == signOff.role }) else { return }
        if let why {
            gates[gate].standing = .refused
            gates[gate].reason = "rejected by \(signOff.person) for \(signOff.role): \(why)"
        } else {
            gates[gate].signOffs.append(signOff)
        }
    }

    mutating func pass(_ role: String) {
        guard let gate = gates.firstIndex(where: { $0.role.name == role }) else { return }
        gates[gate].standing = .passed
    }

    /// A run that has ended waits for nobody.
    mutating func closeGates(_ reason: String?) {
        for gate in gates.indices where gates[gate].standing == .waiting {
            gates[gate].standing = .refused
            gates[gate].reason = reason
        }
    }
}
