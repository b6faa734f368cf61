import Foundation
import Glibc
import Testing

/// Odd places, odd callers, disks that fill up.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct SurroundingsTests {
    static let simple = """
        shipit: 1
        name: deploy
        stages:
          a: {run: 'echo a >> effects.log; test -r "$SHIPIT_TREE/VERSION"', rollback: {run: echo undo-a >> effects.log}}
          b: {needs: [a], run: [ops/b, "${{ release.version }}"], rollback: {run: echo undo-b >> effects.log}}
        """
    static let files = ["ops/b": "#!/bin/sh\necho \"b $1\" >> effects.log\n"]

    @Test(arguments: [
        "it's a \"project\" of $HOME; touch pwned", "-rf", "naïve 项目", "a%2Fb", "line\nbreak",
        String(repeating: "a-long-name-of-a-folder/", count: 9) + "project",
    ])
    func `a project may lie in a folder of any name`(_ folder: String) async throws {
        let project = try await ScratchProject(Self.simple, files: Self.files, folder: folder)

        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("rollback").exits(0)

        #expect(project.effects == ["a", "b 1.0.0", "undo-b", "undo-a"])
        #expect(!project.exists("pwned") && !project.exists("../pwned"))
        try await project.untilNoProcess()
    }

    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>/dev/full"])
    func `a caller that closed its streams, or gave a full disk for them, gets its run all the same`(
        _ redirection: String
    ) async throws {
        let project = try await ScratchProject(Self.simple, files: Self.files)
        let shell = try ChildProcess(
            ["bash", "-c", "'\(try Binaries.shipit())' deploy v1.0.0 \(redirection)"], folder: project.root,
            variables: project.variables, output: project.nextOutput())

        _ = try await shell.ending(within: .seconds(30))

        #expect(project.effects == ["a", "b 1.0.0"])
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
        #expect(try await project.journal().last?["type"] == "runFinished")
    }

    @Test func `an empty environment is enough`() async throws {
        let project = try await ScratchProject(Self.simple, files: Self.files)
        let bare = try ChildProcess(
            ["env", "-i", try Binaries.shipit(), "deploy", "v1.0.0"], folder: project.root,
            variables: project.variables, output: project.nextOutput())

        let ending = try await bare.ending(within: .seconds(30))

        #expect(ending == .code(0), "\(bare.printed)")
        #expect(project.effects == ["a", "b 1.0.0"])
    }

    @Test func `the state may be elsewhere: --state, or SHIPIT_STATE`() async throws {
        let project = try await ScratchProject(Self.simple, files: Self.files)
        let elsewhere = project.base + "/elsewhere"

        try await project.shipit("deploy", "v1.0.0", "--state", elsewhere).exits(0)
        try await project.shipit("status", variables: ["SHIPIT_STATE": elsewhere]).exits(0).says("v1.0.0")

        #expect(!project.exists(".shipit"))
        try await project.shipit("status").exits(2)
    }

    @Test func `a state folder that others may write to is refused and left as it is`() async throws {
        let project = try await ScratchProject(Self.simple, files: Self.files)
        let state = project.base + "/open"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        chmod(state, 0o777)

        let deploy = try await project.shipit("deploy", "v1.0.0", "--state", state)

        #expect(deploy.exitCode == 1 || deploy.exitCode == 3, "\(deploy)")
        deploy.says(state)
        #expect(try FileManager.default.contentsOfDirectory(atPath: state) == [])
        #expect(project.effects == [])
    }

    @Test func `tags are found packed, in a work tree of a bare repository, and from below the repository`()
        async throws
    {
        let project = try await ScratchProject(Self.simple, files: Self.files)
        try await project.git("pack-refs", "--all")
        try await project.shipit("deploy", "v1.0.0").exits(0)

        try await project.git("worktree", "add", "--quiet", "../tree", "v1.0.0")
        try await project.shipit("-C", project.base + "/tree", "deploy", "v1.0.0").exits(0)
        try await project.git("clone", "--quiet", "--no-local", "--depth", "1", "file://" + project.root, "../shallow")
        try await project.shipit("-C", project.base + "/shallow", "deploy", "v9.9.9").exits(2).says("shallow")
    }

    @Test func `of many that deploy at the same moment exactly one does`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: "mkdir busy; echo a >> effects.log; sleep 1; rmdir busy"}}
            """)

        let all = try (0..<6).map { _ in try project.start("deploy", "v1.0.0", "--again") }
        var codes: [Int32?] = []
        for process in all { codes.append(try await project.finish(process).exitCode) }

        #expect(codes.filter { $0 == 0 }.count == 1, "\(codes)")
        #expect(codes.filter { $0 == 3 }.count == 5, "\(codes)")
        #expect(project.effects == ["a"])
    }

    @Test func `two environments are deployed to at the same time`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            environments: {left: {vars: {me: left, other: right}}, right: {vars: {me: right, other: left}}}
            stages: {a: {run: 'touch "$SHIPIT_VAR_me.here"; ops/await "$SHIPIT_VAR_other.here"'}}
            """)

        let left = try project.start("deploy", "v1.0.0", "--env", "left")
        let right = try project.start("deploy", "v1.0.0", "--env", "right")

        try await project.finish(left).exits(0)
        try await project.finish(right).exits(0)
    }

    @Test func `a disk that fills up under a run stops it, and with room again it is resumed`() async throws {
        let disk = try await SmallDisk(kilobytes: 1500)
        guard disk.isMounted else { return }
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: "echo a >> effects.log; dd if=/dev/zero of=$FILL bs=1k count=3000 2>/dev/null || true", env: {FILL: "\(disk.folder)/fill"}}
              b: {needs: [a], run: echo b >> effects.log}
              c: {needs: [b], run: echo c >> effects.log}
            """)

        let deploy = try await project.shipit("deploy", "v1.0.0", "--state", disk.folder).exits(1)
        deploy.says("resume")
        let before = project.effects
        try FileManager.default.removeItem(atPath: disk.folder + "/fill")
        try await project.shipit("resume", "--state", disk.folder).exits(0)

        #expect(before.first == "a")
        #expect(project.effects == ["a", "b", "c"])
        try await project.untilNoProcess()
    }
}

/// A file system of a few kilobytes, where one may be mounted.
final class SmallDisk: Sendable {
    let folder: String
    let isMounted: Bool

    init(kilobytes: Int) async throws {
        folder = NSTemporaryDirectory() + "shipit-e2e-disk-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        isMounted = mount("tmpfs", folder, "tmpfs", 0, "size=\(kilobytes)k,mode=700") == 0
        if !isMounted { print("not tried: a small disk cannot be mounted here: \(String(cString: strerror(errno)))") }
    }

    deinit {
        if isMounted { umount2(folder, Int32(MNT_DETACH)) }
        rmdir(folder)
    }
}
