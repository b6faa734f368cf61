/// What the author wrote, checked: every name resolves, every type fits, there is no cycle.
public struct Pipeline: Hashable, Sendable {
    public var name: String
    public var description: String?
    public var release: ReleaseSource?
    /// In the order of the file.
    public var environments: [Environment]
    public var secrets: [String: SecretSource]
    /// Names of variables of the caller that commands may see, besides the fixed ones.
    public var passEnv: [String]
    /// In the order of the file; `for-each` not yet expanded.
    public var stages: [Stage]
    public var suites: [String: [Check]]
    public var monitor: Monitor?
    /// Who is told of what, in the order of the file.
    public var notify: [NotifyEntry]
    /// In the order of the file.
    public var tests: [PipelineTest]
    /// In the order of the file.
    public var schedule: [ScheduleEntry]
    /// Keys the language knows and this version doesn't enforce yet: `deploy` refuses them.
    public var notEnforced: [Diagnostic]

    public init(
        name: String, description: String? = nil, release: ReleaseSource? = nil, environments: [Environment] = [],
        secrets: [String: SecretSource] = [:], passEnv: [String] = [], stages: [Stage] = [],
        suites: [String: [Check]] = [:], monitor: Monitor? = nil, notify: [NotifyEntry] = [],
        tests: [PipelineTest] = [], schedule: [ScheduleEntry] = [], notEnforced: [Diagnostic] = []
    ) {
        self.name = name
        self.description = description
        self.release = release
        self.environments = environments
        self.secrets = secrets
        self.passEnv = passEnv
        self.stages = stages
        self.suites = suites
        self.monitor = monitor
        self.notify = notify
        self.tests = tests
        self.schedule = schedule
        self.notEnforced = notEnforced
    }
}

/// `release:`: where releases come from and what makes one acceptable.
public struct ReleaseSource: Hashable, Sendable, Codable {
    public enum Requirement: Hashable, Sendable, Codable {
        case annotatedTag
        case cleanTree
        case headAtTag
        case versionFile(String)
        case reachableFrom(String)
        /// The tag's own signature is verified.
        case signedTag
        /// The remote has the tag, with this very object.
        case pushedTo(String)
    }

    /// A path (relative to the folder that holds `pipelines/`) or a URL.
    public var repository: String
    /// A glob over tag names.
    public var tags: String
    public var require: [Requirement]

    public init(repository: String = ".", tags: String = "*", require: [Requirement] = []) {
        self.repository = repository
        self.tags = tags
        self.require = require
    }

    /// Whether `repository` is a URL, `SCHEME://…` or git's `HOST:PATH`, and no path.
    public var isElsewhere: Bool {
        let scheme = repository.utf8.prefix { $0 != UInt8(ascii: "/") }
        return !repository.hasPrefix("-") && scheme.contains(UInt8(ascii: ":"))
    }
}

public struct Environment: Hashable, Sendable, Codable {
    public var name: String
    public var vars: [String: String]
    /// `nil` where nobody has to sign.
    public var approvals: ApprovalPolicy?
    /// `nil` where any release may be deployed.
    public var promote: PromotionPolicy?
    /// How long ago a rollback must have been rehearsed; `nil` where none need be.
    public var rehearsed: RehearsalPolicy?
    /// `nil` where a deployment may begin at any time.
    public var windows: Windows?
    /// By the names of their groups, in the order of the file.
    public var hosts: [String: [Host]]
    /// The ssh configuration that is used instead of the user's.
    public var sshConfig: String?

    public init(
        name: String, vars: [String: String] = [:], approvals: ApprovalPolicy? = nil, promote: PromotionPolicy? = nil,
        rehearsed: RehearsalPolicy? = nil, windows: Windows? = nil, hosts: [String: [Host]] = [:],
        sshConfig: String? = nil
    ) {
        self.name = name
        self.vars = vars
        self.approvals = approvals
        self.promote = promote
        self.rehearsed = rehearsed
        self.windows = windows
        self.hosts = hosts
        self.sshConfig = sshConfig
    }
}

