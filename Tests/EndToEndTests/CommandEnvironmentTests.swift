import Foundation
import Testing

/// What the commands of stages are given: environment, arguments, folder, standard input.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct CommandEnvironmentTests {
    /// The environment that a stage wrote with `env -0`.
    static func environment(_ project: ScratchProject, _ file: String) throws -> [String: String] {
        let text = try #require(project.read(file), "no \(file)")
        var variables: [String: String] = [:]
        for pair in text.split(separator: "\0") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(halves[0])] = halves.count == 2 ? String(halves[1]) : ""
        }
        return variables
    }

    static let showing = """
        shipit: 1
        name: deploy
        environments:
          production: {vars: {base-port: 8200, motto: "it's $HOME; `id`"}}
        defaults: {pass-env: [JAVA_HOME]}
        stages:
          first:
            run: env -0 > first.seen; cat "$SHIPIT_TREE/VERSION" > first.version; ls -ld "$SHIPIT_TREE" > first.mode
          second:
            needs: [first]
            env: {GREETING: "hello ${{ release.tag }} in ${{ vars.motto }}"}
            run: env -0 > second.seen
        """

    @Test func `scripts read the fixed variables of the release, the run, the stage and the environment`() async throws
    {
        let project = try await ScratchProject(Self.showing, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        let before = try Self.environment(project, "first.seen")
        try await project.shipit("deploy", "v1.1.0").exits(0)

        let first = try Self.environment(project, "first.seen")
        let second = try Self.environment(project, "second.seen")
        let commit = try await project.commit(of: "v1.1.0")
        let run = try await project.latestRun()

        #expect(first["SHIPIT_TAG"] == "v1.1.0")
        #expect(first["SHIPIT_VERSION"] == "1.1.0")
        #expect(first["SHIPIT_COMMIT"] == commit)
        #expect(first["SHIPIT_RUN"] == run)
        #expect(first["SHIPIT_STAGE"] == "first")
        #expect(second["SHIPIT_STAGE"] == "second")
        #expect(first["SHIPIT_ATTEMPT"] == "1")
        #expect(first["SHIPIT_VAR_base_port"] == "8200")
        #expect(first["SHIPIT_VAR_motto"] == "it's $HOME; `id`")
        #expect(first["SHIPIT_TARGET_VERSION"] == "1.1.0")
        #expect((before["SHIPIT_PREVIOUS_VERSION"] ?? "") == "")
        #expect(first["SHIPIT_PREVIOUS_VERSION"] == "1.0.0")
        #expect(second["GREETING"] == "hello v1.1.0 in it's $HOME; `id`")
        let keys = [before, first, second].map { $0["SHIPIT_IDEMPOTENCY_KEY"] ?? "" }
        #expect(Set(keys).count == 3 && !keys.contains(""))
    }

    @Test func `the tag's tree is exported read-only`() async throws {
        let project = try await ScratchProject(Self.showing, tags: ["v1.0.0", "v1.1.0"])
        try project.write("VERSION", "something else by now\n")

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.read("first.version") == "1.0.0\n")
        #expect(project.read("first.mode")?.prefix(10).contains("w") == false)
    }

    @Test
    func `nothing of the caller's environment reaches a command but the fixed names and those that are passed on`()
        async throws
    {
        let project = try await ScratchProject(Self.showing)
        let callers = [
            "JAVA_HOME": "/opt/java", "MAVEN_OPTS": "-X", "LD_PRELOAD_LIKE": "x", "GIT_DIR": "/nowhere", "TZ": "UTC",
            "LC_TIME": "C", "SHIPIT_TAG": "mine", "SHIPIT_MINE": "mine", "BASH_ENV": "/nowhere",
        ]

        try await project.shipit("deploy", "v1.0.0", variables: callers).exits(0)

        let seen = try Self.environment(project, "first.seen")
        let allowed: Set = ["PATH", "HOME", "USER", "SHELL", "LANG", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "JAVA_HOME"]
        let ofTheShell: Set = ["PWD", "OLDPWD", "SHLVL", "_"]
        let others = Set(seen.keys).subtracting(allowed).subtracting(ofTheShell).filter { name in
            !name.hasPrefix("LC_") && !name.hasPrefix("SHIPIT_")
        }
        #expect(others == [])
        #expect(seen["JAVA_HOME"] == "/opt/java")
        #expect(seen["TZ"] == "UTC")
        #expect(seen["LC_TIME"] == "C")
        #expect(seen["SHIPIT_TAG"] == "v1.0.0")
        #expect(seen["SHIPIT_MINE"] == nil)
    }

    @Test func `outputs reach later stages through env and argv, and an unset one has its default`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a:
                run: |
                  echo "path=backups/a b;c" >> "$SHIPIT_OUTPUT"
                  echo "sum=x=y" >> "$SHIPIT_OUTPUT"
              off:
                if: environment == "elsewhere"
                run: echo "y=never" >> "$SHIPIT_OUTPUT"
              b:
                needs: [a, off]
                env: {FROM: "${{ stages.a.outputs.path }}", SUM: "${{ stages.a.outputs.sum }}"}
                run: printf '%s|%s\\n' "$FROM" "$SUM" >> effects.log
              c:
                needs: [b]
                run: [sh, -c, 'printf "%s|%s\\n" "$1" "$2" >> effects.log', sh, "${{ stages.a.outputs.path }}", '${{ stages.off.outputs.y || "none" }}']
            """)

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects == ["backups/a b;c|x=y", "backups/a b;c|none"])
        let status = try await project.status()
        #expect(status["stages"].first("name", "a")["outputs"] == .object(["path": "backups/a b;c", "sum": "x=y"]))
        #expect(status["stages"].first("name", "off")["state"] == "skipped")
    }

    @Test func `an argv is run as it is, a text by a shell that stops at the first failure`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              argv: {run: [ops/show, "a b", "$HOME", "*", ";id"]}
              unset: {needs: [argv], run: 'echo "${NOT_THERE}"; echo on >> effects.log', rollback: {run: "true"}}
            """,
            files: ["ops/show": "#!/bin/sh\nfor one in \"$@\"; do echo \"$one\" >> effects.log; done\n"])

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["a b", "$HOME", "*", ";id"])
    }

    @Test func `a failure in the middle of a pipe or a script fails the stage`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              pipe: {run: "false | cat; echo on >> effects.log", rollback: {run: "true"}}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == [])
        #expect(try await project.state(of: "pipe")["exitCode"] == 1)
    }

    @Test func `commands find their standard input at its end, and start in the stage's folder`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              reads: {run: cat > read.txt}
              below: {needs: [reads], workdir: deep, run: pwd -P >> ../effects.log}
            """,
            files: ["deep/file": ""])

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.read("read.txt") == "")
        #expect(project.effects.count == 1)
        #expect(project.effects.first?.hasSuffix("/project/deep") == true)
    }
}
