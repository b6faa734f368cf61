import ShipitActions
import ShipitCore
import ShipitEngine

/// Where people say something about a check: finds out who says it and how that is known, and records it.
struct WordDesk {
    let suite: SuiteDesk
    private let streams = Streams()
    /// Whose process this is.
    private let user: String
    /// Who typed it, behind `sudo` another one.
    private let person: String

    init(_ suite: SuiteDesk) throws {
        self.suite = suite
        let holder = try Wiring.thisProcess()
        user = holder.user
        person = Session.person(holder)
    }

    struct Wishes {
        var kind: CheckWord.Kind
        var check: String
        var values: [String]
        var why: String?
        var identity: IdentityOptions
    }

    func take(_ wishes: Wishes) throws {
        let check = try check(wishes.check)
        let about = try about(check, wishes.kind)
        let who = try person(for: check, named: wishes.identity.person)
        var word = CheckWord(
            wishes.kind, check: check.name, person: who.name, by: who.osUser == nil ? person : user,
            proof: who.osUser == nil ? .claimed : .osUser, about: about, values: try values(wishes.values, of: check),
            why: wishes.why, at: SystemClock.wallTime)
        // What the person reads is not what is wanted: then it is not so, and no tick says it is.
        if wishes.kind == .tick, let trouble = check.trouble(with: word.values) {
            throw CommandFailure(
                .refused, "\"\(SafeText.line(check.name))\" cannot be ticked: \(SafeText.line(trouble))")
        }
        try sign(&word, as: who, key: wishes.identity.sign)
        try suite.book.add(word, on: suite.key)
        let until = Words.minute(word.at + check.wordLife)
        let name = SafeText.line(check.name)
        let said =
            switch wishes.kind {
            case .tick: "\(SafeText.line(who.name)) has ticked \"\(name)\"; it counts until \(until)"
            case .signOff:
                "\(SafeText.line(who.name)) has signed off \"\(name)\": \(SafeText.line(about)); until \(until)"
            case .withdrawal: "what was said about \"\(name)\" counts no more"
            }
        streams.progress(said + "\n")
    }

    private func check(_ name: String) throws(CommandFailure) -> Check {
        if let check = suite.checks.first(where: { $0.name == name }) { return check }
        let near = Suggestion.closest(to: name, among: suite.checks.map(\.name))
        throw CommandFailure(
            .usage, "suite \(suite.key.suite) has no check \"\(SafeText.line(name))\"",
            hint: near.map { "did you mean \"\($0)\"?" })
    }

    /// What the word is about: other words, or another trouble, need another one.
    private func about(_ check: Check, _ kind: CheckWord.Kind) throws -> String {
        let name = SafeText.line(check.name)
        switch kind {
        case .withdrawal: return ""
        case .tick:
            guard check.isManual else {
                throw CommandFailure(.usage, "\"\(name)\" is asked by shipit itself: only manual checks are ticked")
            }
            return check.tickedWords
        case .signOff:
            guard check.severity == .high, !check.isManual else {
                throw CommandFailure(
                    .usage, "\"\(name)\" cannot be signed off: only checks of severity high that are not manual can")
            }
            guard check.signers != nil else {
                throw CommandFailure(
                    .usage, "\"\(name)\" has no owner who could sign it off", hint: "give it an owner:, or a waiver:")
            }
            let last = try suite.book.newest(of: suite.key)?.results.first { $0.name == check.name }
            guard let last, let trouble = last.trouble, last.standing != .passed else {
                throw CommandFailure(
                    .refused, "\"\(name)\" has not failed when it was last asked: there is nothing to sign off",
                    hint: "ask first: shipit check \(suite.key.suite)")
            }
            return trouble
        }
    }

    private func values(_ given: [String], of check: Check) throws(CommandFailure) -> [String: String] {
        let fields = check.conditions.map(\.field)
        var values: [String: String] = [:]
        for value in given {
            if let sign = value.firstIndex(of: "="), fields.contains(String(value[..<sign])) {
                values[String(value[..<sign])] = String(value[value.index(after: sign)...])
            } else if fields.count == 1 {
                values[fields[0]] = value
            } else {
                throw CommandFailure(
                    .usage, "--value \(SafeText.line(value)): the check has \(Words.count(fields.count, "condition"))",
                    hint: fields.isEmpty ? nil : "write --value \(fields[0])=VALUE")
            }
        }
        return values
    }

    /// The person who is named, or the one whose user this is.
    private func person(for check: Check, named name: String?) throws(CommandFailure) -> Person {
        guard let signers = check.signers else { return Person(name: name ?? person) }
        let known = signers.people.map { SafeText.line($0.name) }.joined(separator: ", ")
        if let name {
            if let person = signers.people.first(where: { $0.name == name }) { return try believed(person) }
            throw CommandFailure(
                .refused, "\"\(SafeText.line(name))\" is not in \(signers.name), whose word \"\(check.name)\" needs",
                hint: "those who are: \(known)")
        }
        if let person = signers.people.first(where: { $0.osUser == user }) { return person }
        guard signers.people.contains(where: { $0.osUser == nil }) else {
            throw CommandFailure(
                .refused, "you are \(user), and nobody in \(signers.name) is", hint: "those who are in it: \(known)")
        }
        throw CommandFailure(.usage, "say whose word it is, for \(signers.name)", hint: "add --as \(known)")
    }

    private func believed(_ person: Person) throws(CommandFailure) -> Person {
        guard let needed = person.osUser, needed != user else { return person }
        throw CommandFailure(
            .refused, "you are \(user), and \(SafeText.line(person.name)) is user \(needed)",
            hint: "\(SafeText.line(person.name)) must do it")
    }

    private func sign(_ word: inout CheckWord, as person: Person, key file: String?) throws(CommandFailure) {
        guard let key = person.sshKey else {
            guard file == nil else {
                throw CommandFailure(
                    .usage, "people: knows no key of \(SafeText.line(person.name)), so nothing would be proven",
                    hint: "give them an ssh-key: there, or leave --sign out")
            }
            return
        }
        guard let file else {
            throw CommandFailure(
                .usage, "\(SafeText.line(person.name)) signs with a key: which one?",
                hint: "add --sign ~/.ssh/id_ed25519")
        }
        word.proof = .sshKey
        let statement = word.statement(
            pipeline: suite.key.pipeline, environment: suite.key.environment, suite: suite.key.suite)
        word.signature = try SSHSignature.make(statement, by: person.name, key: file, expecting: key)
    }
}