/// Where a secret's value is read from, at each start. The value itself is never kept.
public enum SecretSource: Hashable, Sendable, Codable {
    case environment(String)
    case file(String)
    case command([String])
}

/// What a stage, an undo or a `finally` does: an action and what it is given. `run:` is the action `run`, `checks:` the
/// action `checks`: to the engine there is nothing else.
public struct ActionCall: Hashable, Sendable, Codable {
    public var action: String
    public var inputs: [String: InputValue]

    public init(action: String, inputs: [String: InputValue] = [:]) {
        self.action = action
        self.inputs = inputs
    }

    /// A script for the shell; it holds no references.
    public static func script(_ text: String) -> ActionCall {
        ActionCall(action: "run", inputs: ["script": .text(Template(literal: text))])
    }

    public static func argv(_ words: [Template]) -> ActionCall {
        ActionCall(action: "run", inputs: ["argv": .list(words.map { .text($0) })])
    }

    public static func checks(_ suite: String) -> ActionCall {
        ActionCall(action: "checks", inputs: ["suite": .text(Template(literal: suite))])
    }
}

public enum OnInterrupt: String, Hashable, Sendable, Codable {
    case ask, verify, rerun
}

public enum Reversible: Hashable, Sendable, Codable {
    case yes
    case no
    /// Until the named stage has started.
    case untilContract(StageName)
}

public enum OnExhausted: String, Hashable, Sendable, Codable {
    case rollback, pause
}

/// One node of the DAG, as written.
public struct Stage: Hashable, Sendable {
    public var name: StageName
    public var needs: [StageName]
    public var perform: ActionCall
    /// What it waits for, where it does nothing itself; `perform` only names the kind then.
    public var hold: StageHold?
    public var rollback: ActionCall?
    public var finally: ActionCall?
    public var verify: ActionCall?
    public var env: [String: Template]
    public var workdir: String?
    public var retry: RetryPolicy
    public var timeout: TimeSpan
    /// For all attempts together.
    public var deadline: TimeSpan?
    public var killAfter: TimeSpan
    public var onExhausted: OnExhausted
    public var onInterrupt: OnInterrupt
    public var reversible: Reversible
    public var changes: Bool
    public var leavesRunning: Bool
    /// `if:`; a stage without one always runs.
    public var condition: StageCondition?
    public var forEach: [Template]?
    public var maxParallel: Int?
    /// `on:`; without it the stage runs here.
    public var hosts: HostChoice?
    public var span: Span

    public init(
        name: StageName, needs: [StageName] = [], perform: ActionCall, hold: StageHold? = nil,
        rollback: ActionCall? = nil,
        finally: ActionCall? = nil, verify: ActionCall? = nil, env: [String: Template] = [:], workdir: String? = nil,
        retry: RetryPolicy = RetryPolicy(), timeout: TimeSpan = .hours(1), deadline: TimeSpan? = nil,
        killAfter: TimeSpan = .seconds(10), onExhausted: OnExhausted = .rollback, onInterrupt: OnInterrupt = .ask,
        reversible: Reversible = .yes, changes: Bool = true, leavesRunning: Bool = false,
        condition: StageCondition? = nil, forEach: [Template]? = nil, maxParallel: Int? = nil,
        hosts: HostChoice? = nil, span: Span = Span(file: "", line: 1, column: 1)
    ) {
        self.name = name
        self.needs = needs
        self.perform = perform
        self.hold = hold
        self.rollback = rollback
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
        self.condition = condition
        self.forEach = forEach
        self.maxParallel = maxParallel
        self.hosts = hosts
        self.span = span
    }
}

/// `if:`: values compared, `&&`, `||`, `!`; nothing else.
public indirect enum StageCondition: Hashable, Sendable, Codable {
    case equal(Template, Template)
    case notEqual(Template, Template)
    case and(StageCondition, StageCondition)
    case or(StageCondition, StageCondition)
    case not(StageCondition)
}
