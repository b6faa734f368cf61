import ShipitCore
import ShipitEngine

/// Where people sign: finds the run, finds out who signs and how that is known, and records it.
struct SignOffDesk {
    private let reading: RunReading
    private let stateFolder: String
    private let form: OutputForm
    private let streams = Streams()
    /// Whose process this is.
    private let user: String
    /// Who typed it, behind `sudo` another one.
    private let person: String

    init(_ place: PlaceOptions, _ target: TargetOptions, run: String, form: OutputForm) throws {
        stateFolder = try place.place().stateFolder()
        let looking = try Wiring.storeForReading(stateFolder)
        let choice = RunChoice(store: looking, environment: target.env, pipeline: target.pipeline)
        reading = try RunReading(try choice.run(run, dryRuns: false), in: looking)
        self.form = form
        let holder = try Wiring.thisProcess()
        user = holder.user
        person = Session.person(holder)
    }

    private var run: RunID { reading.record.created.run }

    /// - Returns: `nil` when the person has signed already: nothing is to be done.
    func signOff(_ word: SignOff.Word, role: String, _ identity: IdentityOptions) throws(CommandFailure) -> SignOff? {
        let gate = try gate(of: role, at: identity.stage)
        let person = try person(of: gate.role, named: identity.person)
        let canBeSigned = reading.state.end(of: gate).map { SystemClock.wallTime < $0 } ?? false
        if word == .approve, canBeSigned, gate.isSigned(by: person.name) { return nil }
        var signOff = SignOff(
            role: role, person: person.name, by: person.osUser == nil ? self.person : user,
            proof: person.osUser == nil ? .claimed : .osUser,
            planDigest: reading.record.created.planDigest, stage: gate.stage)
        // Refused before anybody is asked for a passphrase.
        if person.sshKey != nil { signOff.proof = .sshKey }
        try refuse(reading.state.refusal(of: signOff, word, now: SystemClock.wallTime))
        if let key = person.sshKey {
            let statement = SignOff.statement(
                word, run: run, role: role, person: person.name, planDigest: signOff.planDigest,
                stage: signOff.stage)
            guard let file = identity.sign else {
                throw CommandFailure(
                    .usage, "\(person.name) signs with a key: which one?", hint: "add --sign ~/.ssh/id_ed25519")
            }
            signOff.signature = try SSHSignature.make(statement, by: person.name, key: file, expecting: key)
        } else if identity.sign != nil {
            throw CommandFailure(
                .usage, "people: knows no key of \(person.name), so nothing would be proven",
                hint: "give \(person.name) an ssh-key: there, or leave --sign out")
        }
        return signOff
    }

    /// Records it, and says what is left to be done.
    func take(_ signOff: SignOff?, as request: (SignOff) -> RunRequest) async throws {
        guard let signOff else {
            return say(reading.state, isNew: false)
        }
        let session = try Session(stateFolder: stateFolder, form: .text, streams: streams)
        let (state, refusal) = try await record(request(signOff), of: signOff, session)
        await session.notices.deliver(of: run)
        // Somebody who signs in two windows at once has signed.
        if refusal != nil, state.outcome == nil || state.hasBegun, state.isSigned(signOff) {
            return say(state, isNew: false)
        }
        // What came between the look and the turn: it began, it was rejected, its time was up.
        try refuse(
            refusal ?? (state.heard(signOff) ? nil : state.refusal(of: signOff, .reject, now: SystemClock.wallTime)))
        let release = SafeText.line("\(reading.record.created.release.tag) to \(reading.record.created.environment)")
        let stage = signOff.stage.map { " at stage \($0)" } ?? ""
        streams.progress(
            "\(SafeText.line(EventWords.words(signOff))) signed \(release) for "
                + "\(SafeText.line(signOff.role + stage)), plan \(signOff.planDigest)\n")
        say(state, isNew: true)
    }

    /// Before the run begins and where nobody drives it, by this process; otherwise by the engine that does.
    private func record(
        _ request: RunRequest, of signOff: SignOff, _ session: Session
    ) async throws -> (state: RunState, refusal: String?) {
        let launcher = Launcher(store: session.store, clock: SystemClock(), holder: session.holder)
        let interrupts = try Interrupts(clock: SystemClock())
        while true {
            var now = try RunReading(reading.record, in: session.store)
            if now.state.isUnbegun || now.state.outcome != nil {
                return try RunErrors.explained(of: run, in: session.store) {
                    try launcher.settle(run, request.happening)
                }
            }
            guard now.isHeld else {
                return try RunErrors.explained(of: run, in: session.store) { try launcher.record(request, on: run) }
            }
            try refuse(now.state.refusal(of: signOff, .reject, now: SystemClock.wallTime))
            let isTaken = try await RunInbox(store: session.store, interrupts: interrupts).put(
                request, &now, isTaken: { $0.heard(signOff) },
                refuse: { try refuse($0.state.refusal(of: signOff, .reject, now: SystemClock.wallTime)) })
            if isTaken { return (now.state, nil) }
        }
    }

