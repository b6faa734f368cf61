import CSupervisor
import FoundationEssentials
import Glibc
import ShipitCore
import ShipitEngine

@testable import ShipitActions

/// Runs a command as the supervisor would, as far as actions can tell: a session of its own, its output kept, and what it
/// leaves behind ended unless it may stay.
enum RealCommand {
    static func run(_ request: CommandRequest, logs: String) async -> (CommandEnd, CommandOutput) {
        await withCheckedContinuation { continuation in
            let thread = { @Sendable in continuation.resume(returning: runBlocking(request, logs: logs)) }
            onNewThread(thread)
        }
    }

    private static func runBlocking(_ request: CommandRequest, logs: String) -> (CommandEnd, CommandOutput) {
        let program =
            request.argv[0].contains("/")
            ? request.argv[0]
            : Programs.find(request.argv[0], path: request.environment["PATH"] ?? "", directory: request.directory)
        guard let program else { return (.notStarted("no such program: \(request.argv[0])"), CommandOutput()) }
        let log = "\(logs)/\(UUID().uuidString)"
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        // Files and not pipes: a service that stays may keep them open for as long as it likes.
        let output = open(log + ".out", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        let error = open(log + ".err", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        defer { for descriptor in [input, output, error] { close(descriptor) } }
        var words: [UnsafeMutablePointer<CChar>?] = request.argv.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = request.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var process = pid_t()
        let refused = csup_spawn(
            &process, program, &words, &variables, request.directory, input, output, error, -1)
        guard refused == 0 else { return (.notStarted(String(cString: strerror(refused))), CommandOutput()) }
        let status = wait(for: process, until: request.timeout, leaves: request.leavesRunning)
        func bytes(_ path: String) -> [UInt8] { (try? Data(contentsOf: URL(filePath: path))).map(Array.init) ?? [] }
        return (
            status, CommandOutput(standardOutput: bytes(log + ".out"), standardError: bytes(log + ".err"))
        )
    }

    private static func wait(for process: pid_t, until timeout: TimeSpan?, leaves: Bool) -> CommandEnd {
        let deadline = timeout.map { ContinuousClock.now + .milliseconds($0.milliseconds) }
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            if let deadline, ContinuousClock.now >= deadline {
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                return .timedOut
            }
            usleep(1000)
        }
        if !leaves { kill(-process, SIGKILL) }
        let signal = status & 0x7f
        return signal == 0 ? .exited(Int((status >> 8) & 0xff)) : .signalled(Int(signal))
    }
}

private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func onNewThread(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { context in
            Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Body(run)).toOpaque())
    pthread_detach(thread)
}

/// Ends a process that a test started.
func end(_ process: Int32) { kill(process, SIGKILL) }
