import Foundation
import Testing

/// Stages on hosts: a real ssh, to a real sshd on several addresses of this machine.
@Suite(.serialized, .timeLimit(.minutes(5)), .needsBinaries, .needsSSHServer)
struct HostTests {
    /// A stage `agents` on the hosts h1, h2 …, all of which work in the project's own folder.
    func project(
        _ server: SSHServer, hosts: Int = 4, more: String = "", environments: String = "",
        stage: @Sendable (String) -> String
    ) async throws -> ScratchProject {
        let project = try await ScratchProject(nil)
        let text = """
            shipit: 1
            name: deploy
            environments:
              production:
                ssh-config: \(server.config)
                hosts: {web: [\(server.hosts(hosts))]}
            \(more)
            stages:
              agents:
                on: hosts.web
                workdir: \(project.root)
            \(stage(project.root).split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))

            """
        try project.write("pipelines/deploy.yaml", text)
        try await project.git("add", "--all")
        try await project.release("v1.1.0")
        return project
    }

    func hosts(_ stage: JSON) -> [String: String] {
        Dictionary(
            stage["hosts"].items.map { ($0["name"].string ?? "?", $0["state"].string ?? "?") },
            uniquingKeysWith: { first, _ in first })
    }

    // MARK: Order

    @Test func `a batch begins when all hosts of the one before are through`() async throws {
        let server = try await SSHServer(hosts: 6)
        let project = try await project(server, hosts: 6) { _ in
            """
            batches: [1, 2, 100%]
            run: |
              echo "begin $SHIPIT_HOST" >> effects.log
              sleep 0.3
              echo "end $SHIPIT_HOST" >> effects.log
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(0)

        let effects = project.effects
        #expect(effects.prefix(2) == ["begin h1", "end h1"])
        #expect(Set(effects[2..<4]) == ["begin h2", "begin h3"], "side by side: \(effects)")
        #expect(Set(effects[4..<6]) == ["end h2", "end h3"])
        #expect(Set(effects[6...].map { $0.suffix(2) }) == ["h4", "h5", "h6"])
        #expect(try await project.state(of: "agents")["outputs"]["hosts"] == "h1,h2,h3,h4,h5,h6")
    }

    @Test func `no more hosts are at it at once than max-parallel allows`() async throws {
        let server = try await SSHServer()
        let project = try await project(server) { _ in
            """
            max-parallel: 1
            run: |
              echo "begin $SHIPIT_HOST" >> effects.log
              sleep 0.1
              echo "end $SHIPIT_HOST" >> effects.log
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(0)

        #expect(project.effects == (1...4).flatMap { ["begin h\($0)", "end h\($0)"] })
    }

    // MARK: Failures

    @Test func `the limit of failures stops the stage, and it is undone where it was begun, last batch first`()
        async throws
    {
        let server = try await SSHServer()
        let project = try await project(server) { _ in
            """
            batches: [1]
            run: |
              echo "do $SHIPIT_HOST" >> effects.log
              [ "$SHIPIT_HOST" != h3 ] || exit 7
            rollback: echo "undo $SHIPIT_HOST" >> effects.log
            finally: echo "finally $SHIPIT_HOST" >> effects.log
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(4).says(
            "1 of 4 hosts failed: h3 exited with 7; not begun on h4")

        #expect(
            project.effects == [
                "do h1", "do h2", "do h3", "undo h3", "undo h2", "undo h1", "finally h1", "finally h2", "finally h3",
            ])
        let agents = try await project.state(of: "agents")
        #expect(hosts(agents) == ["h1": "succeeded", "h2": "succeeded", "h3": "failed", "h4": "pending"])
        #expect(agents["exitCode"] == 7)
        try await project.shipit("status").says("h3", "exited with 7")
    }

    @Test func `fewer failures than the limit are borne, and shown`() async throws {
        let server = try await SSHServer()
        let project = try await project(server) { _ in
            """
            batches: [1]
            max-failures: 2
            run: |
              echo "do $SHIPIT_HOST" >> effects.log
              [ "$SHIPIT_HOST" != h2 ] || exit 255
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(0).says("h2 exited with 255")

        #expect(project.effects.count == 4)
        let agents = try await project.state(of: "agents")
        #expect(agents["outputs"]["failed-hosts"] == "h2")
        #expect(agents["outputs"]["hosts"] == "h1,h3,h4")
        try await project.shipit("logs", "latest").says("borne, because max-failures is 2: h2 exited with 255")
    }

    @Test func `a stage that succeeded on no host has failed, whatever the limit`() async throws {
        let server = try await SSHServer()
        let project = try await project(server, hosts: 2) { _ in
            "max-failures: 9\nrun: exit 3"
        }

        try await project.shipit("deploy", "v1.1.0").exits(5).says("2 of 2 hosts failed", "h1 exited with 3")
    }

    @Test func `a host that was never reached is a failure, and nothing is undone there`() async throws {
        let server = try await SSHServer(hosts: 2)
        let project = try await project(server, hosts: 3) { _ in
            """
            batches: [1]
            run: echo "do $SHIPIT_HOST" >> effects.log
            rollback: echo "undo $SHIPIT_HOST" >> effects.log
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(4).says("h3 unreachable", "Connection refused")

        #expect(project.effects == ["do h1", "do h2", "undo h2", "undo h1"])
    }

    @Test func `a host whose key is not known is not let in, and what to do is said`() async throws {
        let server = try await SSHServer()
        try server.forgetHostKeys()
        let project = try await project(server, hosts: 1) { _ in "run: touch reached" }

        try await project.shipit("deploy", "v1.1.0").exits(5).says(
            "h1 unreachable: its host key is not known here", "ssh -F \(server.config) 127.0.0.2")

        #expect(!project.exists("reached"))
    }

    @Test func `a failed attempt is repeated as a whole`() async throws {
        let server = try await SSHServer()
        let project = try await project(server, hosts: 2) { _ in
            """
            batches: [1]
            retry: {attempts: 2, delay: 10ms, on: [exit 75]}
            run: |
              echo "$SHIPIT_ATTEMPT $SHIPIT_HOST" >> effects.log
              [ "$SHIPIT_HOST$SHIPIT_ATTEMPT" != h21 ] || exit 75
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(0)

        #expect(project.effects == ["1 h1", "1 h2", "2 h1", "2 h2"])
    }

    // MARK: Values

    @Test func `hostile values arrive byte for byte, in scripts and in words`() async throws {
        let server = try await SSHServer()
        let hostile = [
            "v1;rm -rf ~", "it's", "'", "''\\''", "$(touch pwned)`touch pwned`", "a\"b\\", "-n", "* ? [a]", "{a,b}",
            "line\nand\n\nline\n", " spaces  ", "ünïcödé 🚢", "!! ^old^new", "%s %n", "\\n\\t", "",
        ]
        let yaml = hostile.enumerated().map { "V\($0): \(JSON.quoted($1))" }.joined(separator: ", ")
        let project = try await project(server, hosts: 1) { _ in
            """
            env: {\(yaml)}
            run: |
              for n in $(seq 0 \(hostile.count - 1)); do eval "printf %s \\"\\$V$n\\"" > value-$n; done
            """
        }
        let words = hostile.map(JSON.quoted).joined(separator: ", ")
        let text = try #require(project.read("pipelines/deploy.yaml"))
        try project.write(
            "pipelines/deploy.yaml",
            text + """
                  words:
                    needs: [agents]
                    on: hosts.web
                    workdir: \(project.root)
                    run: [sh, -c, 'for word; do printf "%s\\0" "$word"; done > words', sh, \(words)]

                """)

        try await project.shipit("deploy", "v1.1.0").exits(0)

        for (number, value) in hostile.enumerated() { #expect(project.read("value-\(number)") == value) }
        let arrived = try #require(project.read("words")).split(separator: "\0", omittingEmptySubsequences: false)
        #expect(arrived.map(String.init) == hostile + [""])
        #expect(!project.exists("pwned"))
    }

    @Test func `a command there sees its login and what shipit tells it, and nothing of this machine`() async throws {
        let server = try await SSHServer()
        let project = try await project(server, hosts: 1) { _ in "run: env > seen; cat >> seen" }

        try await project.shipit("deploy", "v1.1.0").exits(0)

        let seen = try #require(project.read("seen"))
        for line in ["SHIPIT_HOST=h1", "SHIPIT_TAG=v1.1.0", "SHIPIT_VERSION=1.1.0", "SHIPIT_STAGE=agents"] {
            #expect(seen.contains("\(line)\n"))
        }
        let run = try await project.latestRun()
        #expect(seen.contains("SHIPIT_IDEMPOTENCY_KEY=\(run)/agents/1/h1@host\n"))
        for name in ["SHIPIT_OUTPUT", "SHIPIT_TREE", "HOME=\(project.base)"] { #expect(!seen.contains("\n\(name)")) }
    }

    @Test func `a secret stands in no argument list and in no log, here and there`() async throws {
        let server = try await SSHServer()
        let secret = "tok'en \(UInt64.random(in: 100_000_000...999_999_999))"
        let project = try await project(server, hosts: 2, more: "secrets: {TOKEN: {env: THE_TOKEN}}") { _ in
            """
            env: {TOKEN: "${{ secrets.TOKEN }}"}
            run: |
              echo "I know $TOKEN"
              printf %s "$TOKEN" | sha256sum | cut -c1-64 >> effects.log
              ops/await go
            """
        }
        let deploy = try project.start("deploy", "v1.1.0", variables: ["THE_TOKEN": secret])
        try await eventually("both hosts have it") { project.effects.count == 2 }

        let commandLines = ProcessTable.commandLines()
        #expect(!commandLines.contains { $0.contains(secret) })
        try project.touch("go")
        try await project.finish(deploy).exits(0)

        let hash = try await project.sha256(secret)
        #expect(project.effects == [hash, hash])
        #expect(try FolderImage(of: project.base).files(containing: secret) == [])
        try await project.shipit("logs", "latest").says("agents h1 | I know ***", "agents h2 | I know ***")
    }

    // MARK: Kills

    /// h1 is through, h2 and h3 wait for the file `go`, h4 has not begun.
    private func inTheMiddle(_ server: SSHServer, _ more: String = "") async throws -> (ScratchProject, ChildProcess) {
        let project = try await project(server) { _ in
            """
            batches: [1, 2, 1]
            \(more)
            run: |
              echo "begin $SHIPIT_HOST" >> effects.log
              [ "$SHIPIT_HOST" = h1 ] || ops/await go
              echo "end $SHIPIT_HOST" >> effects.log
            rollback: echo "undo $SHIPIT_HOST" >> effects.log
            """
        }
        let deploy = try project.start("deploy", "v1.1.0")
        try await project.untilEffect("begin h2")
        try await project.untilEffect("begin h3")
        return (project, deploy)
    }

    @Test func `an engine killed while a batch runs comes back, and no host is done twice`() async throws {
        let server = try await SSHServer()
        let (project, deploy) = try await inTheMiddle(server)
        try await project.killNow(deploy)
        let resume = try project.start("resume")
        try await eventually("the attempt is taken up") {
            try await project.journal().contains { $0["type"] == "attemptReattached" }
        }
        try await project.killNow(resume)

        try project.touch("go")
        try await project.shipit("resume").exits(0)

        #expect(project.effects.sorted() == (1...4).flatMap { ["begin h\($0)", "end h\($0)"] }.sorted())
        #expect(project.effects.last == "end h4")
        try await project.untilNoProcess()
    }

    @Test func `a second interrupt ends what runs there, and resume leaves out the hosts that are through`()
        async throws
    {
        let server = try await SSHServer()
        let (project, deploy) = try await inTheMiddle(server)
        deploy.signal(SIGINT)
        try await eventually("the first interrupt is told") { deploy.standardError.contains("once more ends them") }
        deploy.signal(SIGINT)
        try await project.finish(deploy).exits(6)
        try await project.untilNoProcess()

        try project.touch("go")
        try await project.shipit("resume").exits(0)

        #expect(project.effects.count { $0 == "begin h1" } == 1)
        #expect(project.effects.count { $0 == "begin h2" } == 2)
        #expect(project.effects.count { $0 == "end h2" } == 1)
        #expect(project.effects.last == "end h4")
    }

    @Test func `a timeout ends the whole tree there, and only then it is undone`() async throws {
        let server = try await SSHServer()
        let project = try await project(server, hosts: 2) { _ in
            """
            timeout: 5s
            kill-after: 1s
            run: |
              echo "begin $SHIPIT_HOST" >> effects.log
              exec >/dev/null 2>&1 # Once the connection is gone, what prints is ended by that.
              trap 'echo "term $SHIPIT_HOST" >> effects.log' TERM
              setsid sh -c 'trap "" TERM; sleep 300' &
              while :; do sleep 0.1 || :; done
            rollback: 'ps -e -o args | grep -c "[s]leep 300" > left || :; echo "undo $SHIPIT_HOST" >> effects.log'
            """
        }

        try await project.shipit("deploy", "v1.1.0").exits(4).says("ran out of time")

        #expect(Set(project.effects.prefix(2)) == ["begin h1", "begin h2"])
        #expect(Set(project.effects.suffix(2)) == ["undo h1", "undo h2"])
        #expect(Set(project.effects).isSuperset(of: ["term h1", "term h2"]))
        try await project.untilNoProcess()
    }

    @Test func `a connection that is lost leaves the outcome unknown until a person says`() async throws {
        let server = try await SSHServer()
        let (project, deploy) = try await inTheMiddle(server)

        server.cutConnections()

        try await project.finish(deploy).exits(6).says("nobody knows how", "h2", "h3", "connection was lost")
        #expect(!project.effects.contains("begin h4"))
        try await eventually("the end of the commands there") { project.stageProcesses.isEmpty }
        #expect(hosts(try await project.state(of: "agents"))["h2"] == "unknown")

        try project.touch("go")
        try await project.shipit("resume", "--stage", "agents=rerun").exits(0)

        #expect(project.effects.count { $0 == "begin h1" } == 1, "it was through")
        #expect(project.effects.count { $0 == "begin h2" } == 2)
        #expect(project.effects.last == "end h4")
    }

    @Test func `verify asks every host, and what is not done is done`() async throws {
        let server = try await SSHServer()
        let (project, deploy) = try await inTheMiddle(
            server, "verify: 'echo \"verify $SHIPIT_HOST\" >> effects.log; exit 1'")
        try await project.killNow(deploy)
        try await project.killSupervisor()
        try await eventually("the end of the commands there") { project.stageProcesses.isEmpty }

        try project.touch("go")
        try await project.shipit("resume").exits(0)

        #expect(Set(project.effects.filter { $0.hasPrefix("verify") }) == ["verify h2", "verify h3", "verify h4"])
        #expect(project.effects.count { $0 == "begin h1" } == 1)
        #expect(project.effects.last == "end h4")
    }

    @Test func `what a command leaves running there is ended with it`() async throws {
        let server = try await SSHServer()
        let project = try await project(server, hosts: 1) { _ in
            "run: (sleep 300 &); setsid sleep 300 & echo done >> effects.log"
        }

        try await project.shipit("deploy", "v1.1.0").exits(0)

        #expect(project.effects == ["done"])
        try await project.shipit("logs", "latest").says("it left running, and it is ended")
        try await project.untilNoProcess()
    }

    // MARK: Plan

    @Test func `plan shows hosts and batches, and its digest covers them`() async throws {
        let server = try await SSHServer()
        let project = try await project(server) { _ in "batches: [1, 50%]\nmax-failures: 2\nrun: [echo, \"it's\"]" }

        let plan = try await project.shipit("plan", "v1.1.0", "--output", "json").exits(0).json
        let stage = plan["stages"].first("name", "agents")
        #expect(stage["hosts"]["group"] == "web")
        #expect(stage["hosts"]["maxFailures"] == 2)
        #expect(
            stage["hosts"]["batches"].items.map { $0.items.map { $0["name"].string } } == [
                ["h1"], ["h2", "h3"], ["h4"],
            ])
        #expect(stage["commands"].items.map(\.string) == [#"echo 'it'\''s'"#])
        try await project.shipit("plan", "v1.1.0").says("batch 2: h2 (127.0.0.3), h3 (127.0.0.4)", "on each")

        let text = try #require(project.read("pipelines/deploy.yaml"))
        try project.write("pipelines/deploy.yaml", text.replacing("127.0.0.5", with: "127.0.0.9"))
        let other = try await project.shipit("plan", "v1.1.0", "--output", "json").exits(0).json
        #expect(other["planDigest"] != plan["planDigest"])
    }

    @Test func `an environment without the group is refused before anything begins`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            environments:
              staging: {}
              production: {hosts: {web: [{ssh: 127.0.0.2}]}}
            stages: {a: {on: hosts.web, if: environment != "other", run: "true"}}
            """)

        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(2).says(
            "stage a runs on hosts.web, and staging has no such hosts")
    }
}
