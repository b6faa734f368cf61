import Foundation
import Testing

/// `release:`: releases from a URL, signed tags, pushed tags.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries)
struct ReleaseSourceTests {
    static func pipeline(_ release: String, stage: String = "echo $SHIPIT_VERSION >> effects.log") -> String {
        """
        shipit: 1
        name: deploy
        release: \(release)
        environments: {production: {}}
        stages:
          a: {run: '\(stage)', rollback: 'true'}
        """
    }

    /// A bare copy of the project's repository that `git daemon` gives out.
    private func serve(_ project: ScratchProject, as name: String = "app.git") async throws -> (
        url: String, daemon: ChildProcess
    ) {
        let folder = project.base + "/served"
        if !FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            try await project.git("clone", "--quiet", "--bare", ".", "\(folder)/\(name)")
        }
        let port = try FreePorts.row(of: 1)
        let daemon = try ChildProcess(
            [
                "sh", "-c", #"exec "$(git --exec-path)/git-daemon" --export-all --reuseaddr --listen=127.0.0.1 "$@""#,
                "sh",
                "--port=\(port)", "--base-path=\(folder)", folder,
            ], folder: project.base, variables: project.variables, output: project.nextOutput())
        let url = "git://127.0.0.1:\(port)/\(name)"
        try await eventually("git daemon at \(port)") {
            let probe = try ChildProcess(
                ["git", "ls-remote", url], folder: project.base, variables: project.variables,
                output: project.nextOutput())
            return try await probe.ending(within: .seconds(10)) == .code(0)
        }
        return (url, daemon)
    }

    @Test func `releases come from a URL, and a new one is found at once`() async throws {
        let project = try await ScratchProject(nil)
        let (url, daemon) = try await serve(project)
        defer { withExtendedLifetime(daemon) {} }
        try project.write("pipelines/deploy.yaml", Self.pipeline("{repository: '\(url)', tags: 'v*'}"))
        try await project.shipit("deploy", "latest").exits(0)
        // Tagged there, and not known here: the project's own repository is not asked.
        let other = project.base + "/other"
        try await project.git("clone", "--quiet", project.base + "/served/app.git", other)
        try await project.git("-C", other, "commit", "--quiet", "--allow-empty", "--message", "More")
        try await project.git("-C", other, "tag", "--annotate", "--message", "Release", "v1.1.0")
        try await project.git("-C", other, "push", "--quiet", "origin", "HEAD", "v1.1.0")
        try await project.shipit("tags").exits(0).says("v1.1.0")
        try await project.shipit("deploy", "latest").exits(0)
        #expect(project.effects == ["1.0.0", "1.1.0"])
        try await project.shipit("deploy", "v9").exits(2).says("no tag \"v9\"")
    }

    @Test func `eight plans at once share a mirror`() async throws {
        let project = try await ScratchProject(nil)
        let (url, daemon) = try await serve(project)
        defer { withExtendedLifetime(daemon) {} }
        try project.write("pipelines/deploy.yaml", Self.pipeline("{repository: '\(url)'}"))
        let plans = try (0..<8).map { _ in try project.start("plan", "v1.0.0") }
        for plan in plans {
            let ended = try await project.finish(plan)
            ended.exits(0)
        }
    }

    @Test func `what cannot be fetched is said and nothing begins, but a run that has begun goes on`() async throws {
        let project = try await ScratchProject(nil)
        let (url, daemon) = try await serve(project)
        try project.write(
            "pipelines/deploy.yaml",
            Self.pipeline("{repository: '\(url)'}", stage: "echo $SHIPIT_VERSION >> effects.log; ops/await go"))
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("1.0.0")
        try await project.killNow(deploy)
        daemon.signal(SIGKILL)
        _ = try await daemon.ending(within: .seconds(10))

        try await project.shipit("plan", "v1.0.0").exits(1).says("the releases at \(url) cannot be fetched")
        try project.touch("go")
        try await project.shipit("resume").exits(0).says("going by what was fetched before")
        #expect(project.effects == ["1.0.0"])
    }

    @Test func `only a tag with a good signature of a known key is deployed`() async throws {
        let project = try await ScratchProject(Self.pipeline("{require: [signed-tag]}"))
        let script = """
            cd "$1"
            ssh-keygen -q -t ed25519 -N '' -f key
            printf '[gpg "ssh"]\\n\\tallowedSignersFile = %s/signers\\n' "$PWD" >.gitconfig
            : >signers
            """
        let keys = try ChildProcess(
            ["sh", "-euc", script, "sh", project.base + "/home"], folder: project.root, variables: project.variables,
            output: project.nextOutput())
        try #require(try await keys.ending(within: .seconds(30)) == .code(0), "\(keys.printed)")
        try await project.shipit("deploy", "v1.0.0").exits(3).says(
            "tag \"v1.0.0\" is not signed", "git tag -s -f v1.0.0")
        try await project.git(
            "-c", "gpg.format=ssh", "-c", "user.signingKey=\(project.base)/home/key.pub", "tag", "--sign", "--force",
            "--message", "Release", "v1.0.0")
        try await project.shipit("deploy", "v1.0.0").exits(3).says("not among git's allowed signers")
        try await project.shipit("plan", "v1.0.0").exits(0).says("deploy would be refused")
        let key = try String(contentsOfFile: project.base + "/home/key.pub", encoding: .utf8)
        try ("ana@example.org " + key.split(separator: " ").prefix(2).joined(separator: " ") + "\n")
            .write(toFile: project.base + "/home/signers", atomically: true, encoding: .utf8)
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.effects == ["1.0.0"])
    }

    @Test func `a tag that is not on the remote, or another one there, is not deployed`() async throws {
        let project = try await ScratchProject(Self.pipeline("{require: [pushed-to: origin]}"))
        try await project.shipit("deploy", "v1.0.0").exits(3).says("origin cannot be asked")
        let (url, daemon) = try await serve(project)
        try await project.git("remote", "add", "origin", url)
        try await project.release("v1.1.0")
        try await project.shipit("deploy", "v1.1.0").exits(3).says("\"v1.1.0\" is not on origin", "git push origin")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.git("tag", "--annotate", "--force", "--message", "Moved", "v1.0.0", "v1.0.0^{commit}")
        try await project.shipit("deploy", "v1.0.0", "--again").exits(3).says("is another one on origin")
        daemon.signal(SIGKILL)
        _ = try await daemon.ending(within: .seconds(10))
        try await project.shipit("deploy", "v1.0.0", "--again").exits(3).says("origin cannot be asked")
        #expect(project.effects == ["1.0.0"])
    }
}
