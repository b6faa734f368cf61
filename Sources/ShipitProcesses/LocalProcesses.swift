public import ShipitCore
public import ShipitEngine
import SupervisorProtocol

/// Runs a run's commands on this machine, under a supervisor that outlives the engine.
///
/// The supervisor is started by the first command, or when there is the rest of an earlier one to be cleared away.
/// Output never comes here: the supervisor writes it to the run's folder, where `OutputLog` reads it.
public final class LocalProcesses: Processes {
    /// How often in a row a supervisor may die under a request before that is no accident any more.
    private static let patience = 5

    private let folder: RunFolder
    private let connector: SupervisorConnector

    /// `folder` is the run's own; it is made if it is not there. The supervisor's executable is looked for beside the
    /// running one unless its path is given.
    public init(run: RunID, folder: String, epoch: Epoch, supervisorPath: String? = nil) {
        self.folder = RunFolder(folder)
        connector = SupervisorConnector(
            run: run, folder: self.folder, epoch: epoch,
            supervisorPath: supervisorPath ?? SupervisorConnector.besideThisProgram)
    }

    public func run(_ key: CommandKey, _ request: CommandRequest) async throws(ProcessesError) -> CommandEnd {
        let frame = SupervisorRequest.start(StartCommand(key, request)).frame
        guard frame.count <= FrameBuffer.limit else {
            return .notStarted("its arguments, its environment, its input and its secrets are too long")
        }
        for _ in 0..<Self.patience {
            guard let link = try await connector.link(starting: true) else { continue }
            if let fate = try await link.waitForEnd(of: key.text, asking: frame) { return CommandEnd(fate) }
        }
        throw .unavailable("the supervisor died \(Self.patience) times while it was to run \(key)")
    }

    /// Makes a living supervisor refuse every engine of an older epoch. Best effort: where it cannot be reached, the next engine
    /// does the same before it does anything else.
    public func fence() async { _ = try? await connector.link(starting: false) }

    public func record(of key: CommandKey) async throws(ProcessesError) -> CommandRecord {
        for _ in 0..<Self.patience {
            if let link = try await connector.link(starting: false) {
                if let record = try await link.record(of: key.text) { return record }
                continue
            }
            let ledger = try await connector.readLedger()
            if let entry = ledger.entries[key.text] {
                if let end = entry.end { return .finished(CommandEnd(end.fate)) }
                // Nobody knows how it ended; a new supervisor ends what is left of it and says so.
                _ = try await connector.link(starting: true)
            } else {
                // A machine that lost power may have lost the record, too.
                let isFromThisBoot = ledger.bootID == nil || ledger.bootID == RunFolder.bootID
                return isFromThisBoot ? .absent : .finished(.unknown)
            }
        }
        throw .unavailable("the supervisor died \(Self.patience) times while it was asked about \(key)")
    }

    /// The folder of the control group (cgroup v2) that a command was started in; `nil` where the processes of commands
    /// are found by parentage alone. For people.
    public func controlGroup(of key: CommandKey) async throws(ProcessesError) -> String? {
        try await connector.readLedger().entries[key.text]?.group
    }

    public func end(prefix: String) async throws(ProcessesError) {
        for _ in 0..<Self.patience {
            let link = try await connector.link(startingIf: { ledger in
                ledger.open.contains { SupervisorProtocol.key($0.command.key, isUnder: prefix) }
            })
            guard let link else { return }
            if try await link.end(prefix: prefix) { return }
        }
        throw .unavailable("the supervisor died \(Self.patience) times while it was to end \(prefix)")
    }

    public func output(of key: CommandKey, limit: Int) async throws(ProcessesError) -> CommandOutput {
        let extent = await connector.outputExtent(of: key.text)
        let folder = folder
        return try await Blocking.run { () throws(ProcessesError) in
            var known = extent
            if known == nil { known = try folder.readLedger().entries[key.text]?.end?.output }
            return try OutputLog(folder: folder.path).output(of: key.text, limit: limit, extent: known)
        }
    }

    public func finish() async throws(ProcessesError) {
        for _ in 0..<Self.patience {
            guard let link = try await connector.link(startingIf: { !$0.open.isEmpty }) else { return }
            if try await link.finish() { return await connector.reap(link) }
        }
        throw .unavailable("the supervisor died \(Self.patience) times while it was to finish")
    }
}

extension StartCommand {
    init(_ key: CommandKey, _ request: CommandRequest) {
        self.init(
            key: key.text, argv: request.argv,
            environment: request.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            directory: request.directory, secrets: request.secrets,
            timeoutMilliseconds: request.timeout?.milliseconds,
            killAfterMilliseconds: request.killAfter.milliseconds, leavesRunning: request.leavesRunning,
            input: request.input)
    }
}

extension CommandEnd {
    init(_ fate: CommandFate) {
        switch fate {
        case .exited(let code): self = .exited(Int(code))
        case .signalled(let number): self = .signalled(Int(number))
        case .timedOut: self = .timedOut
        case .ended: self = .ended
        case .notStarted(let reason): self = .notStarted(reason)
        case .unknown: self = .unknown
        }
    }
}
