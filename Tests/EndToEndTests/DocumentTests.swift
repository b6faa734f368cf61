import Foundation
import Testing

/// The documents that programs read: their keys are a contract.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct DocumentTests {
    static let simple = """
        shipit: 1
        name: deploy
        environments: {production: {}}
        stages:
          a: {run: 'echo a; echo "x=1" >> "$SHIPIT_OUTPUT"', rollback: {run: "true"}}
          b: {needs: [a], run: ops/b, rollback: {run: "true"}}
        """
    static let runKeys: Set = [
        "id", "pipeline", "environment", "release", "planDigest", "state", "outcome", "dryRun", "startedBy",
        "startedAt",
        "finishedAt", "parent",
    ]

    @Test func `status has exactly the keys of the contract, with plain values`() async throws {
        let project = try await ScratchProject(Self.simple, files: ["ops/b": "#!/bin/sh\nexit 0\n"])
        try await project.shipit("deploy", "v1.0.0").exits(0)

        let status = try await project.status()

        #expect(status.keys == ["run", "stages", "rollback", "gates", "breaches", "next"])
        let run = status["run"]
        #expect(run.keys == Self.runKeys)
        #expect(run["release"].keys == ["tag", "version", "commit"])
        #expect(run["release"]["tag"] == "v1.0.0")
        #expect(run["release"]["version"] == "1.0.0")
        #expect(run["release"]["commit"].string == (try await project.commit(of: "v1.0.0")))
        #expect(run["pipeline"] == "deploy")
        #expect(run["environment"] == "production")
        #expect(run["state"] == "finished")
        #expect(run["outcome"] == "succeeded")
        #expect(run["dryRun"] == false)
        #expect(run["parent"] == nil)
        #expect(status["next"] == nil)
        #expect(status["rollback"] == .array([]))
        let digest = try #require(run["planDigest"].string)
        #expect(digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil)
        let id = try #require(run["id"].string)
        #expect(id.wholeMatch(of: /[0-9]{8}-[0-9]{4}-[0-9a-z]{4}/) != nil)
        let stage = status["stages"].first("name", "a")
        #expect(
            stage.keys == ["name", "state", "attempts", "startedAt", "finishedAt", "exitCode", "reason", "outputs"])
        #expect(stage["state"] == "succeeded")
        #expect(stage["attempts"] == 1)
        #expect(stage["exitCode"] == 0)
        #expect(stage["reason"] == nil)
        #expect(stage["outputs"] == .object(["x": "1"]))
        for time in [run["startedAt"], run["finishedAt"], stage["startedAt"], stage["finishedAt"]] {
            let text = try #require(time.string)
            #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(text)")
        }
    }

    @Test func `the status of a rolled back run lists what was undone, in that order`() async throws {
        let project = try await ScratchProject(Self.simple, files: ["ops/b": "#!/bin/sh\nexit 7\n"])
        try await project.shipit("deploy", "v1.0.0").exits(4)

        let status = try await project.status()

        #expect(status["run"]["outcome"] == "rolled-back")
        #expect(status["stages"].first("name", "b")["state"] == "failed")
        #expect(status["stages"].first("name", "b")["exitCode"] == 7)
        #expect(status["rollback"].items.map { $0["stage"] } == ["b", "a"])
        for undo in status["rollback"].items {
            #expect(undo.keys == ["stage", "state", "attempts", "reason"])
            #expect(undo["state"] == "succeeded")
        }
    }

    @Test func `runs is an array of run objects, the newest first`() async throws {
        let project = try await ScratchProject(
            Self.simple, files: ["ops/b": "#!/bin/sh\nexit 0\n"], tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("deploy", "v1.1.0").exits(0)

        let runs = try await project.shipit("runs", "--output", "json").exits(0).json

        #expect(runs.items.count == 2)
        #expect(runs.items.allSatisfy { $0.keys == Self.runKeys })
        #expect(runs.items.first?["release"]["tag"] == "v1.1.0")
        try await project.shipit("runs").exits(0).says("v1.0.0", "v1.1.0")
    }

    @Test func `the journal's sequence has no gap, and its events are flat`() async throws {
        let project = try await ScratchProject(Self.simple, files: ["ops/b": "#!/bin/sh\nexit 0\n"])
        try await project.shipit("deploy", "v1.0.0").exits(0)

        let events = try await project.journal()

        #expect(events.map { $0["sequence"].int } == Array(1...events.count))
        for event in events {
            let at = try #require(event["at"].string)
            #expect(at.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            #expect(event["type"].string != nil)
            #expect(event["event"] == nil)
        }
        let types = events.compactMap { $0["type"].string }
        #expect(types.first == "runCreated")
        #expect(types.last == "runFinished")
        let started = try #require(events.firstIndex { $0["type"] == "attemptStarted" && $0["stage"] == "a" })
        let finished = try #require(events.firstIndex { $0["type"] == "attemptFinished" && $0["stage"] == "a" })
        let next = try #require(events.firstIndex { $0["type"] == "attemptStarted" && $0["stage"] == "b" })
        #expect(started < finished && finished < next)
        try await project.shipit("journal", "latest").exits(0).says("a", "b")
        #expect(try await project.shipit("journal", "latest", "--output", "json").exits(0).json.items == events)
    }

    @Test func `deploy with json prints one document, with jsonl one event a line, and progress goes to stderr`()
        async throws
    {
        let project = try await ScratchProject(Self.simple, files: ["ops/b": "#!/bin/sh\nexit 0\n"])

        let document = try await project.shipit("deploy", "v1.0.0", "--output", "json").exits(0)
        let stream = try await project.shipit("deploy", "v1.0.0", "--again", "--output", "jsonl").exits(0)

        #expect(try document.json["run"]["outcome"] == "succeeded")
        #expect(document.stderr.contains("b"))
        let events = try stream.lines
        #expect(events.map { $0["sequence"].int } == Array(1...events.count))
        #expect(events.last?["type"] == "runFinished")
        #expect(try await project.journal() == events)
    }

    @Test func `where nobody looks on, progress is plain lines without control characters`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: "printf 'one\\\\033[2Jtwo\\\\007\\\\n'"}}
            """)

        let deploy = try await project.shipit("deploy", "v1.0.0").exits(0)

        let control = deploy.printed.unicodeScalars.filter { $0.value < 32 && $0 != "\n" && $0 != "\t" }
        #expect(control.isEmpty, "\(deploy)")
    }
}
