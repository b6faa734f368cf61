import Foundation
import Glibc
import Synchronization

/// A program that a test started. Its output goes to files, so that neither a full pipe nor whoever holds it open can
/// delay anything; its standard input is empty.
final class ChildProcess: Sendable {
    enum Ending: Hashable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    struct CannotStart: Error, CustomStringConvertible {
        var program: String
        var cause: Int32
        var description: String { "cannot start \(program): \(String(cString: strerror(cause)))" }
    }

    struct StillRunning: Error, CustomStringConvertible {
        var words: String
        var description: String { "it hangs: \(words)" }
    }

    let id: pid_t
    let arguments: [String]
    let outputFile: String
    let errorFile: String
    private let known = Mutex<Ending?>(nil)

    /// - Parameters:
    ///   - arguments: the program, absolute or to be found in PATH, and what it is given.
    ///   - output: the path without its ending of the files for what it prints.
    init(_ arguments: [String], folder: String, variables: [String: String], output: String) throws {
        self.arguments = arguments
        outputFile = output + ".stdout"
        errorFile = output + ".stderr"

        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, outputFile, writing, 0o600)
        posix_spawn_file_actions_addopen(&files, 2, errorFile, writing, 0o600)
        // What other tests of this process have open must not be held open by this one's child.
        for number in Int32(3)..<256 { posix_spawn_file_actions_addclose(&files, number) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var id: pid_t = 0
        // `env` changes the folder and becomes the program: the process stays the same.
        let result = Self.withCStrings(["env", "--chdir=\(folder)"] + arguments) { argv in
            Self.withCStrings(variables.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&id, "/usr/bin/env", &files, &attributes, argv, envp)
            }
        }
        guard result == 0 else { throw CannotStart(program: arguments[0], cause: result) }
        self.id = id
    }

    deinit {
        guard poll() == nil else { return }
        signal(SIGKILL)
        var status: Int32 = 0
        waitpid(id, &status, 0)
    }

    func signal(_ number: Int32) { kill(id, number) }

    /// How it ended; `nil` while it runs.
    func poll() -> Ending? {
        known.withLock { known in
            if let known { return known }
            var status: Int32 = 0
            guard waitpid(id, &status, WNOHANG) == id else { return nil }
            let signal = status & 0x7f
            known = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
            return known
        }
    }

    /// Waits for its end; one that takes longer is ended with SIGKILL, and that is an error.
    func ending(within limit: Duration) async throws -> Ending {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let ending = poll() { return ending }
            try await Task.sleep(for: .milliseconds(5))
        }
        signal(SIGKILL)
        throw StillRunning(words: "\(arguments) after \(limit)\n\(printed)")
    }

    var standardOutput: String { Self.text(outputFile) }
    var standardError: String { Self.text(errorFile) }

    var printed: String { "--- stdout\n\(standardOutput)\n--- stderr\n\(standardError)" }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
