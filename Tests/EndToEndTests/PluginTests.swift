import Foundation
import Glibc
import Testing

/// A plugin is a command: what it is given, what it says, and what becomes of it, on the built program.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries)
struct PluginTests {
    static let manifest = """
        shipit-plugin: 1
        name: mark
        version: 1.0.0
        run: [./mark]
        actions:
          set:
            description: Writes a word to a file.
            inputs:
              word: {type: text, required: true}
              wait: {type: duration, default: 90s}
              token: {type: text, secret: true}
            outputs: {count: {type: number}}
            calls: [preview, perform, verify, undo]
            secrets: [KEY]
            env: [HTTPS_PROXY]
        """

    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          mark: {uses: mark, with: {word: hello}, timeout: 20s}
          after: {needs: [mark], env: {COUNT: "${{ stages.mark.outputs.count }}"}, run: 'echo "count $COUNT" >> effects.log'}
        """

    /// `body` is what it does when it performs.
    static func script(perform body: String, preview: String = #"say '{"preview":["would write hello"]}'"#) -> String {
        """
        #!/bin/sh
        say() { printf '%s\\n' "$1" >> "$SHIPIT_MESSAGES"; }
        case $1 in
        preview) \(preview) ;;
        perform) \(body) ;;
        verify) if [ -e marked ]; then say '{"output":{"count":1}}'; exit 0; else exit 1; fi ;;
        undo) rm -f marked; echo undone >> effects.log ;;
        esac

        """
    }

    static func project(
        _ body: String, pipeline: String = pipeline, manifest: String = manifest, preview: String? = nil
    ) async throws -> ScratchProject {
        let script = preview.map { Self.script(perform: body, preview: $0) } ?? Self.script(perform: body)
        let project = try await ScratchProject(
            pipeline, files: ["plugins/mark/plugin.yaml": manifest, "plugins/mark/mark": script])
        // Whatever the umask of whoever runs the tests.
        for path in ["plugins", "plugins/mark", "plugins/mark/mark"] { chmod(project.path(path), 0o755) }
        chmod(project.path("plugins/mark/plugin.yaml"), 0o644)
        return project
    }

    static let good = #"""
        cp "$SHIPIT_REQUEST" request.log; stat -c %a "$SHIPIT_REQUEST" > mode.log; env > env.log
        say '{"log":"a word for the person"}'; say '{"progress":0.5,"note":"half"}'
        touch marked; echo "perform $2" >> effects.log; say '{"output":{"count":17}}'
        """#

    // MARK: What it is given, and what it says

    @Test func `it gets its request, and its outputs reach the next stage`() async throws {
        let project = try await Self.project(Self.good)
        try await project.shipit("validate").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(project.effects == ["perform set", "count 17"])
        #expect(project.read("mode.log") == "600\n")
        let request = try JSON(parsing: project.read("request.log") ?? "")
        #expect(request["protocol"] == 1 && request["call"] == "perform" && request["action"] == "set")
        #expect(request["inputs"]["word"] == "hello" && request["inputs"]["wait"] == 90)
        #expect(request["context"]["stage"] == "mark" && request["context"]["attempt"] == 1)
        #expect(request["context"]["release"]["version"] == "1.0.0")
        try await project.shipit("logs", "latest", "mark").exits(0).says("a word for the person", "50% half")
        #expect(try FolderImage(of: project.path(".shipit")).files(containing: "\"protocol\":1") == [])
    }

    @Test func `of secrets and of the caller's variables it gets those that its manifest names`() async throws {
        let pipeline = Self.pipeline.replacing(
            "stages:",
            with: "secrets: {KEY: {env: THE_KEY}, OTHER: {env: THE_OTHER}}\ndefaults: {pass-env: [STRAY]}\nstages:")
        let project = try await Self.project(Self.good, pipeline: pipeline)
        let variables = [
            "THE_KEY": "key-of-mark", "THE_OTHER": "other-value", "HTTPS_PROXY": "proxy", "STRAY": "stray",
        ]
        try await project.shipit("deploy", "v1.0.0", variables: variables).exits(0)
        let environment = Set((project.read("env.log") ?? "").split(separator: "\n").map(String.init))
        #expect(environment.isSuperset(of: ["KEY=key-of-mark", "HTTPS_PROXY=proxy"]))
        #expect(!environment.contains { $0.contains("other-value") || $0.contains("stray") || $0.hasPrefix("THE_") })
    }

    @Test func `mistakes in its inputs are found by validate, with their places, and without running it`() async throws
    {
        let wrong = Self.pipeline.replacing("{word: hello}", with: "{wrod: hello, wait: 5}")
            .replacing("outputs.count", with: "outputs.cuont")
        let project = try await Self.project("touch ran", pipeline: wrong)
        try await project.shipit("validate").exits(2).says(
            "deploy.yaml:4:", "unknown-input", "did you mean \"word\"", "missing-input", "missing-unit",
            "unknown-output")
        try project.write("pipelines/deploy.yaml", Self.pipeline.replacing("uses: mark", with: "uses: makr"))
        try await project.shipit("validate").exits(2).says("unknown-action", "did you mean \"mark\"")
        #expect(!project.exists("ran"))
    }

    @Test func `a dry run asks its preview alone`() async throws {
        let project = try await Self.project("touch ran")
        try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0).says("would write hello")
        #expect(!project.exists("ran"))
    }

    // MARK: Ends

    @Test func `a failing one is undone, and its own reason is told`() async throws {
        let project = try await Self.project(#"touch marked; say '{"reason":"no such server"}'; exit 1"#)
        try await project.shipit("deploy", "v1.0.0").exits(4).says("mark", "perform", "no such server")
        #expect(project.effects == ["undone"] && !project.exists("marked"))
    }

    @Test func `wrong inputs are not tried again, and 75 is`() async throws {
        let retrying = Self.pipeline.replacing("timeout: 20s", with: "timeout: 20s, retry: {attempts: 2, delay: 10ms}")
        let wrong = try await Self.project("echo try >> effects.log; exit 78", pipeline: retrying)
        try await wrong.shipit("deploy", "v1.0.0").exits(4).says("inputs are wrong")
        #expect(wrong.effects == ["try", "undone"])
        let busy = try await Self.project("echo try >> effects.log; exit 75", pipeline: retrying)
        try await busy.shipit("deploy", "v1.0.0").exits(4)
        #expect(busy.effects == ["try", "try", "undone"])
    }

    @Test func `it goes on without its engine, and resume takes its messages and its end`() async throws {
        let body = #"echo begin >> effects.log; ops/await go; touch marked; say '{"output":{"count":5}}'"#
        let project = try await Self.project(body)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("begin")
        try await project.killNow(deploy)
        try project.touch("go")
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["begin", "count 5"])
    }

    @Test func `after a power cut verify is asked, and the next attempt gets the cursor`() async throws {
        let body = #"""
            if grep -q '"at":3' "$SHIPIT_REQUEST"; then touch marked; echo went-on >> effects.log; say '{"output":{"count":3}}'; exit 0; fi
            say '{"cursor":{"at":3}}'; echo begin >> effects.log; ops/await never
            """#
        let project = try await Self.project(body)
        let deploy = try project.start("deploy", "v1.0.0")
        try await project.untilEffect("begin")
        try await project.killNow(deploy)
        try await project.killSupervisor()
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["begin", "went-on", "count 3"])
    }

    // MARK: What is refused

    @Test func `a pin that does not hold refuses the run before it begins`() async throws {
        let pinned = Self.manifest.replacing(
            "actions:", with: "sha256: {./mark: \(String(repeating: "0", count: 64))}\nactions:")
        let project = try await Self.project(Self.good, manifest: pinned)
        try await project.shipit("validate").exits(0)
        try await project.shipit("deploy", "v1.0.0").exits(3).says("mark", "SHA-256")
        #expect(project.effects == [])
    }

    @Test(arguments: ["plugins/mark/mark", "plugins/mark/plugin.yaml", "plugins/mark"])
    func `one that others may write is refused`(path: String) async throws {
        let project = try await Self.project(Self.good)
        chmod(project.path(path), 0o777)
        try await project.shipit("validate").exits(2).says("refused-plugin", "others than its owner may write")
        try await project.shipit("plugin", "list").exits(2).says("refused: mark", "chmod go-w")
    }

    @Test func `one that is a link, and one of another protocol, are refused by name`() async throws {
        let project = try await Self.project(Self.good)
        try await project.shipit("plugin", "list").exits(0).says("mark", "1.0.0", "project", "sha256:", "set")
        rename(project.path("plugins/mark/mark"), project.path("elsewhere"))
        symlink("../../elsewhere", project.path("plugins/mark/mark"))
        try await project.shipit("validate").exits(2).says("symbolic link")
        try project.write(
            "plugins/mark/plugin.yaml", Self.manifest.replacing("shipit-plugin: 1", with: "shipit-plugin: 7"))
        try await project.shipit("validate").exits(2).says("\"mark\" speaks version \"7\"")
    }

    // MARK: What is signed

    @Test func `another program is another plan, and the difference names the plugin`() async throws {
        let project = try await Self.project(Self.good)
        let before = try await project.shipit("plan", "v1.0.0", "--output", "json").exits(0).json
        #expect(before["plugins"].keys == ["mark"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try project.write("plugins/mark/mark", Self.script(perform: Self.good + "; true"))
        let after = try await project.shipit("plan", "v1.0.0", "--output", "json").exits(0).json
        #expect(before["planDigest"] != after["planDigest"])
        let difference = try await project.shipit("plan", "v1.0.0", "--diff", "latest", "--output", "json").exits(0)
            .json
        #expect(difference["changes"].items.contains { $0["path"] == "plugins.mark" })
    }

    @Test func `a run whose plugin was changed is not resumed, and is rolled back with what is there`() async throws {
        let pipeline = Self.pipeline.replacing("run: 'echo", with: "on-exhausted: pause, run: 'test -e go; echo")
        let project = try await Self.project(Self.good, pipeline: pipeline)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        let original = try #require(project.read("plugins/mark/mark"))
        try project.write("plugins/mark/mark", Self.script(perform: "echo otherwise >> effects.log"))
        try await project.shipit("resume").exits(3).says("plugin \"mark\" was changed", "shipit rollback")
        #expect(project.effects == ["perform set"])
        try project.write("plugins/mark/mark", original)
        try project.touch("go")
        try await project.shipit("retry", "latest", "after").exits(0)
        try project.write("plugins/mark/mark", Self.script(perform: "true"))
        try await project.shipit("rollback", "--yes").exits(0).says("plugin \"mark\" was changed")
        #expect(project.effects.last == "undone")
    }

    @Test func `a plugin that is changed while the run goes on performs nothing more`() async throws {
        let pipeline = Self.pipeline.replacing(
            "  after:", with: "  again: {needs: [after], uses: mark, with: {word: more}}\n  after:"
        ).replacing("run: 'echo", with: "run: 'echo \"# more\" >> plugins/mark/mark; echo")
        let project = try await Self.project(Self.good, pipeline: pipeline)
        try await project.shipit("deploy", "v1.0.0").exits(4).says("it was changed while the run went on")
        #expect(project.effects == ["perform set", "count 17", "undone", "undone"])
    }

    // MARK: Bad plugins

    struct Bad: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var words: [String]
        var testDescription: String { name }
    }

    static let bad = [
        Bad(
            name: "junk", body: "say '{\"log\":\"x\"}'; say junk; sleep 100",
            words: ["plugin \"mark\", perform", "line 2", "no JSON"]),
        Bad(name: "invalid UTF-8", body: "printf '\\377\\n' >> \"$SHIPIT_MESSAGES\"", words: ["line 1", "not UTF-8"]),
        Bad(
            name: "an endless line", body: "exec head -c 1073741824 /dev/zero >> \"$SHIPIT_MESSAGES\"",
            words: ["line 1", "1 MiB"]),
        Bad(
            name: "endless lines",
            body: "exec yes '{\"reason\":\"\(String(repeating: "x", count: 4000))\"}' >> \"$SHIPIT_MESSAGES\"",
            words: ["64 MiB"]),
        Bad(name: "an unknown output", body: "say '{\"output\":{\"cuont\":1}}'", words: ["cuont", "manifest"]),
        Bad(name: "an output of another type", body: "say '{\"output\":{\"count\":\"x\"}}'", words: ["count", "type"]),
        Bad(
            name: "messages that are a link",
            body: "ln -sf /dev/zero \"$SHIPIT_MESSAGES\"; sleep 100",
            words: ["replaced by a symbolic link"]),
        Bad(
            name: "messages that are a folder", body: "rm \"$SHIPIT_MESSAGES\"; mkdir \"$SHIPIT_MESSAGES\"; sleep 100",
            words: ["its message file"]),
        Bad(
            name: "messages that are another file", body: "rm \"$SHIPIT_MESSAGES\"; say '{\"log\":\"x\"}'; sleep 100",
            words: ["replaced by another file"]),
        Bad(
            name: "messages made shorter", body: "say '{\"log\":\"x\"}'; sleep 1; : > \"$SHIPIT_MESSAGES\"; sleep 100",
            words: ["made shorter"]),
        Bad(
            name: "an exit in the middle of a line", body: "printf '{\"log\":\"x' >> \"$SHIPIT_MESSAGES\"",
            words: ["line 1", "no JSON"]),
        Bad(
            name: "an endless log",
            body: "exec yes '{\"log\":\"\(String(repeating: "x", count: 4000))\"}' >> \"$SHIPIT_MESSAGES\"",
            words: ["64 MiB"]),
        Bad(name: "endless output", body: "exec yes", words: ["time"]),
        Bad(
            name: "a cursor that is too large",
            body: "head -c 70000 /dev/zero | tr '\\0' x | sed 's/^/{\"cursor\":\"/; s/$/\"}/' >> \"$SHIPIT_MESSAGES\"",
            words: ["cursor", "64 KiB"]),
        Bad(name: "an exit that means nothing", body: "exit 200", words: ["exited with 200"]),
        Bad(name: "no messages", body: "rm \"$SHIPIT_MESSAGES\"", words: ["is gone"]),
        Bad(name: "death", body: "kill -9 $$", words: ["plugin \"mark\", perform", "signal 9"]),
        Bad(name: "silence", body: "sleep 100", words: ["time"]),
        Bad(name: "forks that stay", body: "(setsid sleep 100 &) ; (sleep 100 &); exit 3", words: ["exited with 3"]),
    ]

    @Test(arguments: bad)
    func `a bad plugin fails with its name, its call and the place, and nothing of it stays`(bad: Bad) async throws {
        let isLong = ["silence", "endless output"].contains(bad.name)
        let pipeline = Self.pipeline.replacing("timeout: 20s", with: "timeout: \(isLong ? "2s" : "40s")")
        let project = try await Self.project(bad.body, pipeline: pipeline)
        let deploy = try project.start("deploy", "v1.0.0")
        var memory = 0
        try await eventually("the end of the deployment", within: .seconds(50)) {
            memory = max(memory, Self.peakMemory(of: deploy.id) ?? 0)
            return deploy.poll() != nil
        }
        let ended = try await project.finish(deploy).exits(4).says("plugin \"mark\", perform")
        for word in bad.words { ended.says(word) }
        #expect(project.effects == ["undone"])
        #expect(memory < 300 << 10, "the engine took \(memory) KiB")
        #expect(try Self.size(of: project.path(".shipit")) < 80 << 20)
        try await project.untilNoProcess()
    }

    @Test(arguments: bad.filter { ["junk", "messages that are a folder", "death"].contains($0.name) })
    func `a run that a bad plugin has stopped goes on`(bad: Bad) async throws {
        let pipeline = Self.pipeline.replacing("timeout: 20s", with: "timeout: 20s, on-exhausted: pause")
        let body = "if [ -e better ]; then touch marked; say '{\"output\":{\"count\":1}}'; exit 0; fi; \(bad.body)"
        let project = try await Self.project(body, pipeline: pipeline)
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try project.touch("better")
        try await project.shipit("retry", "latest", "mark").exits(0)
        #expect(project.effects == ["count 1"])
    }

    /// In KiB; `nil` when it is gone.
    private static func peakMemory(of process: pid_t) -> Int? {
        let status = FileManager.default.contents(atPath: "/proc/\(process)/status")
        let text = status.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.split(whereSeparator: \.isWhitespace)[1]) }
    }

    /// Of all files below, in bytes.
    private static func size(of folder: String) throws -> Int {
        let walk = FileManager.default.enumerator(atPath: folder)
        var size = 0
        while walk?.nextObject() != nil { size += Int(walk?.fileAttributes?[.size] as? UInt64 ?? 0) }
        return size
    }
}
