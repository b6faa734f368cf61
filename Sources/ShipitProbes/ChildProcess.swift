import CSupervisor
import ShipitCore

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A command of a probe: run in a session of its own, its input closed, its output bounded, and ended with its whole
/// group when the time is up. Commands of stages run under the supervisor instead; a question is asked anew after a crash.
struct ChildProcess: Sendable {
    var argv: [String]
    var environment: [String: String]
    var directory: String
    var timeout: TimeSpan
    /// Of each stream; what comes after it is read and dropped.
    var outputLimit = 1 << 20

    enum End: Hashable, Sendable {
        case exited(Int)
        case signalled(Int)
        case timedOut
        case notStarted(String)
    }

    struct Result: Sendable {
        var end: End
        var standardOutput: [UInt8] = []
        var standardError: [UInt8] = []
        var seconds = 0.0
    }

    func run() async -> Result {
        // The run ends itself at its timeout; the margin is for a machine that is very busy.
        await onThread(within: timeout + .seconds(5), otherwise: Result(end: .timedOut)) { runBlocking() }
    }

    private func runBlocking() -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + .milliseconds(timeout.milliseconds)
        guard let program = Self.program(argv[0], path: environment["PATH"] ?? "", directory: directory) else {
            return Result(end: .notStarted("no such program: \(argv[0])"))
        }
        guard let output = Pipe(), let error = Pipe() else {
            return Result(end: .notStarted("no more files: \(errnoWords(errno))"))
        }
        var process = pid_t()
        let refused = spawn(program, output: output.writeEnd, error: error.writeEnd, process: &process)
        close(output.writeEnd)
        close(error.writeEnd)
        defer {
            close(output.readEnd)
            close(error.readEnd)
        }
        guard refused == 0 else { return Result(end: .notStarted("\(argv[0]): \(errnoWords(refused))")) }

        var streams = [Reader(output.readEnd, limit: outputLimit), Reader(error.readEnd, limit: outputLimit)]
        var ended = false
        var tick: Int32 = 1
        while !ended, clock.now < deadline {
            Reader.poll(&streams, milliseconds: tick)
            ended = hasEnded(process)
            // Ends are usually seen by the pipes' closing; the tick is for commands that close or hand on their output.
            tick = min(tick * 2, 50)
        }
        let seconds = (clock.now - start).inSeconds
        if ended { drain(&streams, until: deadline, clock) }
        // Before the leader is reaped: until then nobody else can have its number.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        return Result(
            end: ended ? Self.end(of: status) : .timedOut, standardOutput: streams[0].bytes,
            standardError: streams[1].bytes, seconds: seconds)
    }

    /// What is still in the pipes: until they close, or nothing has come for a while. A grandchild that holds them open
    /// cannot hang the probe.
    private func drain(_ streams: inout [Reader], until deadline: ContinuousClock.Instant, _ clock: ContinuousClock) {
        let limit = min(deadline, clock.now + .seconds(2))
        while clock.now < limit, Reader.poll(&streams, milliseconds: 100) {}
    }

    private func hasEnded(_ process: pid_t) -> Bool {
        var info = siginfo_t()
        let found = waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT)
        return found == 0 && info.si_signo == SIGCHLD
    }

    private static func end(of status: Int32) -> End {
        let signal = status & 0x7f
        return signal == 0 ? .exited(Int((status >> 8) & 0xff)) : .signalled(Int(signal))
    }

    private func spawn(_ program: String, output: Int32, error: Int32, process: inout pid_t) -> Int32 {
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { return errno }
        defer { close(input) }
        let pairs = environment.keys.sorted().map { "\($0)=\(environment[$0]!)" }
        return withCStrings(argv) { words in
            withCStrings(pairs) { variables in
                csup_spawn(&process, program, words, variables, directory, input, output, error, -1)
            }
        }
    }

    /// The program that a shell with this PATH would start.
    static func program(_ name: String, path: String, directory: String) -> String? {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }
        guard !name.isEmpty else { return nil }
        // A name with a slash is started as it is; the system says what is wrong with it.
        if name.contains("/") { return absolute(name) }
        return path.split(separator: ":").lazy.map { absolute("\($0)/\(name)") }.first { candidate in
            var facts = stat()
            return stat(candidate, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(candidate, X_OK) == 0
        }
    }
}

/// A pipe whose ends no other child inherits.
private struct Pipe {
    var readEnd: Int32
    var writeEnd: Int32

    init?() {
        (readEnd, writeEnd) = (-1, -1)
        guard csup_pipe(&readEnd, &writeEnd) == 0 else { return nil }
    }
}

/// One stream of a child, read without ever waiting for more than was asked.
private struct Reader {
    let descriptor: Int32
    let limit: Int
    var bytes: [UInt8] = []
    var open = true

    init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
    }

    /// Reads what is there, or comes within the time; false when nothing did or nothing more can.
    @discardableResult
    static func poll(_ readers: inout [Reader], milliseconds: Int32) -> Bool {
        var waiting = readers.map { pollfd(fd: $0.open ? $0.descriptor : -1, events: Int16(POLLIN), revents: 0) }
        // With both closed this only waits, which is what the caller wants between two looks at the process.
        guard systemPoll(&waiting, milliseconds) > 0 else { return false }
        for index in readers.indices where waiting[index].revents != 0 { readers[index].readOnce() }
        return readers.contains(where: \.open)
    }

    private mutating func readOnce() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 {
            bytes.append(contentsOf: buffer.prefix(min(count, limit - bytes.count)))
        } else if count == 0 || errno != EINTR && errno != EAGAIN {
            open = false
        }
    }
}

private func systemPoll(_ descriptors: inout [pollfd], _ milliseconds: Int32) -> Int32 {
    poll(&descriptors, nfds_t(descriptors.count), milliseconds)
}

private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
}

extension Swift.Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
