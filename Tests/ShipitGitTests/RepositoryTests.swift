import Foundation
import ShipitCore
import ShipitGit
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RepositoryTests {
    @Test func `what is no repository is named`() throws {
        let scratch = try ScratchRepository()
        for path in [scratch.folder, scratch.folder + "/missing"] {
            #expect(throws: GitError.noRepository(path: path)) { try GitRepository(path: path) }
        }
    }

    @Test func `a folder inside the work tree opens the repository`() throws {
        let scratch = try ScratchRepository()
        try scratch.write("text", to: "services/web/file")
        let commit = try scratch.commit()
        try scratch.git("tag", "v1")
        #expect(try GitRepository(path: scratch.path + "/services/web").release(tag: "v1").commit == commit)
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser can give a repository away"))
    func `another user's repository is refused with the way to trust it`() throws {
        let scratch = try ScratchRepository()
        try scratch.commit()
        for path in [scratch.path, scratch.path + "/.git"] { try #require(chown(path, 65534, 65534) == 0) }
        let error = #expect(throws: GitError.foreignOwner(path: scratch.path)) { try scratch.open() }
        #expect(error?.hint == "git config --global --add safe.directory \(scratch.path)")
    }

    @Test func `tags are listed by version, the newest first`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit("Begin the thing\n\nAt length.")
        for tag in ["v1.9.0", "v1.10.0", "v1.10.0-rc.1", "v1.10.0-rc.2", "v1.10.0-beta", "nightly", "v2"] {
            try scratch.git("tag", tag)
        }
        try scratch.git("tag", "--annotate", "--message", "The tenth\n\nWith notes.", "v1.10.1")
        let tags = try scratch.open().tags(matching: "*")
        #expect(
            tags.map(\.name) == [
                "v2", "v1.10.1", "v1.10.0", "v1.10.0-rc.2", "v1.10.0-rc.1", "v1.10.0-beta", "v1.9.0", "nightly",
            ])
        let at = try #require(Instant(rfc3339: "2026-01-12T01:30:00.000Z"))
        let annotated = try #require(tags.first { $0.name == "v1.10.1" })
        #expect((annotated.annotated, annotated.subject, annotated.commit) == (true, "The tenth", commit))
        #expect(annotated.at == at)
        let light = try #require(tags.first { $0.name == "v1.9.0" })
        #expect((light.annotated, light.subject, light.at) == (false, "Begin the thing", at))
    }

    @Test func `versions are in one order, however odd they are`() throws {
        let scratch = try ScratchRepository()
        try scratch.commit()
        // The last two begin with one character spelt in two ways.
        let names = [
            "v1.0.0", "v1.0.0-rc.10000000000000000000000", "v1.0.0-rc.9", "v1.0.0-01.c", "v1.0.0-1.b", "v1.0.0-01.a",
            "e\u{301}", "\u{e9}S",
        ]
        for tag in names.reversed() { try scratch.git("tag", tag) }
        #expect(try scratch.open().tags(matching: "*").map(\.name) == names)
    }

    @Test func `the latest is the highest version without a prerelease`() throws {
        let scratch = try ScratchRepository()
        try scratch.commit()
        for tag in ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "web/v3.0.0", "zzz"] { try scratch.git("tag", tag) }
        let repository = try scratch.open()
        #expect(try repository.latest(matching: "v*") == "v1.10.0")
        #expect(throws: GitError.noVersion(tags: "z*")) { try repository.latest(matching: "z*") }
    }

    @Test func `commits since a release are listed, the newest first`() throws {
        let scratch = try ScratchRepository()
        let first = try scratch.commit("First")
        let second = try scratch.commit("Second")
        let third = try scratch.commit("Third")
        let repository = try scratch.open()
        let since = try repository.commits(from: first, to: third, limit: 10)
        #expect(since.map(\.subject) == ["Third", "Second"])
        #expect(since.map(\.id) == [third, second])
        #expect(since.first?.author == "Ana")
        #expect(try repository.commits(from: nil, to: third, limit: 10).count == 3)
        #expect(try repository.commits(from: first, to: third, limit: 1).map(\.id) == [third])
        #expect(try repository.commits(from: third, to: first, limit: 10).isEmpty)
        // The live release's commit may be gone from the repository.
        #expect(try repository.commits(from: String(repeating: "1", count: 40), to: third, limit: 10).count == 3)
    }

    @Test func `one repository serves many threads at once`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit()
        for number in 0..<20 { try scratch.git("tag", "v\(number)") }
        let repository = try scratch.open()
        DispatchQueue.concurrentPerform(iterations: 200) { place in
            let found = try? repository.release(tag: "v\(place % 20)")
            #expect(found?.commit == commit)
            #expect((try? repository.workTree())?.head == commit)
        }
    }

    @Test(arguments: [
        ("*", "a/b", true), ("v*", "v1", true), ("v*", "w1", false), ("v?.?", "v1.2", true), ("v?", "v", false),
        ("v[0-9]*", "v1", true), ("v[0-9]*", "vx", false), ("v[!0-9]*", "vx", true), ("*.0", "v1.0.0", true),
        ("*.0", "v1.0.1", false), ("", "", true), ("", "v", false), ("v1.*-rc*", "v1.2-rc.1", true), ("[", "[", true),
        ("a\\*b", "a*b", true), ("a\\*b", "axb", false), ("**", "x", true), ("web/*", "web/v1/x", true),
        ("[]]", "]", true), ("ν*", "ναι", true), ("*a*b*c*", "xxaxxbxxcxx", true), ("*a*b*c*", "xxaxxcxxbxx", false),
    ])
    func `a glob matches as a shell's does, slashes included`(_ glob: String, _ name: String, _ isMatch: Bool) {
        #expect(Glob(glob).matches(name) == isMatch)
    }

    @Test func `a glob of many stars ends soon`() {
        let glob = Glob(String(repeating: "*a", count: 40) + "b")
        #expect(!glob.matches(String(repeating: "a", count: 5000)))
    }
}
