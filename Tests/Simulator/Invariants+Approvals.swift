import ShipitCore

/// I7: no word counts twice, for another plan, from somebody who may not, or after its time.
extension Invariants {
    struct GateModel {
        var signed: [SignOff] = []
        var hasPassed = false
    }

    private var policy: ApprovalPolicy? { plan.approvals }

    private func role(_ name: String) -> ApprovalRole? { policy?.roles.first { $0.name == name } }

    func areSignOffsOver(_ now: Instant) -> Bool {
        guard let policy, let createdAt else { return false }
        return now >= createdAt + policy.expires
    }

    mutating func approved(_ signOff: SignOff, at now: Instant) throws(Violation) {
        let name = signOff.person
        try maySay(signOff, at: now)
        let person = role(signOff.role)!.people.first { $0.name == name }!
        let before = gates[signOff.role, default: .init()].signed
        try demand(.approval, !before.contains { $0.person == name }, "\(name) signs for \(signOff.role) twice")
        let isSameUser = before.contains { $0.by == signOff.by && $0.proof != .sshKey && signOff.proof != .sshKey }
        try demand(.approval, !isSameUser, "\(signOff.by) signs for \(signOff.role) under two names")
        let isStarter = person.osUser == "ana" || (person.sshKey == nil && signOff.by == "ana")
        try demand(.approval, policy!.allowSelf || !isStarter, "\(name) signs what they started")
        gates[signOff.role, default: .init()].signed.append(signOff)
    }

    mutating func rejected(_ signOff: SignOff, at now: Instant) throws(Violation) {
        try maySay(signOff, at: now)
        isRejected = true
    }

    private func maySay(_ signOff: SignOff, at now: Instant) throws(Violation) {
        try demand(.approval, !hasBegun && outcome == nil, "a word on a run that has begun or ended")
        try demand(.approval, !areSignOffsOver(now), "a word after its time")
        try demand(.approval, signOff.planDigest == "sha256:0", "a word on another plan")
        guard let person = role(signOff.role)?.people.first(where: { $0.name == signOff.person }) else {
            throw Violation(.approval, "\(signOff.person) is not in role \(signOff.role)")
        }
        try demand(.approval, person.osUser == nil || person.osUser == signOff.by, "\(signOff.by) as \(person.name)")
        try demand(.approval, person.sshKey == nil || signOff.proof == .sshKey, "\(person.name) without their key")
    }

    mutating func passed(_ name: String) throws(Violation) {
        let gate = gates[name] ?? .init()
        try demand(.approval, !gate.hasPassed, "gate \(name) passed twice")
        try demand(
            .approval, gate.signed.count >= role(name)?.quorum ?? .max, "gate \(name) passed with too few signatures")
        gates[name, default: .init()].hasPassed = true
    }

    func begins() throws(Violation) {
        try demand(.approval, isSigned && !isRejected, "the run begins, and not all have signed")
    }

    private var isSigned: Bool { (policy?.roles ?? []).allSatisfy { gates[$0.name]?.hasPassed == true } }

    /// Nothing starts unsigned, and the first change not after the sign-offs' time.
    func mayStart(_ stage: PlannedStage, hasChanged: Bool, at now: Instant) throws(Violation) {
        try demand(.approval, isSigned && !isRejected, "\(stage.name) starts, and not all have signed")
        let isInTime = hasChanged || !stage.changes || !areSignOffsOver(now)
        try demand(.approval, isInTime, "\(stage.name) is the first change, and the sign-offs have expired")
    }
}
