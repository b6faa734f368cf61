import Foundation
import ShipitGit
import Testing

/// A repository of the test's own, made with the git that everybody uses, and removed with the test.
final class ScratchRepository {
    /// Holds the repository, and whatever else the test makes.
    let folder: String
    var path: String { folder + "/repository" }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("shipit-git-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url.appendingPathComponent("repository"), withIntermediateDirectories: true)
        folder = url.path
        try git("init", "--quiet", "--initial-branch=main")
    }

    deinit {
        // Exported trees are read-only; whoever is not the superuser has to open them first.
        _ = try? Self.run("/bin/chmod", ["-R", "u+w", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    func open() throws -> GitRepository { try GitRepository(path: path) }

    /// Runs git in the repository.
    /// - Returns: what it printed, without the last line's end.
    @discardableResult
    func git(_ arguments: String...) throws -> String {
        try Self.run("/usr/bin/git", ["-C", path, "-c", "protocol.file.allow=always"] + arguments)
    }

    /// Runs a script in the folder that holds the repository; `$1` and so on are the parameters.
    @discardableResult
    func sh(_ script: String, _ parameters: String...) throws -> String {
        try Self.run("/bin/sh", ["-euc", "cd \"$0\"\n" + script, folder] + parameters)
    }

    func write(_ text: String, to file: String) throws {
        let url = URL(fileURLWithPath: path + "/" + file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Commits everything.
    /// - Returns: the commit's id.
    @discardableResult
    func commit(_ message: String = "Work") throws -> String {
        try git("add", "--all")
        try git("commit", "--quiet", "--allow-empty", "--message", message)
        return try git("rev-parse", "HEAD")
    }

    struct Failure: Error { var words: String }

    /// Output goes through a file and the end is waited for here: no thread, no run loop.
    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let environment = [
            "PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ana",
            "GIT_AUTHOR_EMAIL=ana@example.org", "GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org",
            "GIT_AUTHOR_DATE=2026-01-12T01:30:00Z", "GIT_COMMITTER_DATE=2026-01-12T01:30:00Z",
        ]
        let output = FileManager.default.temporaryDirectory.path + "/shipit-git-output-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: output) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let started = posix_spawn(&pid, program, &actions, nil, &words, &variables)
        guard started == 0 else { throw Failure(words: "\(program) cannot be started: \(started)") }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        guard status == 0 else { throw Failure(words: "\(arguments): \(text)") }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
