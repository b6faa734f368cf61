/// One person's word on a run, for one role. It holds for one plan: another digest needs another word.
public struct SignOff: Hashable, Sendable, Codable {
    /// How it is known who gave it.
    public enum Proof: String, Hashable, Sendable, Codable {
        case osUser = "os-user"
        case sshKey = "ssh-key"
        /// By name alone.
        case claimed
    }

    public var role: String
    public var person: String
    /// The user of the machine who typed it.
    public var by: String
    public var proof: Proof
    public var planDigest: String
    /// The stage that waits for it; `nil`: the run's beginning.
    public var stage: StageName?
    /// The armored SSH signature over `statement`, for whoever checks it later.
    public var signature: String?

    public init(
        role: String, person: String, by: String, proof: Proof, planDigest: String, stage: StageName? = nil,
        signature: String? = nil
    ) {
        self.role = role
        self.person = person
        self.by = by
        self.proof = proof
        self.planDigest = planDigest
        self.stage = stage
        self.signature = signature
    }

    /// What a key signs: a few lines that a person can read, ended by a newline.
    public static func statement(
        _ word: Word, run: RunID, role: String, person: String, planDigest: String, stage: StageName? = nil
    ) -> String {
        let stage = stage.map { "stage: \($0)\n" } ?? ""
        return """
            shipit sign-off, version 1
            word: \(word.rawValue)
            run: \(run)
            role: \(role)
            person: \(person)
            plan: \(planDigest)
            \(stage)
            """
    }

    public enum Word: String, Sendable {
        case approve, reject
    }
}
