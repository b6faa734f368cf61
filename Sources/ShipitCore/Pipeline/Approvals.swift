/// Somebody who may sign, and how it is known to be they. Both ways given are both asked for; with neither, a sign-off is
/// recorded as claimed.
public struct Person: Hashable, Sendable, Codable {
    public var name: String
    /// Only this user of the machine signs as them; the superuser does not either.
    public var osUser: String?
    /// Their sign-off carries this key's signature: `TYPE BASE64`, without a comment.
    public var sshKey: String?

    public init(name: String, osUser: String? = nil, sshKey: String? = nil) {
        self.name = name
        self.osUser = osUser
        self.sshKey = sshKey
    }
}

/// A role that must sign a run, and how many of its people.
public struct ApprovalRole: Hashable, Sendable, Codable {
    public var name: String
    public var people: [Person]
    public var quorum: Int

    public init(name: String, people: [Person], quorum: Int = 1) {
        self.name = name
        self.people = people
        self.quorum = quorum
    }

    /// What `status` calls the gate that waits for this role.
    public var gate: String { "approval:\(name)" }
}

/// `approvals:` of an environment: who must sign a run's plan before its first stage. That of a stage: who must sign before
/// the stages that need it.
public struct ApprovalPolicy: Hashable, Sendable, Codable {
    public var roles: [ApprovalRole]
    /// Whether who started the run may sign it, too.
    public var allowSelf: Bool
    /// From the run's creation to its first change, or from when the stage is reached; later sign-offs count no more.
    public var expires: TimeSpan

    /// Long enough to sleep over it, too short to be forgotten.
    public static let defaultExpiry = TimeSpan.hours(24)

    public init(roles: [ApprovalRole], allowSelf: Bool = false, expires: TimeSpan = Self.defaultExpiry) {
        self.roles = roles
        self.allowSelf = allowSelf
        self.expires = expires
    }
}

/// What a stage is for that does nothing itself: `approval:`, `wait:` or `notify:`.
public enum StageHold: Hashable, Sendable, Codable {
    case approval(ApprovalPolicy)
    case wait(TimeSpan)
    /// Waits for nothing: when the stage is reached somebody is told, and the run goes on.
    case notify(ActionCall)

    /// From when the stage is reached: until the time is over, or until it is too late to sign.
    public var span: TimeSpan {
        switch self {
        case .approval(let policy): policy.expires
        case .wait(let span): span
        case .notify: .zero
        }
    }

    /// Those who must sign; none where only time must pass.
    public var roles: [ApprovalRole] {
        if case .approval(let policy) = self { return policy.roles }
        return []
    }
}
