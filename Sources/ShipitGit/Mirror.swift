import CLibGit2
import Foundation

/// A repository that is elsewhere, kept here as a bare one with the other's branches and tags.
public struct Mirror: Sendable {
    public let url: String
    /// The bare repository; there once it has been fetched.
    public let path: String

    /// How long another process may be fetching, and how long this one may.
    private static let patience = 3600.0

    /// - Parameter folder: that of all mirrors; it is there. One of a group holds a mirror for each user who deploys, because
    ///   git trusts no repository that is another user's.
    public init(of url: String, in folder: String) throws(GitError) {
        self.url = url
        precondition(LibGit2.isReady, "libgit2 cannot be initialised")
        var id = git_oid()
        let bytes = Array(url.utf8)
        try LibGit2.check(git_odb_hash(&id, bytes, bytes.count, GIT_OBJECT_BLOB), "the mirror cannot be named")
        path = "\(folder)/\(id.hex.prefix(16))-\(geteuid()).git"
    }

    public var exists: Bool { FileManager.default.fileExists(atPath: path + "/HEAD") }

    /// Brings it up to date; one process after the other.
    public func fetch() throws(GitError) {
        let lock = try lock()
        defer {
            // Given back for whatever git left running and holds a copy of it. Of a shipit that was killed, the git that
            // still fetches keeps it.
            _ = flock(lock, LOCK_UN)
            close(lock)
        }
        try make()
        removeLeftLocks()
        let quick = [
            "-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false", "-c", "http.lowSpeedLimit=1", "-c",
            "http.lowSpeedTime=60",
        ]
        let what = [
            "fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head",
            "--no-recurse-submodules", "origin", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
        ]
        try git(quick + what, in: path)
    }

    private func make() throws(GitError) {
        if exists { return }
        let partial = path + ".partial"
        do {
            let files = FileManager.default
            for left in [path, partial] where files.fileExists(atPath: left) { try files.removeItem(atPath: left) }
        } catch {
            throw .mirroring(
                url: shown, reason: "what an earlier try left is in the way: \(error.localizedDescription)")
        }
        let folder = (path as NSString).deletingLastPathComponent
        try git(["init", "--quiet", "--bare", "--template=", partial], in: folder)
        try git(["config", "remote.origin.url", url], in: partial)
        guard rename(partial, path) == 0 else { throw .mirroring(url: shown, reason: "\(path): \(Self.reason(errno))") }
    }

    /// A git that was killed leaves its lock files, and no other git but ours works here.
    private func removeLeftLocks() {
        let files = FileManager.default
        let refs = (files.enumerator(atPath: path + "/refs")?.compactMap { $0 as? String } ?? []).map { "refs/" + $0 }
        let names =
            refs.filter { $0.hasSuffix(".lock") } + ["HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"]
        // One that cannot be removed is in git's way, who says so.
        for name in names { unlink("\(path)/\(name)") }
    }

    private func git(_ arguments: [String], in folder: String) throws(GitError) {
        let answer: GitCommand.Answer
        do throws(GitError) {
            answer = try GitCommand.run(arguments, in: folder, seconds: Self.patience)
        } catch {
            guard case .failed(_, let reason) = error else { throw error }
            throw .mirroring(url: shown, reason: reason)
        }
        guard answer.exit == 0 else {
            throw .mirroring(url: shown, reason: Self.withoutPassword(answer.complaint))
        }
    }

    /// Inherited by the git that fetches, so that it keeps others out for as long as it lives.
    private func lock() throws(GitError) -> Int32 {
        let file = path + ".lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .mirroring(url: shown, reason: "\(file): \(Self.reason(errno))") }
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else {
                let reason = Self.reason(errno)
                close(descriptor)
                throw .mirroring(url: shown, reason: "another process fetches it: \(file): \(reason)")
            }
            usleep(20_000)
        }
        return descriptor
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// For messages.
    var shown: String { Self.withoutPassword(url) }

    /// Git repeats what it was given, and an address may hold more than an address.
    static func withoutPassword(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map(wordWithoutPassword).joined(separator: " ")
    }

    private static func wordWithoutPassword(_ word: Substring) -> String {
        let start = word.range(of: "://")?.upperBound ?? word.startIndex
        let authority = word[start...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return String(word)
        }
        return word[...colon] + "***" + word[at...]
    }
}
