import SupervisorProtocol

/// A command whose end is not on record yet.
final class RunningCommand {
    enum Phase {
        case running
        /// The command has exited; what it started goes on and may have something to say.
        case draining(idleAt: Int64, until: Int64)
        /// Its tree has had TERM; at `killAt` it gets KILL.
        case ending(killAt: Int64)
    }

    /// How the process that was started itself ended.
    enum Exit {
        case code(Int32)
        case signal(Int32)
        /// It is the child of a supervisor that died: nobody knows.
        case unknown
    }

    let id: UInt32
    let key: String
    let tag: String
    let killAfter: Int64
    let leavesRunning: Bool
    /// `nil` if the supervisor that accepted it died before it could tell.
    let process: ProcessIdentity?
    /// Whether an earlier supervisor started it, so that it is no child of this one.
    let isRecovered: Bool
    let deadline: Int64?

    var phase = Phase.running
    var exit: Exit?
    /// Why its tree is ended before its time, if it is.
    var verdict: CommandFate?
    var signalledGroups: Set<Int32> = []
    var nextLook: Int64 = .max
    var lookInterval: Int64 = 2
    var isKillNoted = false
    /// `nil` where there are no control groups.
    var group: ControlGroup?
    var standardOutput: OutputPipe?
    var standardError: OutputPipe?
    /// `nil` where its input is closed.
    var standardInput: InputPipe?

    init(_ command: AcceptedCommand, process: ProcessIdentity?, isRecovered: Bool, deadline: Int64?) {
        id = command.id
        key = command.key
        tag = command.tag
        killAfter = command.killAfterMilliseconds
        leavesRunning = command.leavesRunning
        self.process = process
        self.isRecovered = isRecovered
        self.deadline = deadline
    }

    var pipes: [OutputPipe] { [standardOutput, standardError].compactMap { $0 } }

    var isEnding: Bool {
        if case .ending = phase { true } else { false }
    }

    /// When something is to be done about it next.
    var nextEvent: Int64 {
        switch phase {
        case .running: exit == nil ? deadline ?? .max : .max
        case .draining(let idleAt, let until): min(idleAt, until)
        case .ending: nextLook
        }
    }

    var fate: CommandFate {
        if let verdict { return verdict }
        switch exit {
        case .code(let code): return .exited(code)
        case .signal(let number): return .signalled(number)
        case .unknown, nil: return .unknown
        }
    }
}
