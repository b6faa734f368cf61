import ShipitCore

/// I7: no word counts twice, for another plan, from somebody who may not, or after its time.
extension Invariants {
    struct GateModel {
        struct Key: Hashable {
            var role: String
            var stage: StageName?
        }

        var signed: [SignOff] = []
        var hasPassed = false
    }

    private var policy: ApprovalPolicy? { plan.approvals }

    private func policy(of stage: StageName?) -> ApprovalPolicy? {
        guard let stage else { return policy }
        guard case .approval(let policy)? = planned[stage]?.hold else { return nil }
        return policy
    }

    private func role(_ name: String, _ stage: StageName?) -> ApprovalRole? {
        policy(of: stage)?.roles.first { $0.name == name }
    }

    func areSignOffsOver(_ now: Instant) -> Bool {
        guard let policy, let createdAt else { return false }
        return now >= createdAt + policy.expires
    }

    mutating func approved(_ signOff: SignOff, at now: Instant) throws(Violation) {
        let name = signOff.person
        try maySay(signOff, at: now)
        let person = role(signOff.role, signOff.stage)!.people.first { $0.name == name }!
        let key = GateModel.Key(role: signOff.role, stage: signOff.stage)
        let before = gates[key, default: .init()].signed
        try demand(.approval, !before.contains { $0.person == name }, "\(name) signs for \(signOff.role) twice")
        let isSameUser = before.contains { $0.by == signOff.by && $0.proof != .sshKey && signOff.proof != .sshKey }
        try demand(.approval, !isSameUser, "\(signOff.by) signs for \(signOff.role) under two names")
        let isStarter = person.osUser == "ana" || (person.sshKey == nil && signOff.by == "ana")
        try demand(.approval, policy(of: signOff.stage)!.allowSelf || !isStarter, "\(name) signs what they started")
        gates[key, default: .init()].signed.append(signOff)
    }

    mutating func rejected(_ signOff: SignOff, at now: Instant) throws(Violation) {
        try maySay(signOff, at: now)
        if let stage = signOff.stage { rejectedStages.insert(stage) } else { isRejected = true }
    }

    private func maySay(_ signOff: SignOff, at now: Instant) throws(Violation) {
        if let stage = signOff.stage {
            let isOpen = holds[stage].map { now < $0 } ?? false
            try demand(.approval, isOpen && outcome == nil, "a word on \(stage), which doesn't wait for it")
            try demand(.approval, !stages[stage]!.isOver, "a word on \(stage) after its end")
        } else {
            try demand(.approval, !hasBegun && outcome == nil, "a word on a run that has begun or ended")
            try demand(.approval, !areSignOffsOver(now), "a word after its time")
        }
        try demand(.approval, signOff.planDigest == "sha256:0", "a word on another plan")
        guard let person = role(signOff.role, signOff.stage)?.people.first(where: { $0.name == signOff.person }) else {
            throw Violation(.approval, "\(signOff.person) is not in role \(signOff.role)")
        }
        try demand(.approval, person.osUser == nil || person.osUser == signOff.by, "\(signOff.by) as \(person.name)")
        try demand(.approval, person.sshKey == nil || signOff.proof == .sshKey, "\(person.name) without their key")
    }

    mutating func passed(_ name: String, _ stage: StageName?) throws(Violation) {
        let key = GateModel.Key(role: name, stage: stage)
        let gate = gates[key] ?? .init()
        try demand(.approval, !gate.hasPassed, "gate \(name) passed twice")
        try demand(
            .approval, gate.signed.count >= role(name, stage)?.quorum ?? .max,
            "gate \(name) passed with too few signatures")
        gates[key, default: .init()].hasPassed = true
    }

    func begins() throws(Violation) {
        try demand(.approval, isSigned && !isRejected, "the run begins, and not all have signed")
    }

    private var isSigned: Bool {
        (policy?.roles ?? []).allSatisfy { gates[.init(role: $0.name, stage: nil)]?.hasPassed == true }
    }

    // MARK: Stages that only wait

    mutating func holdStarted(
        _ name: StageName, _ roles: [String], until: Instant, at now: Instant
    ) throws(Violation) {
        let stage = planned[name]!
        guard let hold = stage.hold else { throw Violation(.rules, "\(name) waits, and has work to do") }
        try demand(.rules, holds[name] == nil, "\(name) begins to wait twice")
        try demand(
            .rules, until == now + hold.span && roles == hold.roles.map(\.name), "\(name) waits for something else")
        try mayGoOn(stage, "\(name) waits")
        try demand(.approval, isSigned && !isRejected, "\(name) waits, and not all have signed the beginning")
        holds[name] = until
    }

    mutating func holdEnded(_ name: StageName, refusal: String?, at now: Instant) throws(Violation) {
        guard let until = holds[name] else { throw Violation(.rules, "\(name) ends, and never began to wait") }
        try demand(.rules, !stages[name]!.isOver, "\(name) ends twice")
        let stage = planned[name]!
        guard case .approval(let policy)? = stage.hold else {
            try demand(.rules, refusal == nil && now >= until, "\(name) ends before its time")
            return end(name, .perform, AttemptResult(.succeeded), at: now)
        }
        let isSigned = policy.roles.allSatisfy { gates[.init(role: $0.name, stage: name)]?.hasPassed == true }
        if refusal == nil {
            try demand(
                .approval, isSigned && !rejectedStages.contains(name), "\(name) goes on, and not all have signed")
        } else {
            let isOver = now >= until && !isSigned
            try demand(.approval, rejectedStages.contains(name) || isOver, "\(name) fails, and may still be signed")
        }
        end(name, .perform, AttemptResult(refusal == nil ? .succeeded : .failed), at: now)
    }

    /// Nothing starts unsigned, and the first change not after the sign-offs' time.
    func mayStart(_ stage: PlannedStage, hasChanged: Bool, at now: Instant) throws(Violation) {
        try demand(.approval, isSigned && !isRejected, "\(stage.name) starts, and not all have signed")
        let isInTime = hasChanged || !stage.changes || !areSignOffsOver(now)
        try demand(.approval, isInTime, "\(stage.name) is the first change, and the sign-offs have expired")
    }
}
