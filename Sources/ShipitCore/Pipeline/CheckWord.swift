/// What a person says about a check: that it is so, or that its failing is accepted. It counts for a while, and for what
/// it was said about.
public struct CheckWord: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
        /// A manual check is so.
        case tick
        /// The failing of a check of severity `high` is accepted.
        case signOff = "sign-off"
        /// Takes the person's, or anybody's, earlier word back.
        case withdrawal
    }

    public var kind: Kind
    public var check: String
    public var person: String
    /// The user of the machine who typed it.
    public var by: String
    public var proof: SignOff.Proof
    /// Of a tick the words that were ticked, of a sign-off the trouble that was accepted: others need another word.
    public var about: String
    /// What the person has read, by field.
    public var values: [String: String]
    public var why: String?
    public var at: Instant
    /// The armored SSH signature over `statement`, for whoever checks it later.
    public var signature: String?

    public init(
        _ kind: Kind, check: String, person: String, by: String, proof: SignOff.Proof, about: String,
        values: [String: String] = [:], why: String? = nil, at: Instant, signature: String? = nil
    ) {
        self.kind = kind
        self.check = check
        self.person = person
        self.by = by
        self.proof = proof
        self.about = about
        self.values = values
        self.why = why
        self.at = at
        self.signature = signature
    }

    /// What a key signs: a few lines that a person can read, ended by a newline.
    public func statement(pipeline: String, environment: String, suite: String) -> String {
        let read = values.keys.sorted().map { "\($0)=\(values[$0]!)" }.joined(separator: " ")
        return """
            shipit word on a check, version 1
            word: \(kind.rawValue)
            pipeline: \(pipeline)
            environment: \(environment)
            suite: \(suite)
            check: \(check)
            person: \(person)
            about: \(about)
            values: \(read)
            at: \(at)

            """
    }
}

extension Check {
    /// How long a word on it counts.
    public var wordLife: TimeSpan { ttl ?? Self.usualWordLife }

    /// What is ticked, where it is manual: who reads other words, or other limits, has ticked something else.
    public var tickedWords: String {
        let limits = conditions.map { "\($0.field) \($0.written)" }.joined(separator: ", ")
        guard case .text(let words) = probe.subject else { return limits }
        return limits.isEmpty ? words.written : "\(words.written) (\(limits))"
    }

    /// The conditions on what a person reads, sorted by field.
    public var conditions: [(field: String, written: String)] {
        probe.fields.keys.sorted().compactMap { field in
            guard isManual, field != "role", case .text(let text)? = probe.fields[field] else { return nil }
            return (field, text.written)
        }
    }

    /// Why what a person has read doesn't meet the conditions; `nil` when it does.
    public func trouble(with values: [String: String]) -> String? {
        for (field, written) in conditions {
            guard let value = values[field] else { return "no \(field) was read, expected \(written)" }
            do throws(QuantityError) {
                let condition = try QuantityParser.condition(written)
                let quantity = try QuantityParser.quantity(value, in: condition.limit.dimension)
                guard condition.holds(quantity.value) else { return "\(field) is \(value), expected \(written)" }
            } catch {
                return "\(field): \(error.message)"
            }
        }
        return nil
    }

    /// Why a word doesn't count now, for a person; `nil` when it does.
    /// - Parameter about: what it must have been said about.
    public func trouble(with word: CheckWord, about: String, now: Instant) -> String? {
        let what = word.kind == .tick ? "tick" : "sign-off"
        if let signers, !signers.people.contains(where: { $0.name == word.person }) {
            return "\(word.person), whose \(what) there is, is not in \(signers.name)"
        }
        if word.about != about {
            return word.kind == .tick
                ? "its words have changed since \(word.person) ticked it"
                : "\(word.person) has signed off another trouble: \(word.about)"
        }
        if now >= word.at + wordLife {
            return "the \(what) of \(word.person) is older than \(wordLife.written)"
        }
        return trouble(with: word.values)
    }
}
