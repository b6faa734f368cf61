import CLibGit2
import Synchronization

/// A git repository on this machine. libgit2 doesn't bear one repository on two threads, so every call holds a lock.
public final class GitRepository: Sendable {
    private let handle: Mutex<Pointer>
    /// The repository's own folder (`.git`).
    public let path: String

    /// Where git itself is run for it: the top of its work tree, or its own folder without one. What its configuration says
    /// relative to there is found.
    let commandFolder: String

    /// The pointer is touched with the lock held alone.
    private struct Pointer: @unchecked Sendable {
        var repository: OpaquePointer
    }

    /// Opens the repository that `path` lies in.
    public init(path: String) throws(GitError) {
        precondition(LibGit2.isReady, "libgit2 cannot be initialised")
        var opened: OpaquePointer?
        let code = git_repository_open_ext(&opened, path, 0, nil)
        guard code == 0, let opened else {
            let message = LibGit2.lastMessage
            if code == GIT_EOWNER.rawValue || message.contains("safe.directory") { throw .foreignOwner(path: path) }
            if code == GIT_ENOTFOUND.rawValue { throw .noRepository(path: path) }
            throw .failed("the git repository at \(path) cannot be opened", reason: message)
        }
        self.path = String(cString: git_repository_path(opened))
        commandFolder = git_repository_workdir(opened).map { String(cString: $0) } ?? self.path
        handle = Mutex(Pointer(repository: opened))
    }

    deinit { handle.withLock { git_repository_free($0.repository) } }

    func with<Result: Sendable>(
        _ body: (OpaquePointer) throws(GitError) -> sending Result
    ) throws(GitError) -> Result {
        try handle.withLock { pointer throws(GitError) in try body(pointer.repository) }
    }
}
