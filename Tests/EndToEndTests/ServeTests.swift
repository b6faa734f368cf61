import Foundation
import Glibc
import Testing

/// `shipit serve`, by the real clock: an entry whose time is this very minute, and a state that says when it was looked at last.
@Suite(.serialized, .timeLimit(.minutes(4)), .needsBinaries)
struct ServeTests {
    /// Hours and minutes of now, with some seconds left of the minute: whoever looks within a minute is on time.
    private static func thisMinute() async throws -> (hour: Int, minute: Int) {
        try await eventually("a minute that has just begun", within: .seconds(40)) {
            Int(Date().timeIntervalSince1970) % 60 < 35
        }
        let minute = Int(Date().timeIntervalSince1970) / 60 % 1440
        return (minute / 60, minute % 60)
    }

    private static func pipeline(
        cron: String, _ keys: String = "", run: String = "echo a >> effects.log"
    ) -> String {
        """
        shipit: 1
        name: deploy
        environments: {staging: {}}
        stages:
          a: {run: "\(run)", on-interrupt: rerun, rollback: 'true'}
          b: {needs: [a], run: "echo b >> effects.log", rollback: 'true'}
        schedule:
          - {name: nightly, cron: "\(cron)", zone: UTC\(keys)}
        """
    }

    private func serve(_ project: ScratchProject) throws -> ChildProcess {
        try project.start("serve", "--listen", "127.0.0.1:0")
    }

    /// A server that has looked at the clock, and where it answers.
    private func healthy(_ server: ChildProcess, in project: ScratchProject) async throws -> String {
        var address = ""
        try await eventually("it says where it listens: \(server.printed)") {
            let words =
                server.standardError.split(separator: "\n").first { $0.contains("listening on ") }?
                .split(separator: " ") ?? []
            address = words.first { $0.hasPrefix("http://") }.map { String($0.filter { $0 != "," }) } ?? ""
            return !address.isEmpty
        }
        try await eventually("it is healthy: \(server.printed)") {
            try await curl(project, address + "/healthz").code == "200"
        }
        return address
    }

    /// Waits until the server has looked at the clock so many times more: what it would do, it has done by then. (The one that
    /// looks after runs looks half as often.)
    private func looksAgain(_ server: ChildProcess, times: Int, in project: ScratchProject) async throws {
        let address = try await healthy(server, in: project)
        func turns() async throws -> Int {
            let metrics = try await curl(project, address + "/metrics").body
            let line = metrics.split(separator: "\n").first { $0.hasPrefix("shipit_scheduler_turns_total ") }
            return try #require(line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) }, "\(metrics)")
        }
        let wanted = try await turns() + times
        try await eventually("it looks \(times) times more") { try await turns() >= wanted }
    }

    private func curl(_ project: ScratchProject, _ arguments: String...) async throws -> (code: String, body: String) {
        let curl = try ChildProcess(
            ["curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code}"] + arguments, folder: project.root,
            variables: project.variables, output: project.nextOutput())
        _ = try await curl.ending(within: .seconds(20))
        var lines = curl.standardOutput.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let code = lines.popLast() ?? ""
        return (code, lines.joined(separator: "\n"))
    }

    private func end(_ server: ChildProcess, in project: ScratchProject) async throws {
        server.signal(SIGTERM)
        try await project.finish(server, within: .seconds(20)).exits(0).says("what was begun goes on")
    }

    /// As if the last server had looked at the clock for the last time so long ago.
    private func lookedLast(_ seconds: Int, ago project: ScratchProject) async throws {
        let server = try serve(project)
        _ = try await healthy(server, in: project)
        try await end(server, in: project)
        let python = try ChildProcess(
            [
                "python3", "-c",
                """
                import sqlite3
                database = sqlite3.connect("\(project.path(".shipit/journal.db"))")
                assert database.execute("UPDATE schedules SET seen = seen - \(seconds * 1000)").rowcount == 1
                database.commit()
                """,
            ], folder: project.root, variables: project.variables, output: project.nextOutput())
        #expect(try await python.ending(within: .seconds(20)) == .code(0), "\(python.printed)")
    }

    /// A project whose entry is due when the next server looks.
    private func due(_ keys: String, run: String = "echo a >> effects.log") async throws -> ScratchProject {
        let project = try await ScratchProject(nil)
        let (hour, minute) = try await Self.thisMinute()
        try project.write("pipelines/deploy.yaml", Self.pipeline(cron: "\(minute) \(hour) * * *", keys, run: run))
        try await project.release("v1.1.0")
        try await lookedLast(120, ago: project)
        return project
    }

    private func last(_ project: ScratchProject) async throws -> JSON {
        try await project.shipit("schedule", "list", "--output", "json").json.items.first?["last"] ?? .null
    }

    private func runs(_ project: ScratchProject) async throws -> [JSON] {
        try await project.shipit("runs", "--output", "json").json.items
    }

    // MARK: What it answers

    @Test func `it tells its health and its numbers to whoever may ask, and ends with 0`() async throws {
        let project = try await ScratchProject(Self.pipeline(cron: "0 2 * * *"))
        let server = try serve(project)
        let address = try await healthy(server, in: project)

        let health = try JSON(parsing: try await curl(project, address + "/healthz").body)
        #expect(health["status"] == "ok")
        let metrics = try await curl(project, address + "/metrics")
        #expect(metrics.code == "200")
        var samples: [String: Double] = [:]
        for line in metrics.body.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            #expect(parts.count == 2, "\(line)")
            let value = try #require(Double(String(parts[1])), "\(line)")
            samples[String(parts[0])] = value
        }
        let next = try #require(samples[#"shipit_schedule_next_seconds{entry="deploy/nightly"}"#])
        #expect(next > Date().timeIntervalSince1970)
        #expect(next.truncatingRemainder(dividingBy: 86_400) == 7200)
        #expect(samples["shipit_scheduler_failing"] == 0)
        #expect(try await curl(project, address + "/other").code == "404")
        #expect(try await curl(project, "--request", "POST", address + "/healthz").code == "405")
        #expect(try await curl(project, "--header", "Host: evil.example", address + "/metrics").code == "403")

