import Foundation
import Glibc
import Testing

/// Who is told of what, by a plugin that writes it down: on the built program.
@Suite(.serialized, .timeLimit(.minutes(4)), .needsBinaries)
struct NotifyTests {
    static let manifest = """
        shipit-plugin: 1
        name: tell
        version: 1.0.0
        run: [./tell]
        actions:
          post:
            description: Writes down what it is told.
            inputs:
              token: {type: text, secret: true}
              text: {type: text, default: ""}
            calls: [perform]
        """

    /// Writes `MOMENT KEY TEXT` into told.log, unless `body` does otherwise.
    static func script(_ body: String) -> String {
        """
        #!/bin/sh
        field() { python3 -c 'import functools, json, os, sys; print(functools.reduce(lambda v, k: v[k], sys.argv[1:], json.load(open(os.environ["SHIPIT_REQUEST"]))))' "$@"; }
        moment=$(field context notice moment) key=$(field context key) text=$(field inputs text)
        \(body)
        echo "$moment $key $text" >> told.log

        """
    }

    static let everything = """
        notify:
          - on: [started, waiting, paused, interrupted, rolling-back, succeeded, rolled-back, refused, cancelled]
            uses: tell
            with: {token: "${{ secrets.CHAT }}", text: "${{ release.version }} ${{ run.moment }}"}
        """
    static let secrets = "secrets: {CHAT: {env: CHAT}}"
    static let token = "correct-horse-battery"

    static func project(_ body: String = "", stages: String, notify: String = everything) async throws
        -> ScratchProject
    {
        let pipeline = "shipit: 1\nname: deploy\n\(secrets)\nstages:\n\(stages)\n\(notify)\n"
        let project = try await ScratchProject(
            pipeline, files: ["plugins/tell/plugin.yaml": manifest, "plugins/tell/tell": script(body)])
        // Whatever the umask of whoever runs the tests.
        for path in ["plugins", "plugins/tell", "plugins/tell/tell"] { chmod(project.path(path), 0o755) }
        chmod(project.path("plugins/tell/plugin.yaml"), 0o644)
        return project
    }

    private func told(_ project: ScratchProject) -> [String] {
        (project.read("told.log") ?? "").split(separator: "\n").map(String.init)
    }

    private func moments(_ project: ScratchProject) -> [String] {
        told(project).map { String($0.prefix { $0 != " " }) }
    }

    private static let variables = ["CHAT": token]

