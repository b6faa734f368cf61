/// A command as it travels to the supervisor: over the socket, never in an argument list.
public struct StartCommand: Hashable, Sendable {
    public var key: String
    public var argv: [String]
    /// `NAME=value`.
    public var environment: [String]
    public var directory: String
    public var secrets: [String]
    public var timeoutMilliseconds: Int64?
    public var killAfterMilliseconds: Int64
    public var leavesRunning: Bool
    /// For its standard input, which then stays open until it has ended; `nil`: the input is closed.
    public var input: String?

    public init(
        key: String, argv: [String], environment: [String], directory: String, secrets: [String],
        timeoutMilliseconds: Int64?, killAfterMilliseconds: Int64, leavesRunning: Bool, input: String? = nil
    ) {
        self.key = key
        self.argv = argv
        self.environment = environment
        self.directory = directory
        self.secrets = secrets
        self.timeoutMilliseconds = timeoutMilliseconds
        self.killAfterMilliseconds = killAfterMilliseconds
        self.leavesRunning = leavesRunning
        self.input = input
    }
}

/// How a command ended, as the ledger and the socket say it.
public enum CommandFate: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
    case ended
    case notStarted(String)
    case unknown
}

/// A command that is over, and where its output lies in the log.
public struct EndedCommand: Hashable, Sendable {
    public var key: String
    public var fate: CommandFate
    /// Milliseconds since 1970.
    public var at: Int64
    public var output: OutputExtent

    public init(key: String, fate: CommandFate, at: Int64, output: OutputExtent) {
        self.key = key
        self.fate = fate
        self.at = at
        self.output = output
    }
}

/// What an engine says to the supervisor.
public enum SupervisorRequest: Hashable, Sendable {
    /// First on every connection. An epoch lower than one seen is refused for ever.
    case hello(epoch: Int64)
    case start(StartCommand)
    /// Answered by `absent`, `running` or `ended`.
    case query(key: String)
    /// Ends every command at or under `prefix`; answered by `gone` when that is proven.
    case end(ticket: UInt32, prefix: String)
    case list
    /// Nothing more will come.
    case done
}

/// What the supervisor says to an engine.
public enum SupervisorReply: Hashable, Sendable {
    case welcome(pid: Int32)
    case fenced(by: Int64)
    case absent(key: String)
    case running(key: String)
    /// The answer to `query`, and pushed to every engine when a command ends.
    case ended(EndedCommand)
    /// The command was not accepted, so nothing is on record of it.
    case refused(key: String, reason: String)
    case gone(ticket: UInt32)
    case listing(running: [String], ended: [EndedCommand])
    /// Everything is ended and recorded; the supervisor leaves.
    case bye
    /// The supervisor cannot work here.
    case failed(String)
}
