/// What will happen for one release in one environment, everything resolved that can be before it runs. Its digest is
/// what approvals sign; a resumed run follows the plan it was created with.
public struct Plan: Hashable, Sendable, Codable {
    public var pipeline: String
    public var environment: String
    public var release: Release
    /// The live release that an undo goes back to; `nil` on a first deployment.
    public var previous: Release?
    public var vars: [String: String]
    public var secrets: [String: SecretSource]
    public var passEnv: [String]
    /// Each stage after all that it needs.
    public var stages: [PlannedStage]
    public var suites: [String: [Check]]
    public var monitor: Monitor?
    /// Who must sign before the first stage.
    public var approvals: ApprovalPolicy?
    /// Where the release must have succeeded before.
    public var promote: PromotionPolicy?
    /// How long ago a rollback must have been rehearsed; `nil` where none need be.
    public var rehearsed: RehearsalPolicy?
    /// When the run may begin; `nil`: at any time.
    public var windows: Windows?
    /// The digests of the plugins that it uses, by their names: what they do is signed, too. `nil` where it uses none.
    public var plugins: [String: String]?
    /// Who is told of what; `nil`: nobody.
    public var notify: [NotifyEntry]?

    public init(
        pipeline: String, environment: String, release: Release, previous: Release? = nil, vars: [String: String] = [:],
        secrets: [String: SecretSource] = [:], passEnv: [String] = [], stages: [PlannedStage] = [],
        suites: [String: [Check]] = [:], monitor: Monitor? = nil, approvals: ApprovalPolicy? = nil,
        promote: PromotionPolicy? = nil, rehearsed: RehearsalPolicy? = nil, windows: Windows? = nil,
        plugins: [String: String]? = nil, notify: [NotifyEntry]? = nil
    ) {
        self.pipeline = pipeline
        self.environment = environment
        self.release = release
        self.previous = previous
        self.vars = vars
        self.secrets = secrets
        self.passEnv = passEnv
        self.stages = stages
        self.suites = suites
        self.monitor = monitor
        self.approvals = approvals
        self.promote = promote
        self.rehearsed = rehearsed
        self.windows = windows
        self.plugins = plugins
        self.notify = notify
    }
}

extension Plan {
    /// Where in `stages` those stand that change things and come before no other that does: once they are through, nothing is
    /// changed any more. Which of them stands last in the file says nothing about which ends last. The latest first, so that
    /// who waits for all of them need look at few.
    public var lastChanges: [Int] {
        var precedesChange: Set<StageName> = []
        var last: [Int] = []
        for (place, stage) in stages.enumerated().reversed() {
            let changes = stage.changes && !stage.skipped
            if changes, !precedesChange.contains(stage.name) { last.append(place) }
            if changes || precedesChange.contains(stage.name) { precedesChange.formUnion(stage.needs) }
        }
        return last
    }
}

/// A tag and what it points at.
public struct Release: Hashable, Sendable, Codable {
    public var tag: String
    /// The tag without a leading `v`.
    public var version: String
    /// 40 hexadecimal digits.
    public var commit: String
    /// The id of the tag object; that of the commit for a lightweight tag.
    public var tagObject: String

    public init(tag: String, version: String, commit: String, tagObject: String) {
        self.tag = tag
        self.version = version
        self.commit = commit
        self.tagObject = tagObject
    }
}

/// A stage with its values substituted but for what is known only while running: outputs, secrets, instances, trees,
/// targets.
public struct PlannedStage: Hashable, Sendable, Codable {
    public var name: StageName
    public var needs: [StageName]
    public var perform: ActionCall
    /// What it is for, where it does nothing itself; `perform` only names the kind then.
    public var hold: StageHold?
    /// The way back: the stage's `rollback:`, or its own action where that can undo itself.
    public var undo: Undo
    public var finally: ActionCall?
    public var verify: ActionCall?
    public var env: [String: Template]
    public var workdir: String?
    public var retry: RetryPolicy
    public var timeout: TimeSpan
    public var deadline: TimeSpan?
    public var killAfter: TimeSpan
    public var onExhausted: OnExhausted
    public var onInterrupt: OnInterrupt
    public var reversible: Reversible
    public var changes: Bool
    public var leavesRunning: Bool
    /// Skipped by its `if:`.
    public var skipped: Bool
    public var item: String?
    /// The name before expansion, where `for-each` made several of one.
    public var group: String?
    /// How many of the group may run at once.
    public var groupLimit: Int?
    /// Where its commands run; `nil` for here.
    public var hosts: HostOrder?
    /// What is asked once all is undone; one stage of a plan has it at most.
    public var rollbackCheck: ActionCall?

    public enum Undo: Hashable, Sendable, Codable {
        case none
        /// Undone without doing anything.
        case nothing
        /// The action's own `undo`.
        case action
        /// The stage's `rollback:`.
        case call(ActionCall)
    }

    public init(
        name: StageName, needs: [StageName] = [], perform: ActionCall, hold: StageHold? = nil, undo: Undo = .none,
        finally: ActionCall? = nil, verify: ActionCall? = nil, env: [String: Template] = [:], workdir: String? = nil,
        retry: RetryPolicy = RetryPolicy(), timeout: TimeSpan = .hours(1), deadline: TimeSpan? = nil,
        killAfter: TimeSpan = .seconds(10), onExhausted: OnExhausted = .rollback, onInterrupt: OnInterrupt = .ask,
        reversible: Reversible = .yes, changes: Bool = true, leavesRunning: Bool = false, skipped: Bool = false,
        item: String? = nil, group: String? = nil, groupLimit: Int? = nil,
        hosts: HostOrder? = nil, rollbackCheck: ActionCall? = nil
    ) {
        self.name = name
        self.needs = needs
        self.perform = perform
        self.hold = hold
        self.undo = undo
        self.finally = finally
        self.verify = verify
        self.env = env
        self.workdir = workdir
        self.retry = retry
        self.timeout = timeout
        self.deadline = deadline
        self.killAfter = killAfter
        self.onExhausted = onExhausted
        self.onInterrupt = onInterrupt
        self.reversible = reversible
        self.changes = changes
        self.leavesRunning = leavesRunning
        self.skipped = skipped
        self.item = item
        self.group = group
        self.groupLimit = groupLimit
        self.hosts = hosts
        self.rollbackCheck = rollbackCheck
    }
}