    @Test func `each moment is told once, in its order, with the values of the run`() async throws {
        let project = try await Self.project(stages: "  a: {run: 'true'}")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0)
        #expect(moments(project) == ["started", "succeeded"])
        let run = try #require(try await project.status()["run"]["id"].string)
        #expect(told(project).last?.hasPrefix("succeeded \(run)/notify:1/") == true)
        #expect(told(project).last?.hasSuffix(" 1.0.0 succeeded") == true)
        let status = try await project.status()
        #expect(status["notices"].items.map { $0["state"] } == ["delivered", "delivered"])
        #expect(!project.exists(".shipit/runs/\(run)/outbox/notify:1-2"))
        try await project.untilNoProcess()
    }

    @Test func `a failed run tells that it goes back and that it is back`() async throws {
        let project = try await Self.project(
            stages: "  a: {run: 'true', rollback: 'true'}\n  b: {needs: [a], run: 'false', rollback: 'true'}")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(4)
        #expect(moments(project) == ["started", "rolling-back", "rolled-back"])
    }

    @Test func `a stage that notifies tells what came before it, and changes nothing`() async throws {
        let stages = """
              a: {run: 'echo "x=17" >> "$SHIPIT_OUTPUT"'}
              say: {needs: [a], notify: {uses: tell, with: {text: "x is ${{ stages.a.outputs.x }}"}}}
              b: {needs: [say], run: echo b >> effects.log}
            """
        let project = try await Self.project(stages: stages, notify: "")
        try await project.shipit("plan", "v1.0.0").exits(0).says("say (notify)", "tells", "x is")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0)
        #expect(told(project).count == 1 && told(project).first?.hasPrefix("reached ") == true)
        #expect(told(project).first?.hasSuffix(" x is 17") == true)
        #expect(project.effects == ["b"])
    }

    @Test func `a plan says who will be told, and neither it nor simulate tells anybody`() async throws {
        let project = try await Self.project(stages: "  a: {run: 'true'}")
        try await project.shipit("plan", "v1.0.0").exits(0).says("told:", "tell/post", "rolled-back", "secrets.CHAT")
        try await project.shipit("simulate", "v1.0.0").exits(0)
        #expect(told(project).isEmpty)
    }

    @Test func `the value of a secret is used, and is nowhere on the disk`() async throws {
        let project = try await Self.project(
            #"field inputs token | md5sum >> sum.log; field inputs token >&2; [ "$moment" != started ] || exit 1"#,
            stages: "  a: {run: 'true'}")
        let deploy = try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0)
            .says("not told yet", "***")
        #expect(!deploy.printed.contains(Self.token))
        #expect(project.exists("sum.log"))
        #expect(try FolderImage(of: project.path(".shipit")).files(containing: Self.token) == [])
    }

    // MARK: Trouble

    @Test func `who cannot be told fails nothing, is shown, and is told by whoever comes next`() async throws {
        let project = try await Self.project(
            "[ -e open ] || { echo the chat is closed >&2; exit 1; }", stages: "  a: {run: 'true'}",
            notify: "notify: [{on: succeeded, uses: tell}]")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0).says("succeeded")
            .says("not told yet: tell/post of succeeded, 1 try", "the chat is closed")
        let notice = try #require(try await project.status()["notices"].items.first)
        #expect(notice["state"] == "pending" && notice["tries"] == 1)
        try project.touch("open")
        // The second try is due after five seconds.
        try await eventually("the second try", within: .seconds(30)) {
            try await project.shipit("resume", "latest", variables: Self.variables).exits(0)
            return moments(project) == ["succeeded"]
        }
        #expect(try await project.status()["notices"].items.map { $0["state"] } == ["delivered"])
    }

    @Test func `wrong inputs are not tried again`() async throws {
        let project = try await Self.project(
            "exit 78", stages: "  a: {run: 'true'}", notify: "notify: [{on: succeeded, uses: tell}]")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0)
            .says("not told: tell/post of succeeded, given up after 1 try")
        #expect(try await project.status()["notices"].items.first?["state"] == "undelivered")
    }

    @Test func `one that hangs holds up neither the stages nor the end for long`() async throws {
        let project = try await Self.project(
            "echo begun >> hang.log; sleep 300 & wait", stages: "  a: {run: echo a >> effects.log}")
        let began = ContinuousClock.now
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0).says("not told yet")
        // Eight seconds, and two for its end; the rest is the machine's.
        #expect(ContinuousClock.now - began < .seconds(25))
        #expect(project.effects == ["a"] && project.exists("hang.log"))
        try await project.untilNoProcess()
    }

    @Test func `a process that is killed while it tells leaves the message to the next one, under the same key`()
        async throws
    {
        let project = try await Self.project(
            #"echo "$key" >> tries.log; [ -e go ] || ops/await go"#,
            stages: "  a: {run: 'ops/await go; echo a >> effects.log'}",
            notify: "notify: [{on: started, uses: tell}]")
        let deploy = try project.start("deploy", "v1.0.0", variables: Self.variables)
        try await eventually("the first try") { project.exists("tries.log") }
        try await project.killNow(deploy)
        try project.touch("go")
        try await project.shipit("resume", variables: Self.variables).exits(0)
        // What was under way when it was killed may have come through, and nobody knows: it is sent once more.
        try await eventually("the second try", within: .seconds(60)) {
            try await project.shipit("resume", "latest", variables: Self.variables).exits(0)
            return try await project.status()["notices"].items.first?["state"] == "delivered"
        }
        let keys = Set((project.read("tries.log") ?? "").split(separator: "\n"))
        #expect(keys.count == 1)
        #expect(project.effects == ["a"])
        try await project.untilNoProcess()
    }

    @Test func `a run that waits for people tells so at once, and what became of it`() async throws {
        let stages = "  a: {run: 'true'}"
        let waiting = """
            people: {ana: {}, ben: {}}
            roles: {devops: {people: [ana, ben]}}
            environments: {production: {approvals: [devops]}}
            \(Self.everything)
            """
        let project = try await Self.project(stages: stages, notify: waiting)
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(6)
        #expect(moments(project) == ["waiting"])
        try await project.shipit(
            "reject", "latest", "devops", "--as", "ben", "--why", "not today", variables: Self.variables
        ).exits(0)
        #expect(moments(project) == ["waiting", "refused"])
    }

    @Test func `a plugin that is gone is told of, and the run is not touched by it`() async throws {
        let project = try await Self.project(
            stages: "  a: {run: 'rm plugins/tell/tell'}", notify: "notify: [{on: succeeded, uses: tell}]")
        try await project.shipit("deploy", "v1.0.0", variables: Self.variables).exits(0).says("not told", "tell")
    }
}
