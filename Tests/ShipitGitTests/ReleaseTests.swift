import Foundation
import ShipitCore
import ShipitGit
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ReleaseTests {
    @Test func `a lightweight tag is its commit`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        try scratch.git("tag", "v1.15.2")
        #expect(
            try scratch.open().release(tag: "v1.15.2")
                == Release(tag: "v1.15.2", version: "1.15.2", commit: commit, tagObject: commit))
    }

    @Test func `an annotated tag is peeled to its commit, and both ids are kept`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        try scratch.git("tag", "--annotate", "--message", "Release", "2026.1")
        let release = try scratch.open().release(tag: "2026.1")
        #expect(release.commit == commit)
        #expect(release.version == "2026.1")
        #expect(release.tagObject == (try scratch.git("rev-parse", "refs/tags/2026.1")))
        #expect(release.tagObject != commit)
    }

    @Test func `a tag of a tag is peeled to the commit behind both`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        try scratch.git("tag", "--annotate", "--message", "Inner", "inner")
        try scratch.git("tag", "--annotate", "--message", "Outer", "v2", "inner")
        let release = try scratch.open().release(tag: "v2")
        #expect(release.commit == commit)
        #expect(release.tagObject == (try scratch.git("rev-parse", "refs/tags/v2")))
    }

    @Test(arguments: ["HEAD:file", "HEAD^{tree}"])
    func `a tag on a file or a folder is no release`(_ object: String) throws {
        let scratch = try ScratchRepository()
        try scratch.write("text", to: "file")
        try scratch.commit()
        try scratch.git("tag", "plain", object)
        try scratch.git("tag", "--annotate", "--message", "Odd", "annotated", object)
        for tag in ["plain", "annotated"] {
            #expect(throws: GitError.notACommit(tag: tag)) { try scratch.open().release(tag: tag) }
        }
        #expect(try scratch.open().tags(matching: "*").isEmpty)
    }

    @Test func `a tag is a tag, whatever branches and HEAD are called`() throws {
        let scratch = try ScratchRepository()
        let tagged = try scratch.commit("First")
        try scratch.git("tag", "both")
        let later = try scratch.commit("Second")
        try scratch.git("branch", "both")
        #expect(try scratch.git("rev-parse", "refs/heads/both") == later)
        try scratch.git("update-ref", "refs/tags/HEAD", tagged)
        #expect(try scratch.open().release(tag: "both").commit == tagged)
        #expect(try scratch.open().release(tag: "HEAD").commit == tagged)
    }

    @Test(arguments: [
        "main", "HEAD~0", "v1^{}", "v1~0", "v1:file", "refs/tags/v1", "@", "v1..v1", "tags/v1", "", "..", "v1\0x",
    ])
    func `only a tag's name names a tag`(_ word: String) throws {
        let scratch = try ScratchRepository()
        try scratch.write("text", to: "file")
        try scratch.commit()
        try scratch.git("tag", "v1")
        #expect(throws: GitError.self) { try scratch.open().release(tag: word) }
    }

    @Test(arguments: [
        "v1$(touch${IFS}pwned)", "v;touch${IFS}pwned", "v`touch${IFS}pwned`", "v|touch${IFS}pwned", "--upload-pack=x",
        "-evil", "v'quoted'", "v\"quoted\"", "v1$x", "ναι-1.0", "発売/1", "team/web/v1.2.3", "v1.0.0+build.5",
    ])
    func `a hostile name is only a name`(_ tag: String) throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        try scratch.git("update-ref", "refs/tags/" + tag, commit)
        let repository = try scratch.open()
        let release = try repository.release(tag: tag)
        #expect(release.commit == commit)
        #expect(try repository.tags(matching: "*").map(\.name) == [tag])
        for requirement in [.annotatedTag, .cleanTree, .headAtTag, .versionFile("VERSION"), .reachableFrom("main")]
            as [ReleaseSource.Requirement]
        {
            _ = try repository.check(requirement, release: release)
        }
        try repository.export(release, to: scratch.folder + "/tree")
        for folder in [scratch.path, scratch.folder, FileManager.default.currentDirectoryPath] {
            #expect(!FileManager.default.fileExists(atPath: folder + "/pwned"))
        }
    }

    @Test func `a missing tag is told with those that may have been meant`() throws {
        let scratch = try ScratchRepository()
        try scratch.commit()
        for tag in ["v1.15.1", "v1.15.2", "v1.15.20", "other"] { try scratch.git("tag", tag) }
        let error = #expect(throws: GitError.self) { try scratch.open().release(tag: "v1.15.22") }
        guard case .noSuchTag("v1.15.22", let near, shallow: false) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(near == ["v1.15.2", "v1.15.20", "v1.15.1"])
        #expect(error?.hint == "did you mean \"v1.15.2\"?")
        #expect(error?.description == "there is no tag \"v1.15.22\"")
    }

    @Test func `a shallow clone that lacks the tag is called one`() throws {
        let scratch = try ScratchRepository()
        try scratch.commit("First")
        try scratch.git("tag", "v1")
        try scratch.commit("Second")
        let clone = scratch.folder + "/clone"
        try scratch.git("clone", "--quiet", "--depth=1", "--no-tags", "file://" + scratch.path, clone)
        let error = #expect(throws: GitError.self) { try GitRepository(path: clone).release(tag: "v1") }
        #expect(error == .noSuchTag("v1", near: [], shallow: true))
        #expect(error?.description == "there is no tag \"v1\"; this is a shallow clone, which may lack it")
        #expect(error?.hint == "git fetch --unshallow --tags")
    }

    @Test func `packed tags are found like loose ones`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        try scratch.git("tag", "v1")
        try scratch.git("tag", "--annotate", "--message", "Release", "v2")
        try scratch.git("pack-refs", "--all")
        try scratch.git("tag", "v3")
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/.git/refs/tags/v1"))
        let repository = try scratch.open()
        for tag in ["v1", "v2", "v3"] { #expect(try repository.release(tag: tag).commit == commit) }
        #expect(try repository.tags(matching: "v*").map(\.name) == ["v3", "v2", "v1"])
    }

    @Test func `one among five thousand tags is found, and the newest`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        let lines = (0..<5000).map { "\(commit) refs/tags/v1.\($0).0" }.sorted { $0.dropFirst(41) < $1.dropFirst(41) }
        let packed = "# pack-refs with: peeled fully-peeled sorted \n" + lines.joined(separator: "\n") + "\n"
        try Data(packed.utf8).write(to: URL(fileURLWithPath: scratch.path + "/.git/packed-refs"))
        let repository = try scratch.open()
        #expect(try repository.release(tag: "v1.2500.0").commit == commit)
        #expect(try repository.latest(matching: "v*") == "v1.4999.0")
        #expect(try repository.tags(matching: "v1.1?.0").map(\.name).first == "v1.19.0")
    }

    @Test func `a tag that moves is seen where it is now`() throws {
        let scratch = try ScratchRepository()
        let first = try scratch.commit("First")
        try scratch.git("tag", "v1")
        let repository = try scratch.open()
        #expect(try repository.release(tag: "v1").commit == first)
        let second = try scratch.commit("Second")
        try scratch.git("tag", "--force", "v1")
        #expect(try repository.release(tag: "v1").commit == second)
    }
}
