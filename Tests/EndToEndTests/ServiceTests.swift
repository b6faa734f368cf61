import Foundation
import Testing

/// Data and services: backups that bring data back, instances restarted in turn, images built from the tag.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ServiceTests {
    static let database = """
        #!/usr/bin/env python3
        import sqlite3, sys
        connection = sqlite3.connect("var/app.db")
        if sys.argv[1] == "make":
            connection.executescript("CREATE TABLE words(word); INSERT INTO words VALUES ('one'), ('two')")
        elif sys.argv[1] == "spoil":
            connection.executescript("DELETE FROM words; ALTER TABLE words ADD COLUMN kind")
        else:
            print(*[row[0] for row in connection.execute("SELECT word FROM words ORDER BY word")], sep="\\n")
        connection.commit()

        """

    @Test func `a restore brings the data of the backup back`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              backup: {uses: backup/sqlite, with: {database: var/app.db, to: var/backups, verify: restore, keep: 3}}
              migrate:
                needs: [backup]
                run: ops/data spoil
                rollback: {uses: restore, with: {backup: "${{ stages.backup.outputs.path }}", database: var/app.db}}
              after: {needs: [migrate], run: "ops/data show >> effects.log; echo spoilt >> effects.log; exit 1"}
            """,
            files: ["ops/data": Self.database, "var/keep": ""])
        _ = try await project.tool("ops/data", "make")

        try await project.shipit("deploy", "v1.0.0").exits(4)

        #expect(project.effects == ["spoilt"])
        #expect(try await project.tool("ops/data", "show") == "one\ntwo")
        let outputs = try await project.state(of: "backup")["outputs"]
        let path = try #require(outputs["path"].string)
        let file = path.hasPrefix("/") ? path : project.path(path)
        #expect(FileManager.default.fileExists(atPath: file), "the undo of a backup never deletes it")
    }

    @Test func `an image is built from the tag's tree, the same each time`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              image: {uses: build-image, with: {context: ., tag: "app:${{ release.version }}", builder: archive, to: images}}
              unpack:
                needs: [image]
                env: {ARCHIVE: "${{ stages.image.outputs.path }}"}
                run: tar -xOf "$ARCHIVE" ./content 2>/dev/null >> effects.log || tar -xOf "$ARCHIVE" content >> effects.log
            """,
            files: ["content": "as released\n"])
        try project.write("content", "edited since\n")

        try await project.shipit("deploy", "v1.0.0").exits(0)
        let first = try await project.state(of: "image")["outputs"]
        try await project.shipit("deploy", "v1.0.0", "--again").exits(0)
        let second = try await project.state(of: "image")["outputs"]

        #expect(project.effects == ["as released", "as released"])
        #expect(first["digest"].string?.isEmpty == false)
        #expect(first["digest"] == second["digest"])
    }

    // MARK: rolling-restart

    static let server = """
        #!/usr/bin/env python3
        import http.server, os, sys
        version, port = sys.argv[1], int(sys.argv[2])
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(500 if os.path.exists("bad-" + version) else 200)
                self.end_headers()
                self.wfile.write(version.encode())
            def log_message(self, *arguments):
                pass
        http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()

        """
    static let start = """
        #!/bin/bash
        echo "start $SHIPIT_INSTANCE_NAME $SHIPIT_TARGET_VERSION" >> effects.log
        setsid ops/serve "$SHIPIT_TARGET_VERSION" "$SHIPIT_INSTANCE_PORT" </dev/null >/dev/null 2>&1 &
        echo $! > "$SHIPIT_INSTANCE_NAME.pid"

        """
    static let stop = """
        #!/bin/bash
        echo "stop $SHIPIT_INSTANCE_NAME" >> effects.log
        [ -e "$SHIPIT_INSTANCE_NAME.pid" ] || exit 0
        pid=$(cat "$SHIPIT_INSTANCE_NAME.pid")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 100); do grep -Eqs '^State:[[:space:]]+[^ZX[:space:]]' "/proc/$pid/status" || exit 0; sleep 0.05; done
        exit 1

        """

    static func fleet() async throws -> (project: ScratchProject, port: Int) {
        let port = try FreePorts.row(of: 3)
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              restart:
                uses: rolling-restart
                with:
                  instances: 3
                  base-port: \(port)
                  start: ops/start
                  stop: ops/stop
                  health: {http: "http://127.0.0.1:${{ instance.port }}/", timeout: 1s}
                  max-parallel: 1
                  min-healthy-time: 100ms
                  healthy-deadline: 3s
              smoke: {needs: [restart], run: "test ! -e smoke-fails; setsid sleep 309 >/dev/null 2>&1 &"}
            """,
            files: ["ops/serve": server, "ops/start": start, "ops/stop": stop], tags: ["v1.0.0", "v1.1.0"])
        return (project, port)
    }

    /// What each instance answers.
    static func versions(_ project: ScratchProject, _ port: Int) async throws -> [String] {
        var versions: [String] = []
        for instance in 0..<3 {
            let place = "http://127.0.0.1:\(port + instance)/"
            versions.append(try await project.tool("curl", "--silent", "--max-time", "5", place))
        }
        return versions
    }

    /// Once the run is over, nothing of it lives but the servers that it started.
    static func expectOnlyServers(_ project: ScratchProject) async throws {
        try await eventually("only three servers are left of \(project.processes)", within: .seconds(10)) {
            project.processes.count == 3
                && project.processes.allSatisfy { $0.arguments.contains { $0.hasSuffix("ops/serve") } }
        }
    }

    @Test func `instances go to the new release in turn, and only they are left`() async throws {
        let (project, port) = try await Self.fleet()

        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(try await Self.versions(project, port) == ["1.0.0", "1.0.0", "1.0.0"])
        try await project.shipit("deploy", "v1.1.0").exits(0)

        #expect(try await Self.versions(project, port) == ["1.1.0", "1.1.0", "1.1.0"])
        let starts = project.effects.filter { $0.hasPrefix("start") }
        #expect(starts.count == 6 && Set(starts).count == 6)
        try await Self.expectOnlyServers(project)
    }

    @Test func `a release that is not healthy stops at the first instance and goes back`() async throws {
        let (project, port) = try await Self.fleet()
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try project.touch("bad-1.1.0")

        try await project.shipit("deploy", "v1.1.0").exits(4)

        #expect(try await Self.versions(project, port) == ["1.0.0", "1.0.0", "1.0.0"])
        #expect(project.effects.filter { $0.hasPrefix("start") && $0.hasSuffix("1.1.0") }.count == 1)
        try await Self.expectOnlyServers(project)
    }

    @Test func `a failure behind the restart brings all instances back`() async throws {
        let (project, port) = try await Self.fleet()
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try project.touch("smoke-fails")

        try await project.shipit("deploy", "v1.1.0").exits(4)

        #expect(try await Self.versions(project, port) == ["1.0.0", "1.0.0", "1.0.0"])
        try await Self.expectOnlyServers(project)
    }

    @Test func `a restart whose engine is killed goes on at the instance where it stopped`() async throws {
        let (project, port) = try await Self.fleet()
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("the second instance is started") {
            project.effects.filter { $0.hasPrefix("start") }.count == 2
        }
        try await project.killNow(deploy)

        try await project.shipit("resume").exits(0)

        #expect(try await Self.versions(project, port) == ["1.0.0", "1.0.0", "1.0.0"])
        #expect(project.effects.filter { $0.hasPrefix("start") }.count == 3)
        #expect(project.effects.filter { $0.hasPrefix("stop") }.count == 3)
        try await Self.expectOnlyServers(project)
    }

    @Test func `migrations are applied, proven and taken back`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              migrate:
                uses: migrate
                with: {status: ops/migrate status, apply: ops/migrate apply, revert: ops/migrate revert}
              after: {needs: [migrate], run: test ! -e broken}
            """,
            files: [
                "ops/migrate": """
                #!/bin/bash
                echo "$1" >> effects.log
                case $1 in
                    status) [ -e migrated ] || echo 0001 ;;
                    apply) [ -e useless ] || touch migrated ;;
                    revert) rm -f migrated ;;
                esac
                """
            ])
        try project.touch("useless")
        try await project.shipit("deploy", "v1.0.0").exits(4).says("still pending", "0001")
        #expect(project.effects == ["status", "apply", "status", "revert"])

        try FileManager.default.removeItem(atPath: project.path("useless"))
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.exists("migrated"))

        try project.touch("broken")
        try FileManager.default.removeItem(atPath: project.path("migrated"))
        try await project.shipit("deploy", "v1.0.0", "--again").exits(4)
        #expect(!project.exists("migrated"))
    }
}

extension ScratchProject {
    /// Runs a tool of the project's own, outside shipit.
    func tool(_ arguments: String...) async throws -> String {
        let tool = try ChildProcess(
            arguments, folder: root, variables: variables, output: nextOutput())
        let ending = try await tool.ending(within: .seconds(20))
        try #require(ending == .code(0), "\(arguments)\n\(tool.printed)")
        return tool.standardOutput.trimmingCharacters(in: .newlines)
    }
}
