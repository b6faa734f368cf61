internal import ShipitCore

/// Everything a conductor works with; wired in one place, swapped in tests.
public struct EngineParts: Sendable {
    public var store: any RunStore
    public var processes: any Processes
    /// Where an action's words for the person go.
    public var notes: (any NoteLog)?
    /// Where answers to checks are kept.
    public var checkBook: (any CheckBook)?
    public var clock: any EngineClock
    public var actions: [String: any Action]
    public var probes: [String: any Probe]
    /// Values of the plan's secrets, read at this start. They stay in memory.
    public var secrets: [String: String]
    /// What commands may see of the caller's environment.
    public var callerEnvironment: [String: String]
    /// The release's tree and the previous one's.
    public var releaseTree: String?
    public var previousTree: String?
    /// The run's own folder (0700), absolute.
    public var runFolder: String
    /// Stages at once.
    public var jobs: Int
    /// Whether the engine stays where only people can move the run on.
    public var staysForPeople: Bool

    public init(
        store: any RunStore, processes: any Processes, notes: (any NoteLog)? = nil,
        checkBook: (any CheckBook)? = nil, clock: any EngineClock,
        actions: [any Action],
        probes: [any Probe], secrets: [String: String] = [:], callerEnvironment: [String: String] = [:],
        releaseTree: String? = nil, previousTree: String? = nil, runFolder: String, jobs: Int,
        staysForPeople: Bool = true
    ) {
        self.store = store
        self.processes = processes
        self.notes = notes
        self.checkBook = checkBook
        self.clock = clock
        self.actions = Dictionary(actions.map { ($0.description.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.probes = Dictionary(probes.map { ($0.description.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.secrets = secrets
        self.callerEnvironment = callerEnvironment
        self.releaseTree = releaseTree
        self.previousTree = previousTree
        self.runFolder = runFolder
        self.jobs = jobs
        self.staysForPeople = staysForPeople
    }
}

/// Why an engine stopped driving a run without an end of the run's own.
public enum EngineError: Error, Hashable, Sendable {
    /// The journal cannot be written: nothing more was started.
    case journal(StoreError)
    /// Another engine has taken over.
    case fenced(by: LockState?)
    /// The supervisor cannot be used.
    case processes(ProcessesError)
    /// An action reached its steps in another order than before.
    case broken(String)
}