        try await end(server, in: project)
    }

    @Test func `only an address of the machine itself is listened on`() async throws {
        let project = try await ScratchProject(Self.pipeline(cron: "0 2 * * *"))
        try await project.shipit("serve", "--listen", "0.0.0.0:9717").exits(2).says("machine itself")
        try await project.shipit("serve", "--listen", "nonsense").exits(2).says("HOST:PORT")
        let server = try serve(project)
        let address = try await healthy(server, in: project)
        try await project.shipit("serve", "--listen", String(address.dropFirst("http://".count))).exits(1)
            .says("cannot be listened on")
        try await end(server, in: project)
    }

    // MARK: What it begins

    @Test func `a time that comes is begun, and two servers begin it once`() async throws {
        let project = try await due(", dry-run: yes")
        let servers = try (0..<2).map { _ in try serve(project) }

        try await eventually("the time is dealt with: \(servers.map(\.printed))") {
            try await last(project)["state"] == "settled"
        }
        for server in servers { _ = try await healthy(server, in: project) }

        let found = try await runs(project)
        #expect(found.count == 1)
        #expect(found.first?["dryRun"] == true)
        #expect(found.first?["firing"].string?.hasPrefix("deploy/nightly@") == true)
        for server in servers { try await end(server, in: project) }
        // Once more as if nobody had looked.
        try await lookedLast(120, ago: project)
        let third = try serve(project)
        try await eventually("its process finds it dealt with: \(third.printed)") { third.printed.contains("exit 0") }
        #expect(try await runs(project).count == 1)
        try await end(third, in: project)
    }

    @Test func `a deployment goes on when the server is ended, and is resumed when both were killed`() async throws {
        let project = try await due("", run: "echo a >> effects.log; ops/await go")
        let server = try serve(project)
        try await project.untilEffect("a")
        try await project.killNow(server)
        let engine = try #require(DetachTests.engine(of: project))
        kill(engine.id, SIGKILL)
        try await eventually("the run has no engine") { try await project.status()["run"]["state"] == "interrupted" }

        let second = try serve(project)
        try await eventually("it is resumed: \(second.printed)") {
            try await project.status()["run"]["state"] == "running"
        }
        #expect(second.printed.contains("resumed"))
        try await end(second, in: project)
        try project.touch("go")

        try await eventually("it ends without a server") { try await project.status()["run"]["state"] == "finished" }
        #expect(try await project.status()["run"]["outcome"] == "succeeded")
        #expect(project.effects == ["a", "b"])
    }

    @Test func `a run that a person has begun or ended by hand is left alone`() async throws {
        let project = try await ScratchProject(
            Self.pipeline(cron: "0 2 * * *", run: "echo a >> effects.log; ops/await go"))
        try await project.shipit("deploy", "v1.0.0", "--detach").exits(6)
        try await project.untilEffect("a")
        kill(try #require(DetachTests.engine(of: project)).id, SIGKILL)
        let server = try serve(project)
        try await looksAgain(server, times: 5, in: project)

        #expect(try await project.status()["run"]["state"] == "interrupted")
        #expect(!server.printed.contains("resumed"))
        try await end(server, in: project)
    }

    // MARK: What is not on time

    @Test(arguments: [("skip", 0), ("once", 1)])
    func `times at which no server looked are skipped, or made up for once`(_ missed: String, _ count: Int) async throws
    {
        // Half an hour from now and every hour, so that none is on time.
        let minute = (Int(Date().timeIntervalSince1970) / 60 + 30) % 60
        let project = try await ScratchProject(
            Self.pipeline(cron: "\(minute) * * * *", ", dry-run: yes, missed: \(missed)"))
        try await lookedLast(2 * 86_400, ago: project)

        let server = try serve(project)
        try await eventually("it tells what was missed: \(server.printed)") {
            server.printed.contains("missed \(48 - count),")
        }
        if count == 1 {
            try await eventually("it is made up for: \(server.printed)") { server.printed.contains("exit 0") }
        }
        try await looksAgain(server, times: 3, in: project)

        #expect(try await runs(project).count == count)
        try await end(server, in: project)
    }

    @Test(arguments: ["skip", "queue"])
    func `a run that has not ended keeps the next one back, or lets it wait`(_ overlap: String) async throws {
        let project = try await due(", overlap: \(overlap)", run: "echo a >> effects.log; ops/await go")
        try await project.shipit(
            "deploy", "v1.1.0", "--detach", "--firing", "1764640800000/deploy/nightly@2025-12-02 02:00"
        ).exits(6)
        try await project.untilEffect("a")
        try await project.release("v1.2.0")

        let server = try serve(project)
        let word = overlap == "skip" ? "is skipped" : "waits"
        try await eventually("it \(word): \(server.printed)") { server.printed.contains(word) }
        #expect(try await last(project)["state"] == .string(overlap == "skip" ? "skipped" : "queued"))
        try project.touch("go")
        try await eventually("the first ends") { project.effects.contains("b") }

        if overlap == "queue" {
            try await eventually("the other has its turn: \(server.printed)") {
                try await runs(project).count == 2 && project.effects == ["a", "b", "a", "b"]
            }
        } else {
            try await looksAgain(server, times: 3, in: project)
            #expect(try await runs(project).count == 1)
        }
        try await end(server, in: project)
    }
}
