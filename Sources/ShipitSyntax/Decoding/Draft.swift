import ShipitCore

/// What the decoders made of the file, before its names are looked up. What could not be decoded has left its name, so
/// that those who use the name are not told it does not exist.
struct Draft {
    var name: String?
    var description: String?
    var release: ReleaseSource?
    var environments: [EnvironmentDraft] = []
    var people: [PersonDraft] = []
    var roles: [RoleDraft] = []
    var secrets: [String: SecretSource] = [:]
    var secretNames: Set<String> = []
    var passEnv: [String] = []
    var stages: [StageDraft] = []
    var suites: [SuiteDraft] = []
    var monitor: MonitorDraft?
    /// Those that could be read.
    var notify: [NotifyEntry] = []
    var tests: [TestDraft] = []
    var schedule: [ScheduleDraft] = []
}

/// A name and where it is used.
struct Named<Name> {
    var name: Name
    var place: Place
}

struct EnvironmentDraft {
    var name: String
    /// `nil` when they could not be read.
    var vars: [String: String]?
    /// `nil` without any, or when they could not be read.
    var approvals: ApprovalsDraft?
    var promote: PromotionDraft?
    /// `nil` without it, or when it could not be read.
    var rehearsed: RehearsedDraft?
    /// By group, those of a group `nil` when they could not be read; all `nil` when nothing could.
    var hosts: [String: [Host]?]? = [:]
    var sshConfig: String?
    /// `nil` without any, or when they could not be read.
    var windows: Windows?
}

struct PersonDraft {
    var name: String
    var place: Place
    /// `nil` when a mistake in it was reported.
    var person: Person?
}

struct RoleDraft {
    var name: String
    var place: Place
    /// `nil` when a mistake in them was reported.
    var people: [Named<String>]?
    var quorum: Int?
    var quorumPlace: Place?
}

struct PromotionDraft {
    var from: Named<String>
    /// `nil` when a mistake in it was reported.
    var within: TimeSpan?
}

struct RehearsedDraft {
    var place: Place
    /// `nil` when a mistake in it was reported.
    var within: TimeSpan?
}

struct ApprovalsDraft {
    var roles: [Named<String>]
    var allowSelf = false
    var expires = ApprovalPolicy.defaultExpiry
}

struct StageDraft {
    var name: String
    var place: Place
    var needs: [Named<String>] = []
    var kind: Kind?
    var contract: Named<String>?
    var hasCondition = false
    /// `nil` without `for-each`.
    var items: [Template]?
    /// The group of hosts that it runs on.
    var hosts: Named<String>?
    /// `nil` when a mistake in it was reported.
    var stage: Stage?

    enum Kind {
        case run
        /// With the description of the action, unless the catalog lacks it.
        case uses(Named<String>, ActionDescription?)
        case checks(Named<String>)
        /// It only waits: for people, or where there are none for time.
        case hold(ApprovalsDraft?)
        /// It tells somebody, and the run goes on.
        case notify
    }
}

struct SuiteDraft {
    var name: String
    var place: Place
    /// `nil` when a mistake in it was reported.
    var checks: [Check]?
    /// Those that its manual checks name.
    var roles: [Named<String>] = []
}

struct MonitorDraft {
    var place: Place
    var monitor: Monitor
    var from: Named<String>?
    /// A suite, or `none`.
    var rollbackVerify: Named<String>?
    /// Every source that is written down, and its probe where that was understood.
    var sources: [String: String?]
    var rules: [RuleDraft]
    var hasRules: Bool
    var control: [Named<String>] = []
    var baselinePlace: Place?
    /// Whether there is one, rightly written or not.
    var isBaselineWritten = false
}

struct RuleDraft {
    var rule: Rule
    var place: Place
}

struct ScheduleDraft {
    var place: Place
    /// `nil`: one is made of what it does.
    var name: Named<String>?
    /// A mistake in it was reported.
    var nameIsBad = false
    var environment: Named<String>?
    /// Without a name as yet; `nil` when a mistake in it was reported.
    var entry: ScheduleEntry?
}

struct TestDraft {
    var name: String
    var place: Place
    var environment: Named<String>?
    /// To be read once it is known what is a stage and what a source.
    var given: [Entry] = []
    var expect = PipelineTest.Expectation()
    /// Stages that `expect` names, each with the key that does.
    var expected: [(key: String, stage: Named<String>)] = []
}
