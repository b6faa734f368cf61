public import ShipitCore

/// Names a command for ever: `run/stage/attempt`, `run/stage/undo/attempt`, with `/step` where an action has several.
/// The same key is never spawned twice.
public struct CommandKey: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public init(run: RunID, attempt: AttemptID, step: String? = nil) {
        let part = attempt.part == .perform ? "" : "\(attempt.part.rawValue)/"
        text = "\(run)/\(attempt.stage)/\(part)\(attempt.number)" + (step.map { "/\($0)" } ?? "")
    }

    public var description: String { text }
}

/// A command as the supervisor is to run it.
public struct CommandRequest: Hashable, Sendable {
    /// The program is looked up in the PATH of `environment`.
    public var argv: [String]
    /// The whole environment; nothing is inherited.
    public var environment: [String: String]
    public var directory: String
    /// What must not reach the disk: the values of the secrets that the command can see.
    public var secrets: [String]
    /// From its start; then TERM to the whole tree, and KILL after `killAfter`.
    public var timeout: TimeSpan?
    public var killAfter: TimeSpan
    /// What the command leaves behind in its group stays and is recorded, instead of being ended with it.
    public var leavesRunning: Bool
    /// What it reads on its standard input, which then stays open until it has ended; `nil`: its input is closed. It is
    /// handed over in memory and never on disk, so it may hold secrets.
    public var input: String?

    public init(
        argv: [String], environment: [String: String] = [:], directory: String, secrets: [String] = [],
        timeout: TimeSpan? = nil, killAfter: TimeSpan = .seconds(10), leavesRunning: Bool = false,
        input: String? = nil
    ) {
        self.argv = argv
        self.environment = environment
        self.directory = directory
        self.secrets = secrets
        self.timeout = timeout
        self.killAfter = killAfter
        self.leavesRunning = leavesRunning
        self.input = input
    }
}

/// How a command ended, as far as is known.
public enum CommandEnd: Hashable, Sendable {
    case exited(Int)
    case signalled(Int)
    /// Its tree was ended because its time was up.
    case timedOut
    /// Its tree was ended because `end` asked for it.
    case ended
    /// It could not be started: the reason, such as `no such file: ./deploy`.
    case notStarted(String)
    /// It was accepted, and who would know how it ended is gone.
    case unknown
}

/// What is on record of a key, without starting anything.
public enum CommandRecord: Hashable, Sendable {
    case absent
    case running
    case finished(CommandEnd)
}

public enum OutputStream: UInt8, Hashable, Sendable, Codable {
    case standardOutput = 1
    case standardError = 2
    /// Shipit's own words about the command.
    case note = 3
}

/// A piece of a command's output: masked already.
public struct OutputChunk: Hashable, Sendable {
    public var key: CommandKey
    public var at: Instant
    public var stream: OutputStream
    public var bytes: [UInt8]

    public init(key: CommandKey, at: Instant, stream: OutputStream, bytes: [UInt8]) {
        self.key = key
        self.at = at
        self.stream = stream
        self.bytes = bytes
    }
}

public enum ProcessesError: Error, Hashable, Sendable {
    /// The supervisor cannot be started or reached.
    case unavailable(String)
    /// A later engine has taken the run over.
    case fenced(by: Epoch)
}

/// Runs a run's commands so that they outlive the engine. One value serves one run.
public protocol Processes: Sendable {
    /// Starts the command under its key, or re-attaches to it, and waits for its end. A key known to have ended gives its
    /// end again. Cancelling the task does not end the command: `end` does.
    func run(_ key: CommandKey, _ request: CommandRequest) async throws(ProcessesError) -> CommandEnd

    /// What is on record of the key.
    func record(of key: CommandKey) async throws(ProcessesError) -> CommandRecord

    /// Ends the trees of all commands whose key begins with `prefix` (TERM, then KILL after their `killAfter`), and
    /// returns when they are proven gone.
    func end(prefix: String) async throws(ProcessesError)

    /// Standard output and standard error of a command, from its log: the first and the last `limit` bytes at most.
    func output(of key: CommandKey, limit: Int) async throws(ProcessesError) -> CommandOutput

    /// Nothing more will come: what is left (and not meant to stay) is ended, and the supervisor leaves.
    func finish() async throws(ProcessesError)
}

public struct CommandOutput: Hashable, Sendable {
    public var standardOutput: [UInt8]
    public var standardError: [UInt8]
    /// Whether bytes in the middle are missing.
    public var truncated: Bool

    public init(standardOutput: [UInt8] = [], standardError: [UInt8] = [], truncated: Bool = false) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.truncated = truncated
    }
}

/// Keeps an action's words beside the output of its commands.
public protocol NoteLog: Sendable {
    /// Best effort: a note that cannot be kept must not end a deployment.
    func note(_ text: String, key: CommandKey)
}