    /// The gate of the role: the one that can be signed now, or else the last there was.
    private func gate(of role: String, at stage: String?) throws(CommandFailure) -> GateState {
        let named = reading.state.gates.filter { gate in
            gate.role.name == role && (stage.map { gate.stage?.text == $0 } ?? true)
        }
        let open = named.filter { $0.standing == .waiting && reading.state.end(of: $0) != nil }
        if open.count > 1 {
            throw CommandFailure(
                .usage, "run \(run) waits for \(SafeText.line(role)) at several stages",
                hint: "say which: " + open.compactMap { $0.stage.map { "--stage \($0)" } }.joined(separator: ", "))
        }
        if let gate = open.first ?? named.last { return gate }
        var known: [String] = []
        for gate in reading.state.gates where !known.contains(gate.role.name) { known.append(gate.role.name) }
        let later = reading.state.plan.stages.first { planned in
            planned.hold?.roles.contains { $0.name == role } == true && (stage.map { planned.name.text == $0 } ?? true)
        }
        if let later {
            throw CommandFailure(
                .refused, "run \(run) has not come to stage \(later.name), which asks \(SafeText.line(role))",
                hint: "see: shipit status \(run)")
        }
        guard !known.isEmpty else {
            throw CommandFailure(.refused, "run \(run) needs nobody's sign-off", hint: "see: shipit status \(run)")
        }
        let near = Suggestion.closest(to: role, among: known).map { "did you mean \"\($0)\"? " } ?? ""
        throw CommandFailure(
            .usage,
            "run \(run) needs no sign-off of role \"\(SafeText.line(role))\""
                + (stage.map { " at stage \"\(SafeText.line($0))\"" } ?? ""),
            hint: near + "it needs: " + known.joined(separator: ", "))
    }

    /// The person who is named, or the one whose user this is.
    private func person(of role: ApprovalRole, named name: String?) throws(CommandFailure) -> Person {
        let known = role.people.map(\.name).joined(separator: ", ")
        if let name {
            if let person = role.people.first(where: { $0.name == name }) { return person }
            let isKnown = reading.state.gates.contains { $0.role.people.contains { $0.name == name } }
            throw CommandFailure(
                isKnown ? .refused : .usage, "\"\(SafeText.line(name))\" is not in role \(role.name)",
                hint: "those who are: \(known)")
        }
        if let person = role.people.first(where: { $0.osUser == user }) { return person }
        if role.people.allSatisfy({ $0.osUser != nil }) {
            throw CommandFailure(
                .refused, "you are \(user), and nobody in role \(role.name) is", hint: "those who are in it: \(known)")
        }
        if let known = reading.state.gates.flatMap(\.role.people).first(where: { $0.osUser == user }) {
            throw CommandFailure(
                .refused, "you are \(known.name), who is not in role \(role.name)",
                hint: "those who are: " + role.people.map(\.name).joined(separator: ", "))
        }
        let others = role.people.filter { $0.osUser == nil }.map(\.name).joined(separator: "|")
        throw CommandFailure(.usage, "say who signs for role \(role.name)", hint: "add --as \(others)")
    }

    private func refuse(_ reason: String?) throws(CommandFailure) {
        guard let reason else { return }
        let release = reading.record.created.release.tag
        let isOver = reading.state.isUnbegun && reading.state.signOffsEnd.map { SystemClock.wallTime >= $0 } == true
        throw CommandFailure(
            .refused, "run \(run): \(reason)",
            hint: isOver
                ? "deploy it anew: shipit deploy \(ShellWord.quoted(SafeText.line(release)))"
                : "see: shipit status \(run)")
    }

    private func say(_ state: RunState, isNew: Bool) {
        if !isNew { streams.progress("signed already; nothing was changed\n") }
        let view = RunView(reading.record, state: state)
        switch form {
        case .text: streams.result(EndReport.text(view, now: SystemClock.wallTime))
        case .json: streams.result(StatusJSON.text(view))
        }
    }
}

extension RunState {
    private func gate(of signOff: SignOff) -> GateState? {
        gates.first { $0.role.name == signOff.role && $0.stage == signOff.stage }
    }

    fileprivate func isSigned(_ signOff: SignOff) -> Bool { gate(of: signOff)?.isSigned(by: signOff.person) == true }

    /// Whether a sign-off is among what was recorded.
    fileprivate func heard(_ signOff: SignOff) -> Bool {
        gate(of: signOff).map { $0.signOffs.contains(signOff) || $0.standing == .refused } ?? false
    }
}
