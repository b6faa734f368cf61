import Foundation
import Glibc
import Synchronization
import Testing

/// A project of a user's: a folder that was empty a moment ago, with a git repository made by git and a pipeline.
///
/// When the test lets go of it, every process that has to do with it is ended and the folder is removed.
final class ScratchProject: Sendable {
    /// Everything of the test's is below it: its name is the mark by which its processes are known.
    let base: String
    /// What the user would change to: the repository, and the folder that holds `pipelines/`.
    let root: String
    private let commands = Mutex(0)

    /// - Parameters:
    ///   - pipeline: the text of `pipelines/deploy.yaml`; none when `nil`.
    ///   - files: more files of the first commit, by their path. What begins with `#!` is executable.
    ///   - tags: annotated tags, each on a commit of its own.
    ///   - folder: the name of the project's folder, or a path of several.
    init(
        _ pipeline: String?, files: [String: String] = [:], tags: [String] = ["v1.0.0"], folder: String = "project"
    ) async throws {
        base = NSTemporaryDirectory() + "shipit-e2e-" + UUID().uuidString.prefix(8).lowercased()
        root = base + "/" + folder
        for folder in [root, base + "/home", base + "/out"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        if let pipeline { try write("pipelines/deploy.yaml", pipeline) }
        for (path, text) in files { try write(path, text) }
        try write("ops/await", Self.awaiting)
        try write(".gitignore", ".shipit/\n*.log\n")
        try await git("init", "--quiet", "--initial-branch=main")
        for tag in tags { try await release(tag) }
    }

    deinit {
        // Twice: what was starting something while it was ended may have left a child.
        for _ in 0..<2 {
            for process in ProcessTable.processes(of: base) { kill(process.id, SIGKILL) }
        }
        removeFolder()
    }

    /// Exported trees are read-only, so that removing them takes more than asking.
    private func removeFolder() {
        let files = FileManager.default
        if let walk = files.enumerator(atPath: base) {
            while let path = walk.nextObject() as? String {
                let isFolder = walk.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
                if isFolder { chmod(base + "/" + path, 0o700) }
            }
        }
        // What cannot be removed stays in the temporary folder: it harms no other test.
        try? files.removeItem(atPath: base)
    }

    /// Waits until the file is there, and not for ever: how a test holds a stage at a place.
    private static let awaiting = """
        #!/bin/sh
        n=0
        until [ -e "$1" ]; do
            n=$((n + 1))
            [ "$n" -lt 1200 ] || { echo "$1 never came" >&2; exit 99; }
            sleep 0.05
        done

        """

    // MARK: Files

    func path(_ name: String) -> String { root + "/" + name }

    func write(_ name: String, _ text: String) throws {
        let path = path(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        if text.hasPrefix("#!") { chmod(path, 0o755) }
    }

    /// `nil` when there is no such file.
    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    func touch(_ name: String) throws { try write(name, "") }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// What the stages did, in order: a line each in effects.log.
    var effects: [String] { read("effects.log")?.split(separator: "\n").map(String.init) ?? [] }

    func untilEffect(_ line: String) async throws {
        try await eventually("\(line) in effects.log, which holds \(effects)") { effects.contains(line) }
    }

    func image() throws -> FolderImage { try FolderImage(of: root, without: [".shipit"]) }

    // MARK: git

    @discardableResult
    func git(_ arguments: String...) async throws -> String {
        let variables = self.variables.merging([
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Ana",
            "GIT_AUTHOR_EMAIL": "ana@example.org", "GIT_COMMITTER_NAME": "Ana",
            "GIT_COMMITTER_EMAIL": "ana@example.org",
        ]) { $1 }
        let git = try ChildProcess(
            ["git"] + arguments, folder: root, variables: variables, output: nextOutput())
        let ending = try await git.ending(within: .seconds(30))
        try #require(ending == .code(0), "git \(arguments)\n\(git.printed)")
        return git.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Commits what is there, with a VERSION file, and tags it.
    func release(_ tag: String) async throws {
        try write("VERSION", (tag.hasPrefix("v") ? String(tag.dropFirst()) : tag) + "\n")
        try await git("add", "--all")
        try await git("commit", "--quiet", "--allow-empty", "--message", "Release")
        if tag.hasPrefix("-") {
            // `git tag` refuses names that look like options, though they are legal.
            try await git("update-ref", "refs/tags/" + tag, "HEAD")
        } else {
            try await git("tag", "--annotate", "--message", "Release", "--", tag)
        }
    }

    func commit(of tag: String) async throws -> String { try await git("rev-parse", "refs/tags/\(tag)^{commit}") }

    // MARK: Processes

    /// What the user's shell has.
    var variables: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            "HOME": base + "/home",
            "USER": "ana", "LANG": "C.UTF-8", "TERM": "dumb",
        ]
    }

    /// Files for the output of one more command.
    func nextOutput() -> String {
        let number = commands.withLock { count in
            count += 1
            return count
        }
        return "\(base)/out/\(number)"
    }

    /// Alive, and of this project: stages, servers, supervisors.
    var processes: [ProcessTable.Entry] { ProcessTable.processes(of: base) }

    /// The same without supervisors, who may need a moment to leave.
    var stageProcesses: [ProcessTable.Entry] { processes.filter { !$0.isSupervisor } }

    func untilNoProcess() async throws {
        try await eventually("the end of \(processes)", within: .seconds(10)) { processes.isEmpty }
    }

    /// Ends the supervisor of the project as a power cut of its own.
    func killSupervisor() async throws {
        let supervisors = processes.filter(\.isSupervisor)
        try #require(!supervisors.isEmpty, "no supervisor is alive")
        for supervisor in supervisors { kill(supervisor.id, SIGKILL) }
        try await eventually("the end of the supervisor") { !processes.contains(where: \.isSupervisor) }
    }
}
