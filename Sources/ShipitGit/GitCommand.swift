import Foundation

/// The `git` that everybody has, for what libgit2 does not do as well: signatures by whatever git is configured for, and
/// remotes with all their ways to log in.
enum GitCommand {
    struct Answer {
        /// `nil` when a signal ended it.
        var exit: Int32?
        var output: String
        var errors: String

        /// What git complained about, as one line of bounded length. It may quote the other side, so it holds no control
        /// characters; after an empty line comes only advice.
        var complaint: String {
            let lines = errors.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
            var words = ""
            for line in lines {
                if !words.isEmpty { words += words.hasSuffix(":") ? " " : "; " }
                words += ["fatal: ", "error: "].first { line.hasPrefix($0) }.map { line.dropFirst($0.count) } ?? line
            }
            if words.isEmpty { return exit.map { "git ended with \($0)" } ?? "git was ended by a signal" }
            let printed = words.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            return String(String(String.UnicodeScalarView(printed)).prefix(400))
        }
    }

    /// More than this of what it prints is not looked at.
    private static let limit = 1 << 20

    /// Runs git in a folder, with the caller's environment: agents, keyrings and credential helpers need it.
    /// - Parameter seconds: after them it is ended.
    static func run(_ arguments: [String], in folder: String, seconds: Double) throws(GitError) -> Answer {
        let what = "git \(arguments.first { !$0.hasPrefix("-") } ?? "")"
        // Files and no pipes: whatever git leaves running (an agent, a connection that is kept) may hold them open.
        let output = try TemporaryFile(for: what)
        let errors = try TemporaryFile(for: what)
        let child = try start(["git", "-C", folder] + arguments, output.descriptor, errors.descriptor, what)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var status: Int32 = 0
        var signal = SIGTERM
        var patience = deadline
        while waitpid(child, &status, WNOHANG) != child {
            if ContinuousClock.now >= patience {
                kill(child, signal)
                // TERM lets it end its own children and remove its lock files.
                (signal, patience) = (SIGKILL, ContinuousClock.now + .seconds(2))
            }
            usleep(2000)
        }
        guard patience == deadline else {
            throw .failed(what, reason: "it did not end within \(Int(seconds)) s")
        }
        return Answer(
            exit: status & 0x7F == 0 ? status >> 8 & 0xFF : nil, output: output.text(atMost: limit),
            errors: errors.text(atMost: limit))
    }

    private static func start(
        _ argv: [String], _ output: Int32, _ errors: Int32, _ what: String
    ) throws(GitError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, "git", &actions, nil, &words, &variables)
        guard failure == 0 else {
            throw .failed(what, reason: "it cannot be started: \(String(cString: strerror(failure)))")
        }
        return child
    }

    /// Variables by which a hook's git would be led to another repository than the one that is meant.
    private static let leadingElsewhere: Set<String> = [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE", "GIT_WORK_TREE", "LANGUAGE",
    ]

    private static var environment: [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { !leadingElsewhere.contains($0.key) }
        // Its words are read here.
        variables["LC_ALL"] = "C"
        // Objects are what their ids say, for git as for libgit2.
        variables["GIT_NO_REPLACE_OBJECTS"] = "1"
        return variables
    }
}

/// A file that nobody else finds, and that is gone when it is let go of.
private final class TemporaryFile {
    let descriptor: Int32

    init(for what: String) throws(GitError) {
        let folder = FileManager.default.temporaryDirectory.path
        var template = Array("\(folder)/shipit-git-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw .failed(what, reason: "no file can be made in \(folder): \(String(cString: strerror(errno)))")
        }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(descriptor) }

    func text(atMost limit: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = pread(descriptor, &bytes, limit, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
