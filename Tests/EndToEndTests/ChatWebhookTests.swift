import Foundation
import Testing

/// The plugin chat-webhook, against an HTTP server that stands for the services.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries, .needs("curl", "python3"))
struct ChatWebhookTests {
    private let recorder: Recorder

    init() async throws { recorder = try await Recorder() }

    private func project(_ service: String, more: String = "", then last: String = "true") async throws
        -> ScratchProject
    {
        let inputs = "service: \(service), url: \"${{ secrets.HOOK }}\"\(more)"
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            secrets: {HOOK: {env: THE_HOOK}, TOKEN: {env: THE_TOKEN}}
            stages:
              begin: {uses: chat-webhook, with: {text: "${{ release.tag }} begins", \(inputs)}, retry: {attempts: 2, delay: 10ms}}
              work: {needs: [begin], run: '\(last)'}
              end: {needs: [work], uses: chat-webhook, with: {text: "${{ release.tag }} is live", \(inputs)}}
            """, tags: [#"v1"<b>$(id)"#])
        try ShippedPlugin.put("chat-webhook", into: project)
        return project
    }

    private func deploy(_ project: ScratchProject) async throws -> Shipit {
        let variables = ["THE_HOOK": recorder.url, "THE_TOKEN": "token-of-a-bot"]
        return try await project.shipit("deploy", #"v1"<b>$(id)"#, variables: variables)
    }

    @Test func `discord gets one message that is edited, and nobody is called by it`() async throws {
        let project = try await project("discord")
        try await deploy(project).exits(0)
        let asked = try recorder.asked()
        #expect(asked.map(\.method) == ["POST", "PATCH"])
        #expect(asked.map(\.path) == ["/hook?wait=true", "/hook/messages/77"])
        #expect(asked.map { $0.body["content"] } == [#"v1"<b>$(id) begins"#, #"v1"<b>$(id) is live"#])
        #expect(asked.allSatisfy { $0.body["allowed_mentions"]["parse"] == .array([]) && $0.authorization == nil })
        #expect(try await project.state(of: "end")["outputs"]["message"] == "77")
        #expect(try FolderImage(of: project.path(".shipit")).files(containing: recorder.url) == [])
    }

    @Test func `a bot of Slack edits its message by the channel's own id`() async throws {
        let more = ##", channel: "#ops", token: "${{ secrets.TOKEN }}""##
        let project = try await project("slack-bot", more: more)
        try await deploy(project).exits(0)
        let asked = try recorder.asked()
        #expect(asked.map(\.path) == ["/hook/chat.postMessage", "/hook/chat.update"])
        #expect(asked.map { $0.body["channel"] } == ["#ops", "C1"])
        #expect(asked.last?.body["ts"] == "12.5" && asked.last?.body["text"] == #"v1"&lt;b&gt;$(id) is live"#)
        #expect(asked.allSatisfy { $0.authorization == "Bearer token-of-a-bot" })
    }

    @Test func `what cannot edit gets a message each time`() async throws {
        let project = try await project("plain")
        try await deploy(project).exits(0)
        #expect(
            try recorder.asked().map(\.body) == [
                .object(["text": #"v1"<b>$(id) begins"#]), .object(["text": #"v1"<b>$(id) is live"#]),
            ])
    }

    @Test func `without a text it says what happened to the run`() async throws {
        let notify = "{on: [started, rolled-back], uses: chat-webhook, with: {url: \"${{ secrets.HOOK }}\"}}"
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            environments: {staging: {}}
            secrets: {HOOK: {env: THE_HOOK}}
            stages: {work: {run: 'false', rollback: 'true'}}
            notify: [\(notify)]
            """)
        try ShippedPlugin.put("chat-webhook", into: project)
        try await project.shipit("deploy", "v1.0.0", variables: ["THE_HOOK": recorder.url]).exits(4)
        #expect(
            try recorder.asked().map { $0.body["text"] } == [
                "v1.0.0 to staging: started", "v1.0.0 to staging: rolled-back (stage work failed: false exited with 1)",
            ])
    }

    @Test func `a dry-run tells what changed and what refuses, and else nothing`() async throws {
        let project = try await ScratchProject(nil)
        func write(_ command: String, _ check: String) throws {
            try project.write(
                "pipelines/deploy.yaml",
                """
                shipit: 1
                name: deploy
                environments: {staging: {}}
                secrets: {HOOK: {env: THE_HOOK}}
                stages: {ready: {checks: ready}, work: {needs: [ready], run: [\(command)], rollback: 'true'}}
                checks: {ready: [{name: Ready, run: '\(check)'}]}
                notify: [{on: [changed, refused], uses: chat-webhook, with: {url: "${{ secrets.HOOK }}"}}]
                """)
        }
        try ShippedPlugin.put("chat-webhook", into: project)
        func look(_ code: Int32) async throws -> [JSON] {
            let variables = ["THE_HOOK": recorder.url]
            try await project.shipit("deploy", "v1.0.0", "--dry-run", variables: variables).exits(code)
            return try recorder.asked().map { $0.body["text"] }
        }
        try write("echo, one", "true")
        #expect(try await look(0) == [])
        #expect(try await look(0) == [])
        try write("echo, two", "true")
        #expect(try await look(0) == ["v1.0.0 to staging: changed"])
        try write("echo, two", "false")
        #expect(
            Array(try await look(3).dropFirst()) == [
                "v1.0.0 to staging: changed",
                "v1.0.0 to staging: refused (checks ready say NO-GO: Ready)",
            ])
    }

    @Test func `a message that somebody has removed is posted anew`() async throws {
        let project = try await project("discord", then: "ops/await go")
        let deploy = try project.start(
            arguments: ["deploy", #"v1"<b>$(id)"#],
            variables: ["THE_HOOK": recorder.url, "THE_TOKEN": "token-of-a-bot"])
        try await eventually("the first message") { try recorder.asked().count == 1 }
        try recorder.answer(404, "gone")
        try project.touch("go")
        let ended = try await project.finish(deploy)
        // Posting anew is refused with the same 404 here, which is what tells that it was tried.
        ended.says("404")
        #expect(try recorder.asked().map(\.method) == ["POST", "PATCH", "POST"])
    }

    @Test(arguments: [(429, 2), (503, 2), (401, 1)])
    func `busy services are asked again, and a refusal is not`(status: Int, tries: Int) async throws {
        let project = try await project("plain")
        try recorder.answer(status, #"{"message": "no \"quotes\" here"}"#)
        try await deploy(project).exits(5).says("answered with \(status)", #"no \"quotes\" here"#)
        #expect(try recorder.asked().count == tries)
    }

    @Test func `Slack's no with 200 is a no`() async throws {
        let project = try await project("slack-bot", more: ##", channel: "#ops", token: "${{ secrets.TOKEN }}""##)
        try recorder.answer(200, #"{"ok":false,"error":"channel_not_found"}"#)
        try await deploy(project).exits(5).says("channel_not_found")
        #expect(try recorder.asked().count == 1)
    }

    @Test func `a service that is not there is worth another try, and an unknown one is an input that is wrong`()
        async throws
    {
        let gone = try await project("plain")
        let port = try FreePorts.row(of: 1)
        try await gone.shipit(
            "deploy", #"v1"<b>$(id)"#,
            variables: ["THE_HOOK": "http://127.0.0.1:\(port)/", "THE_TOKEN": "token-of-a-bot"]
        ).exits(5).says("no answer of the service")
        let unknown = try await project("discrod")
        try await deploy(unknown).exits(5).says("discrod", "are known")
        #expect(try recorder.asked() == [])
    }
}
