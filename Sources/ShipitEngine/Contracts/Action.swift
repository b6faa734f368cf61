public import ShipitCore

/// What a stage does. Built-in kinds and plugins are the same to the engine: it knows these five and nothing else.
///
/// An action is plain code that may run again after a crash. Whatever must not happen twice goes through a command (each
/// has a key that is never spawned twice) or through `context.step`.
public protocol Action: Sendable {
    var description: ActionDescription { get }

    /// What `perform` would do, a line each, commands as they would be run; changes nothing.
    func preview(_ context: ActionContext) async throws(ActionError) -> [String]

    /// Does it; what it returns are the stage's outputs.
    func perform(_ context: ActionContext) async throws(ActionError) -> [String: String]

    /// After an interruption: has `perform` been done? Changes nothing.
    func verify(_ context: ActionContext) async throws(ActionError) -> Verification

    /// The way back. Reached only where `description.undo` is `.performs`. After half a `perform` it leaves the start state.
    func undo(_ context: ActionContext) async throws(ActionError)
}

/// An action whose work is a list of things, of which some may be done already.
public protocol TellsPending: Action {
    /// What `perform` would still have to do, each by its name. Asked before there is a run: it changes nothing, and its
    /// services keep no step. References to what is known only while running have been refused before.
    func pending(_ context: ActionContext) async throws(ActionError) -> [String]
}

/// An action whose `preview` runs a command: before there is a run it needs somebody to run it.
public protocol PreviewsByCommand: Action {}

public enum Verification: Hashable, Sendable {
    /// With the outputs that `perform` would have given.
    case done(outputs: [String: String])
    case notDone
    case unknown(String)
}

/// Why an action could not do its work.
public enum ActionError: Error, Hashable, Sendable {
    /// An input has a value that it cannot work with; another try cannot help.
    case badInput(String, String)
    /// A command of it ended otherwise than well.
    case command(CommandEnd, what: String)
    /// Commands of it ended badly, the first of them with this code; the reason is for a person.
    case commands(exit: Int?, String)
    /// The work failed; the reason is for a person.
    case failed(String)
    /// The same, and another try cannot help.
    case failedForGood(String)
    /// The attempt was ended from outside (timeout, breach, cancel, interrupt).
    case cancelled
    /// The engine cannot go on with this run: the journal or the supervisor refused.
    case stopped(String)
}

/// A name whose value must be looked up in several places: what a release, a target or the one before it is.
public struct ReleaseFacts: Hashable, Sendable {
    public var release: Release
    /// The tag's tree, exported read-only; absolute.
    public var tree: String?

    public init(release: Release, tree: String? = nil) {
        self.release = release
        self.tree = tree
    }
}

/// Everything an action may know and use.
public struct ActionContext: Sendable {
    public var run: RunID
    public var attempt: AttemptID
    public var pipeline: String
    public var environment: String
    public var release: ReleaseFacts
    /// The live release before this one.
    public var previous: ReleaseFacts?
    /// This release when performing, the previous one when undoing; `nil` when undoing a first deployment.
    public var target: ReleaseFacts?
    public var vars: [String: String]
    public var suites: [String: [Check]]
    /// The folder that holds `pipelines/`; absolute.
    public var root: String
    /// Where commands start; absolute.
    public var workdir: String
    /// A private folder (0700) of the run for the action's own files; absolute, exists.
    public var scratch: String
    public var inputs: ActionInputs
    /// What `perform` gave, when verifying or undoing.
    public var outputs: [String: String]
    /// What every command of the stage sees: the fixed names, `SHIPIT_*`, and `env:`.
    public var variables: [String: String]
    /// The values of the secrets that the stage sees, to be masked.
    public var secretValues: [String]
    /// When the attempt's time is up; `nil` in a preview.
    public var deadline: Instant?
    public var killAfter: TimeSpan
    public var leavesRunning: Bool
    /// Where the stage's commands run; `nil` for here.
    public var hosts: HostWork?
    /// What it is to tell somebody, where that is what it is called for.
    public var notice: NoticeFacts?
    public var services: any ActionServices

    public init(
        run: RunID, attempt: AttemptID, pipeline: String = "", environment: String, release: ReleaseFacts,
        previous: ReleaseFacts? = nil,
        target: ReleaseFacts? = nil, vars: [String: String] = [:], suites: [String: [Check]] = [:], root: String,
        workdir: String, scratch: String, inputs: ActionInputs, outputs: [String: String] = [:],
        variables: [String: String] = [:], secretValues: [String] = [], deadline: Instant? = nil,
        killAfter: TimeSpan = .seconds(10), leavesRunning: Bool = false,
        hosts: HostWork? = nil, notice: NoticeFacts? = nil, services: any ActionServices
    ) {
        self.run = run
        self.attempt = attempt
        self.pipeline = pipeline
        self.environment = environment
        self.release = release
        self.previous = previous
        self.target = target
        self.vars = vars
        self.suites = suites
        self.root = root
        self.workdir = workdir
        self.scratch = scratch
        self.inputs = inputs
        self.outputs = outputs
        self.variables = variables
        self.secretValues = secretValues
        self.deadline = deadline
        self.killAfter = killAfter
        self.leavesRunning = leavesRunning
        self.hosts = hosts
        self.notice = notice
        self.services = services
    }
}

/// What the engine does for a running action.
public protocol ActionServices: Sendable {
    var now: Instant { get }

    /// Where answers to checks are kept, and what people have said about them; `nil` where there is no such place.
    var checkBook: (any CheckBook)? { get }

    /// Waits, or throws `.cancelled` when the attempt is ended meanwhile.
    func sleep(_ span: TimeSpan) async throws(ActionError)

    /// Runs a command under the attempt's key (and the step's): started once, re-attached after a crash, ended when the
    /// attempt's time is up. Without a step name it is the attempt's only command.
    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd

    /// Ends a command of this attempt and its whole tree (TERM, then KILL): who waits for it gets `.cancelled`.
    func endCommand(step: String?) async throws(ActionError)

    /// What a command of this attempt printed, masked; at most the first and last `limit` bytes of each stream.
    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput

    /// Runs `body` once: its result is journaled and given back when the action runs again. Steps must be reached in the
    /// same order every time. The result must hold no secret.
    func step(_ name: String, _ body: @Sendable () async throws(ActionError) -> String) async throws(ActionError)
        -> String

    /// Words for the person, kept in the run's log under the stage.
    func note(_ text: String)

    /// Asks a probe.
    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement
}

extension ActionServices {
    public var checkBook: (any CheckBook)? { nil }
}
