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
        let gate = try gate(of: role)
        let person = try person(of: gate.role, named: identity.person)
        let isOver = reading.state.signOffsEnd.map { SystemClock.wallTime >= $0 } ?? false
        if word == .approve, reading.state.phase == .waiting, !isOver, gate.isSigned(by: person.name) { return nil }
        var signOff = SignOff(
            role: role, person: person.name, by: person.osUser == nil ? self.person : user,
            proof: person.osUser == nil ? .claimed : .osUser,
            planDigest: reading.record.created.planDigest)
        // Refused before anybody is asked for a passphrase.
        if person.sshKey != nil { signOff.proof = .sshKey }
        try refuse(reading.state.refusal(of: signOff, word, now: SystemClock.wallTime))
        if let key = person.sshKey {
            let statement = SignOff.statement(
                word, run: run, role: role, person: person.name, planDigest: signOff.planDigest)
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
    func take(_ signOff: SignOff?, as happening: (SignOff) -> Happening) throws {
        guard let signOff else {
            return say(reading.state, isNew: false)
        }
        let session = try Session(stateFolder: stateFolder, form: .text, streams: streams)
        let launcher = Launcher(store: session.store, clock: SystemClock(), holder: session.holder)
        let (state, refusal) = try RunErrors.explained(of: run, in: session.store) {
            try launcher.settle(run, happening(signOff))
        }
        // Somebody who signs in two windows at once has signed.
        if refusal != nil, state.phase == .waiting || state.hasBegun, state.isSigned(signOff) {
            return say(state, isNew: false)
        }
        // What came between the look and the turn: it began, it was rejected, its time was up.
        try refuse(
            refusal ?? (state.heard(signOff) ? nil : state.refusal(of: signOff, .reject, now: SystemClock.wallTime)))
        let release = SafeText.line("\(reading.record.created.release.tag) to \(reading.record.created.environment)")
        streams.progress(
            "\(SafeText.line(EventWords.words(signOff))) signed \(release) for \(SafeText.line(signOff.role)), "
                + "plan \(signOff.planDigest)\n")
        say(state, isNew: true)
    }

    private func gate(of role: String) throws(CommandFailure) -> GateState {
        if let gate = reading.state.gates.first(where: { $0.role.name == role }) { return gate }
        let known = reading.state.gates.map(\.role.name)
        guard !known.isEmpty else {
            throw CommandFailure(.refused, "run \(run) needs nobody's sign-off", hint: "see: shipit status \(run)")
        }
        let near = Suggestion.closest(to: role, among: known).map { "did you mean \"\($0)\"? " } ?? ""
        throw CommandFailure(
            .usage, "run \(run) needs no sign-off of role \"\(SafeText.line(role))\"",
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
        let isOver = reading.state.signOffsEnd.map { SystemClock.wallTime >= $0 } ?? false
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
    fileprivate func isSigned(_ signOff: SignOff) -> Bool {
        gates.contains { $0.role.name == signOff.role && $0.isSigned(by: signOff.person) }
    }

    /// Whether a sign-off is among what was recorded.
    fileprivate func heard(_ signOff: SignOff) -> Bool {
        gates.contains { $0.role.name == signOff.role && ($0.signOffs.contains(signOff) || $0.standing == .refused) }
    }
}
