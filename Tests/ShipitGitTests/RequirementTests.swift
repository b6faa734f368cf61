import Foundation
import ShipitCore
import ShipitGit
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RequirementTests {
    private func refusal(
        _ requirement: ReleaseSource.Requirement, of tag: String = "v1.2.0", in scratch: ScratchRepository
    ) throws -> String? {
        let repository = try scratch.open()
        return try repository.check(requirement, release: repository.release(tag: tag))?.reason
    }

    private func released() throws -> ScratchRepository {
        let scratch = try ScratchRepository()
        try scratch.write("1.2.0\n", to: "VERSION")
        try scratch.commit("First")
        try scratch.git("tag", "--annotate", "--message", "Release", "v1.2.0")
        return scratch
    }

    @Test func `an annotated tag is told from a lightweight one`() throws {
        let scratch = try released()
        #expect(try refusal(.annotatedTag, in: scratch) == nil)
        try scratch.git("tag", "light")
        #expect(try refusal(.annotatedTag, of: "light", in: scratch) == "tag \"light\" is not annotated")
    }

    @Test func `a hint can be pasted into a shell, whatever the tag is called`() throws {
        let scratch = try released()
        let commit = try scratch.git("rev-parse", "HEAD")
        for (tag, word) in [
            ("v1$(touch${IFS}pwned)", "'v1$(touch${IFS}pwned)'"), ("it's", "'it'\\''s'"), ("-d", "-- -d"),
        ] {
            try scratch.git("update-ref", "refs/tags/" + tag, commit)
            let repository = try scratch.open()
            let refusal = try repository.check(.annotatedTag, release: repository.release(tag: tag))
            #expect(refusal?.hint == "git tag -a -f \(word) \(commit)")
        }
    }

    @Test func `a tree is clean when nothing differs from HEAD`() throws {
        let scratch = try released()
        #expect(try refusal(.cleanTree, in: scratch) == nil)
        #expect(try scratch.open().workTree().changes.isEmpty)
    }

    @Test(arguments: ["changed", "staged", "untracked", "untracked folder", "removed"])
    func `a tree is not clean when something differs`(_ what: String) throws {
        let scratch = try released()
        var file = "VERSION"
        switch what {
        case "changed": try scratch.write("other", to: file)
        case "staged":
            try scratch.write("other", to: file)
            try scratch.git("add", file)
        case "untracked":
            file = "notes"
            try scratch.write("new", to: file)
        case "untracked folder":
            try scratch.write("new", to: "notes/today")
            file = "notes/"
        default: try FileManager.default.removeItem(atPath: scratch.path + "/" + file)
        }
        #expect(try refusal(.cleanTree, in: scratch) == "the work tree is not clean: \(file)")
    }

    @Test func `ignored files and a folder that ignores itself leave a tree clean`() throws {
        let scratch = try ScratchRepository()
        try scratch.write("*.log\n", to: ".gitignore")
        try scratch.commit()
        try scratch.git("tag", "v1.2.0")
        try scratch.write("noise", to: "today.log")
        try scratch.write("*\n", to: ".shipit/.gitignore")
        try scratch.write("runs", to: ".shipit/journal.db")
        #expect(try refusal(.cleanTree, in: scratch) == nil)
    }

    @Test func `a merge in progress is not clean`() throws {
        let scratch = try released()
        try scratch.git("switch", "--quiet", "--create", "side")
        try scratch.commit("Side")
        try scratch.git("switch", "--quiet", "main")
        try scratch.commit("Main")
        try scratch.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
        #expect(try refusal(.cleanTree, in: scratch) == "a merge, rebase or the like is in progress")
    }

    @Test func `HEAD is at the tag or elsewhere`() throws {
        let scratch = try released()
        #expect(try refusal(.headAtTag, in: scratch) == nil)
        let tagged = try scratch.git("rev-parse", "HEAD")
        let head = try scratch.commit("Second")
        let reason = try refusal(.headAtTag, in: scratch)
        #expect(reason == "HEAD is at \(head.prefix(12)), not at \"v1.2.0\" (\(tagged.prefix(12)))")
        try scratch.git("switch", "--quiet", "--detach", "v1.2.0")
        #expect(try refusal(.headAtTag, in: scratch) == nil)
    }

    @Test func `the version file counts as it is at the tag`() throws {
        let scratch = try released()
        try scratch.write("9.9.9\n", to: "VERSION")
        #expect(try refusal(.versionFile("VERSION"), in: scratch) == nil)
        try scratch.write("v1.2.1\n", to: "app/VERSION")
        try scratch.commit("Second")
        try scratch.git("tag", "v1.2.1")
        #expect(try refusal(.versionFile("app/VERSION"), of: "v1.2.1", in: scratch) == nil)
        #expect(
            try refusal(.versionFile("VERSION"), of: "v1.2.1", in: scratch)
                == "VERSION at \"v1.2.1\" says \"9.9.9\", the tag says \"1.2.1\"")
        #expect(try refusal(.versionFile("app/VERSION"), in: scratch) == "there is no file app/VERSION at \"v1.2.0\"")
        #expect(try refusal(.versionFile("app"), of: "v1.2.1", in: scratch) == "there is no file app at \"v1.2.1\"")
    }

    @Test func `a release is reachable from its branch, here or at origin`() throws {
        let scratch = try released()
        #expect(try refusal(.reachableFrom("main"), in: scratch) == nil)
        let tagged = try scratch.git("rev-parse", "HEAD")
        try scratch.commit("Second")
        #expect(try refusal(.reachableFrom("main"), in: scratch) == nil)
        try scratch.git("update-ref", "refs/remotes/origin/release", tagged)
        #expect(try refusal(.reachableFrom("release"), in: scratch) == nil)
        try scratch.git("switch", "--quiet", "--orphan", "other")
        try scratch.commit("Apart")
        #expect(
            try refusal(.reachableFrom("other"), in: scratch) == "\"v1.2.0\" is not reachable from other")
        #expect(try refusal(.reachableFrom("nosuch"), in: scratch) == "there is no branch \"nosuch\"")
    }

    @Test func `a repository without a work tree has nothing unclean`() throws {
        let scratch = try released()
        let bare = scratch.folder + "/bare.git"
        try scratch.git("clone", "--quiet", "--bare", scratch.path, bare)
        let repository = try GitRepository(path: bare)
        #expect(try repository.workTree().isBare)
        #expect(try repository.check(.cleanTree, release: repository.release(tag: "v1.2.0")) == nil)
    }
}
