import Foundation
import ShipitCore
import ShipitGit
import Testing

/// `pushed-to`, and releases that come from a URL.
@Suite(.timeLimit(.minutes(3)))
struct RemoteTests {
    private func refusal(of tag: String, to remote: String = "origin", in scratch: ScratchRepository) throws -> Refusal?
    {
        let repository = try scratch.open()
        return try repository.check(.pushedTo(remote), release: repository.release(tag: tag))
    }

    /// A repository with a tag, and a bare one that is its `origin` and has nothing yet.
    private func released() throws -> ScratchRepository {
        let scratch = try ScratchRepository()
        try scratch.commit("First")
        try scratch.git("tag", "--annotate", "--message", "Release", "v1")
        try scratch.git("init", "--quiet", "--bare", scratch.folder + "/origin.git")
        try scratch.git("remote", "add", "origin", scratch.folder + "/origin.git")
        return scratch
    }

    @Test func `a tag that the remote has is pushed, and another object under its name is not`() throws {
        let scratch = try released()
        let missing = try #require(try refusal(of: "v1", in: scratch))
        #expect(missing.reason == "tag \"v1\" is not on origin")
        #expect(missing.hint == "git push origin refs/tags/v1")
        try scratch.git("push", "--quiet", "origin", "refs/tags/v1")
        #expect(try refusal(of: "v1", in: scratch) == nil)
        let pushed = try scratch.git("rev-parse", "refs/tags/v1")
        try scratch.git("tag", "--annotate", "--force", "--message", "Again", "v1")
        let now = try scratch.git("rev-parse", "refs/tags/v1")
        #expect(
            try refusal(of: "v1", in: scratch)?.reason
                == "tag \"v1\" is another one on origin: \(pushed.prefix(12)) there, \(now.prefix(12)) here")
    }

    @Test func `a reference that only ends like the tag is not the tag`() throws {
        let scratch = try released()
        try scratch.git("push", "--quiet", "origin", "HEAD:refs/heads/refs/tags/v1")
        #expect(try refusal(of: "v1", in: scratch)?.reason == "tag \"v1\" is not on origin")
    }

    @Test func `a remote that cannot be asked is a refusal that says so`() throws {
        let scratch = try released()
        let unknown = try #require(try refusal(of: "v1", to: "nosuch", in: scratch))
        #expect(
            unknown.reason
                == "nosuch cannot be asked whether it has tag \"v1\": 'nosuch' does not appear to be a git repository; "
                + "Could not read from remote repository.")
        // Port 1 of this machine: nobody listens there.
        try scratch.git("remote", "add", "dead", "git://127.0.0.1:1/app.git")
        let dead = try #require(try refusal(of: "v1", to: "dead", in: scratch))
        #expect(dead.reason.hasPrefix("dead cannot be asked"))
        #expect(dead.hint == "try: git ls-remote dead")
    }

    @Test func `a remote's name is never taken for an option`() throws {
        let scratch = try released()
        let marker = scratch.folder + "/pwned"
        let reason = try refusal(of: "v1", to: "--upload-pack=touch \(marker)", in: scratch)?.reason
        #expect(reason?.contains("cannot be asked") == true)
        #expect(!FileManager.default.fileExists(atPath: marker))
    }

    // MARK: Mirrors

    private func mirror(of url: String, in scratch: ScratchRepository) throws -> Mirror {
        let folder = scratch.folder + "/mirrors"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try Mirror(of: url, in: folder)
    }

    @Test func `a mirror has what the other has, and follows it`() throws {
        let scratch = try released()
        let mirror = try mirror(of: "file://" + scratch.path, in: scratch)
        #expect(!mirror.exists)
        try mirror.fetch()
        let first = try GitRepository(path: mirror.path).release(tag: "v1")
        #expect(first == (try scratch.open().release(tag: "v1")))
        #expect(try GitRepository(path: mirror.path).check(.reachableFrom("main"), release: first) == nil)
        #expect(try GitRepository(path: mirror.path).check(.pushedTo("origin"), release: first) == nil)

        try scratch.commit("Second")
        try scratch.git("tag", "--force", "--annotate", "--message", "Moved", "v1")
        try scratch.git("tag", "v2")
        try mirror.fetch()
        #expect(try GitRepository(path: mirror.path).release(tag: "v1") == scratch.open().release(tag: "v1"))
        try scratch.git("tag", "--delete", "v2")
        try mirror.fetch()
        #expect(try GitRepository(path: mirror.path).tags(matching: "*").map(\.name) == ["v1"])
    }

    @Test func `a mirror takes nothing but branches and tags`() throws {
        let scratch = try released()
        try scratch.git("update-ref", "refs/replace/\(try scratch.git("rev-parse", "HEAD"))", "HEAD")
        let mirror = try mirror(of: "file://" + scratch.path, in: scratch)
        try mirror.fetch()
        let names = try scratch.git("--git-dir", mirror.path, "for-each-ref", "--format=%(refname)")
        #expect(names == "refs/heads/main\nrefs/tags/v1")
    }

    @Test func `what cannot be fetched is said, without the password, and what was there stays`() throws {
        let scratch = try released()
        let mirror = try mirror(of: "file://" + scratch.path, in: scratch)
        try mirror.fetch()
        try FileManager.default.moveItem(atPath: scratch.path, toPath: scratch.folder + "/away")
        let error = #expect(throws: GitError.self) { try mirror.fetch() }
        #expect(error?.description.hasPrefix("the releases at file://\(scratch.path) cannot be fetched: ") == true)
        #expect(try GitRepository(path: mirror.path).release(tag: "v1").tag == "v1")

        let secret = try self.mirror(of: "git://ana:geheim@127.0.0.1:1/app.git", in: scratch)
        let refused = #expect(throws: GitError.self) { try secret.fetch() }
        #expect(refused?.description.contains("git://ana:***@127.0.0.1:1/app.git") == true)
        #expect(refused?.description.contains("geheim") == false)
    }

    @Test func `lock files of a git that was killed are in nobody's way`() throws {
        let scratch = try released()
        let mirror = try mirror(of: "file://" + scratch.path, in: scratch)
        try mirror.fetch()
        try scratch.git("tag", "v2")
        for name in ["packed-refs.lock", "refs/tags/v2.lock"] {
            try #require(FileManager.default.createFile(atPath: "\(mirror.path)/\(name)", contents: nil))
        }
        try mirror.fetch()
        #expect(try GitRepository(path: mirror.path).release(tag: "v2").tag == "v2")
    }

    @Test func `eight fetch at once, and each has all of it`() async throws {
        let scratch = try released()
        let mirror = try mirror(of: "file://" + scratch.path, in: scratch)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try mirror.fetch()
                    return try GitRepository(path: mirror.path).release(tag: "v1").tag
                }
            }
            for try await tag in group { #expect(tag == "v1") }
        }
    }
}
