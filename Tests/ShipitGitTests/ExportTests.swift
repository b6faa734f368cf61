import Foundation
import ShipitCore
import ShipitGit
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ExportTests {
    @Test func `the tag's tree is written read-only, whatever the work tree holds`() throws {
        let scratch = try ScratchRepository()
        try scratch.write("hello\n", to: "app/greeting.txt")
        try scratch.write("#!/bin/sh\necho hello\n", to: "app/run")
        try scratch.write("", to: "empty")
        try #require(chmod(scratch.path + "/app/run", 0o755) == 0)
        try #require(symlink("greeting.txt", scratch.path + "/app/link") == 0)
        try scratch.commit()
        try scratch.git("tag", "v1")
        try scratch.write("changed\n", to: "app/greeting.txt")
        let (repository, folder) = (try scratch.open(), scratch.folder + "/trees/v1")
        let release = try repository.release(tag: "v1")
        try repository.export(release, to: folder)

        #expect(try String(contentsOfFile: folder + "/app/greeting.txt", encoding: .utf8) == "hello\n")
        #expect(try mode(folder + "/app/greeting.txt") == 0o444)
        #expect(try mode(folder + "/app/run") == 0o555)
        #expect(try mode(folder + "/empty") == 0o444)
        #expect(try mode(folder + "/app") == 0o555)
        #expect(try mode(folder) == 0o555)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/app/link") == "greeting.txt")
        #expect(!FileManager.default.fileExists(atPath: folder + "/.git"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder + "/trees") == ["v1"])

        // A second time, and by another engine, it is there already.
        try repository.export(release, to: folder)
        try scratch.open().export(release, to: folder)
    }

    @Test func `bytes that are no text are kept`() throws {
        let scratch = try ScratchRepository()
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try bytes.write(to: URL(fileURLWithPath: scratch.path + "/image.bin"))
        try scratch.write("a\r\nb\r\n", to: "windows.txt")
        try scratch.commit()
        try scratch.git("tag", "v1")
        let repository = try scratch.open()
        try repository.export(repository.release(tag: "v1"), to: scratch.folder + "/tree")
        #expect(FileManager.default.contents(atPath: scratch.folder + "/tree/image.bin") == bytes)
        #expect(FileManager.default.contents(atPath: scratch.folder + "/tree/windows.txt") == Data("a\r\nb\r\n".utf8))
    }

    @Test func `a symlink out of the tree is kept as a link, and nothing is written through it`() throws {
        let scratch = try ScratchRepository()
        try FileManager.default.createDirectory(
            atPath: scratch.folder + "/outside", withIntermediateDirectories: false)
        try #require(symlink(scratch.folder + "/outside", scratch.path + "/away") == 0)
        try #require(symlink("../../../../etc/passwd", scratch.path + "/up") == 0)
        try scratch.commit()
        try scratch.git("tag", "v1")
        let repository = try scratch.open()
        try repository.export(repository.release(tag: "v1"), to: scratch.folder + "/tree")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: scratch.folder + "/tree/up")
                == "../../../../etc/passwd")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder + "/outside").isEmpty)
    }

    @Test(arguments: ["..", ".", ".git"])
    func `a tree whose names lead elsewhere is refused and leaves nothing`(_ name: String) throws {
        let scratch = try ScratchRepository()
        try scratch.write("evil", to: "file")
        try scratch.commit()
        let tree = try scratch.git("rev-parse", "HEAD^{tree}")
        // git itself refuses to make such a tree from names, but not from bytes.
        var bytes = Data("40000 \(name)\0".utf8)
        for place in stride(from: 0, to: 40, by: 2) {
            let digits = tree.dropFirst(place).prefix(2)
            bytes.append(try #require(UInt8(digits, radix: 16)))
        }
        try bytes.write(to: URL(fileURLWithPath: scratch.folder + "/tree.bin"))
        let evil = try scratch.git("hash-object", "-t", "tree", "-w", "--literally", scratch.folder + "/tree.bin")
        let commit = try scratch.git("commit-tree", "-m", "Evil", evil)
        try scratch.git("tag", "v1", commit)
        let repository = try scratch.open()
        let release = try repository.release(tag: "v1")
        #expect(throws: GitError.self) { try repository.export(release, to: scratch.folder + "/trees/v1") }
        #expect(!FileManager.default.fileExists(atPath: scratch.folder + "/trees/v1"))
        #expect(!FileManager.default.fileExists(atPath: scratch.folder + "/trees/file"))
    }

    @Test func `a submodule becomes an empty folder`() throws {
        let scratch = try ScratchRepository()
        let commit = try scratch.commit("First")
        try scratch.git("update-index", "--add", "--cacheinfo", "160000,\(commit),library")
        try scratch.git("commit", "--quiet", "--message", "With a submodule")
        try scratch.git("tag", "v1")
        let repository = try scratch.open()
        try repository.export(repository.release(tag: "v1"), to: scratch.folder + "/tree")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder + "/tree/library").isEmpty)
    }

    @Test func `what a crash left half done is done anew`() throws {
        let scratch = try ScratchRepository()
        try scratch.write("hello\n", to: "file")
        try scratch.commit()
        try scratch.git("tag", "v1")
        let folder = scratch.folder + "/trees/v1"
        let half = folder + ".partial-\(getpid())"
        try FileManager.default.createDirectory(atPath: half + "/old", withIntermediateDirectories: true)
        try #require(chmod(half + "/old", 0o555) == 0)
        let repository = try scratch.open()
        try repository.export(repository.release(tag: "v1"), to: folder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder + "/trees") == ["v1"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }

    @Test(arguments: ["cut", "missing"])
    func `a tree that lost a file's content in a power cut is written anew`(_ what: String) throws {
        let scratch = try ScratchRepository()
        try scratch.write("hello\n", to: "app/file")
        try scratch.commit()
        try scratch.git("tag", "v1")
        let (repository, folder) = (try scratch.open(), scratch.folder + "/v1")
        let release = try repository.release(tag: "v1")
        try repository.export(release, to: folder)
        let file = folder + "/app/file"
        try #require(chmod(folder + "/app", 0o755) == 0 && chmod(file, 0o644) == 0)
        try #require((what == "cut" ? truncate(file, 0) : unlink(file)) == 0)
        try repository.export(release, to: folder)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "hello\n")
        #expect(try mode(file) == 0o444)
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0, "\(path)")
        return status.st_mode & 0o7777
    }
}
