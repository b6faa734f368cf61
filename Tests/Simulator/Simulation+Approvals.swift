import ShipitCore

/// A run that waits for people: nobody drives it. Whoever has something to say of it does its turn, and lets go.
extension Simulation {
    static let digest = "sha256:0"

    var isWaiting: Bool { folded.isUnbegun }

    /// Those of stages that wait now.
    var openGates: [GateState] { folded.gates.filter { $0.stage != nil && $0.isOpen && folded.end(of: $0) != nil } }

    /// Sensible or not.
    mutating func randomSignOff() -> SignOff {
        let role = random.pick(RandomPlan.roles)
        let person = random.pick(RandomPlan.people)
        var signOff = rightSignOff(role, person)
        if !isWaiting {
            signOff.stage =
                openGates.isEmpty ? plan.stages.first { $0.hold != nil }?.name : random.pick(openGates).stage
        }
        if random.once(in: 5) { signOff.by = random.pick(["ana", "ben", "root"]) }
        if random.once(in: 6) { signOff.proof = .claimed }
        if random.once(in: 8) { signOff.planDigest = "sha256:another" }
        return signOff
    }

    /// As this person would sign if they were asked.
    private func rightSignOff(_ role: String, _ person: Person, at stage: StageName? = nil) -> SignOff {
        let proof: SignOff.Proof = person.sshKey != nil ? .sshKey : person.osUser != nil ? .osUser : .claimed
        return SignOff(
            role: role, person: person.name, by: person.osUser ?? person.name, proof: proof, planDigest: Self.digest,
            stage: stage,
            signature: person.sshKey.map { "signed with \($0)" })
    }

    /// Takes something in about a run that has not begun.
    mutating func settle(_ happening: Happening) throws(Violation) {
        guard isWaiting else { return }
        var machine = RunMachine(state: folded, jobs: 1)
        let turn = machine.turn([happening], now: world.now)
        for refusal in turn.refusals {
            coverage.count(.signOffsRefused)
            note("refused", refusal)
        }
        try invariants.demand(.intent, turn.effects.allSatisfy { $0 == .stop }, "a run that waits has effects")
        if turn.events.isEmpty { return }
        let before = store.journal.count
        guard case .appended = store.appendWaiting(turn.events, after: before, at: world.now) else {
            coverage.count(.diskFull)
            return
        }
        try see(from: before)
    }

    /// The lock, and then the record that the run begins: its people have signed.
    /// - Returns: whether an engine may drive it.
    mutating func begin(_ acts: [OperatorAct]) throws(Violation) -> Bool {
        for act in acts { try settle(.asked(act)) }
        if folded.outcome == nil { try settle(.tick) }
        guard isWaiting, folded.isSigned, let epoch = store.takeLock() else { return false }
        let holder = Holder(host: "host", pid: Int(epoch), startTime: epoch, bootID: world.bootID, user: "ana")
        let before = store.journal.count
        let event = RunEvent.lockTaken(epoch: Epoch(epoch), holder: holder)
        guard case .appended = store.append([event], epoch: epoch, after: before, at: world.now, failing: nil) else {
            return false
        }
        try see(from: before)
        coverage.count(.begunSigned)
        return true
    }

    /// I10: who may sign does; what cannot be signed ends when its time is over.
    mutating func comeToABeginning() throws(Violation) {
        guard isWaiting else { return }
        for gate in folded.gates {
            for person in gate.role.people { try settle(.approved(rightSignOff(gate.role.name, person))) }
        }
        guard isWaiting, !folded.isSigned, let end = folded.signOffsEnd else { return }
        world.now = max(world.now, end)
        try settle(.tick)
        try invariants.demand(
            .liveness, folded.outcome == .refused, "the time to sign is over, and the run still waits")
    }
}

/// Stages on the way that wait for people.
extension Simulation {
    /// A word on a run that has begun: to the engine that drives it, or where nobody does into its journal.
    mutating func say(_ request: RunRequest) throws(Violation) {
        if engines.isEmpty { return try record(request) }
        coverage.count(.wordsToEngines)
        try act(engines.count - 1) { _, world in (world.now, [request.happening]) }
    }

    private mutating func record(_ request: RunRequest) throws(Violation) {
        guard folded.hasBegun, folded.outcome == nil else { return }
        guard let epoch = store.takeLock() else {
            coverage.count(.diskFull)
            return
        }
        let (events, refusal) = folded.recording(request, now: world.now)
        if refusal != nil { coverage.count(.signOffsRefused) }
        if events.isEmpty { return }
        let before = store.journal.count
        guard case .appended = store.append(events, epoch: epoch, after: before, at: world.now, failing: nil) else {
            coverage.count(.diskFull)
            return
        }
        coverage.count(.wordsToNobody)
        try invariants.appends(epoch: epoch)
        try see(from: before)
    }

    /// I10: whoever is asked signs, as far as they may.
    mutating func signWhatIsOpen() throws(Violation) {
        for gate in openGates {
            for person in gate.role.people {
                let signOff = rightSignOff(gate.role.name, person, at: gate.stage)
                if folded.refusal(of: signOff, .approve, now: world.now) == nil { try say(.approve(signOff)) }
            }
        }
    }

    /// Where an engine has left and too few may sign, the time to sign passes.
    mutating func letTheTimeToSignPass() {
        guard engines.isEmpty, hasLeftForPeople, let end = openGates.compactMap({ folded.end(of: $0) }).min() else {
            return
        }
        world.now = max(world.now, end)
    }
}
