import Foundation
import Glibc
import Testing

/// `plugin new` and `plugin test`: what is written keeps its promises, and who breaks one is told which.
@Suite(.serialized, .timeLimit(.minutes(5)), .needsBinaries)
struct PluginPromiseTests {
    private func project() async throws -> ScratchProject {
        try await ScratchProject("shipit: 1\nname: deploy\nstages: {}\n")
    }

    @Test(.needs("python3"), arguments: ["sh", "python"])
    func `a plugin as it is written first keeps every promise`(language: String) async throws {
        let project = try await project()
        try await project.shipit("plugin", "new", "point", "--language", language).exits(0).says(
            "wrote plugins/point/plugin.yaml", "shipit plugin test plugins/point")
        try await project.shipit("plugin", "test", "plugins/point").exits(0).says("every promise is kept")
        try await project.shipit("plugin", "list").exits(0).says("point", "0.1.0", "project")
        try await project.untilNoProcess()
    }

    @Test(.needs("swiftc")) func `one in Swift does so once it is built`() async throws {
        let project = try await project()
        try await project.shipit("plugin", "new", "point", "--language", "swift").exits(0).says("swiftc")
        try await project.shipit("plugin", "test", "plugins/point").exits(2).says("No such file")
        let folder = project.path("plugins/point")
        let build = try ChildProcess(
            ["swiftc", "main.swift", "-o", "point"], folder: folder, variables: project.variables,
            output: project.nextOutput())
        try #require(try await build.ending(within: .seconds(120)) == .code(0), "\(build.printed)")
        chmod(folder + "/point", 0o755)
        try await project.shipit("plugin", "test", "plugins/point").exits(0).says("every promise is kept")
    }

    @Test func `what is there already, and names that cannot be, are left alone`() async throws {
        let project = try await project()
        try project.write("plugins/mine/note", "kept")
        try await project.shipit("plugin", "new", "mine").exits(3).says("is there already")
        #expect(try FileManager.default.contentsOfDirectory(atPath: project.path("plugins/mine")) == ["note"])
        try await project.shipit("plugin", "new", "../out").exits(2).says("is no name of a plugin")
        try await project.shipit("plugin", "new", "migrate").exits(2).says("built-in")
    }

    // MARK: Broken promises

    private static let manifest = """
        shipit-plugin: 1
        name: mark
        version: 1.0.0
        run: [./mark]
        actions:
          set:
            description: Writes a word to a file.
            inputs: {file: {type: path, required: true}, times: {type: number, default: 1}}
            outputs: {count: {type: number}}
            calls: [preview, perform, verify, undo]
        """

    struct Broken: Sendable, CustomTestStringConvertible {
        var name: String
        var rules: Set<String>
        var preview = #"say '{"preview":["write"]}'"#
        var perform =
            #"[ ! -e done ] || exit 0; say '{"log":"one"}'; echo 1 > one; say '{"log":"two"}'; echo 2 > two; touch done"#
        var verify = "[ -e done ]"
        var undo = "rm -f one two done"
        var testDescription: String { name }
    }

    static let broken = [
        Broken(name: "none", rules: []),
        Broken(name: "a preview that writes", rules: ["preview"], preview: #"touch looked; say '{"preview":["x"]}'"#),
        Broken(name: "a preview that says nothing", rules: ["preview"], preview: "true"),
        Broken(name: "a perform that fails", rules: ["perform"], perform: "exit 3"),
        Broken(
            name: "an output that the manifest doesn't know", rules: ["perform"], perform: #"say '{"output":{"x":1}}'"#),
        Broken(
            name: "a perform that adds each time", rules: ["once", "cut-off"],
            perform: #"say '{"log":"x"}'; echo 1 >> one; say '{"log":"y"}'; sleep 0.2; touch done"#),
        Broken(
            name: "a verify that takes half for whole", rules: ["cut-off"],
            perform:
                #"[ ! -e done ] || exit 0; echo 1 > one; say '{"log":"one"}'; sleep 0.2; echo 2 > two; touch done"#,
            verify: "[ -e one ]"),
        Broken(name: "a verify that always says yes", rules: ["preview", "verify", "cut-off", "undo"], verify: "true"),
        Broken(name: "a verify that writes", rules: ["verify", "cut-off", "undo"], verify: "touch seen; [ -e done ]"),
        Broken(name: "an undo that forgets", rules: ["undo"], undo: "rm -f two done"),
        Broken(
            name: "an undo that knows only the whole", rules: ["undo"],
            perform:
                #"[ ! -e done ] || exit 0; echo 1 > one; say '{"log":"one"}'; sleep 0.2; echo 2 > two; touch done"#,
            undo: "[ ! -e done ] || rm -f one two done"),
    ]

    @Test(arguments: broken) func `a broken promise is named, and nothing else`(broken: Broken) async throws {
        let project = try await ScratchProject(
            "shipit: 1\nname: deploy\nstages: {}\n",
            files: [
                "plugins/mark/plugin.yaml": Self.manifest,
                "plugins/mark/mark": """
                #!/bin/sh
                say() { printf '%s\\n' "$1" >> "$SHIPIT_MESSAGES"; }
                case $1 in
                preview) \(broken.preview) ;;
                perform) \(broken.perform) ;;
                verify) \(broken.verify) ;;
                undo) \(broken.undo) ;;
                esac

                """,
            ])
        for path in ["plugins", "plugins/mark", "plugins/mark/mark"] { chmod(project.path(path), 0o755) }
        chmod(project.path("plugins/mark/plugin.yaml"), 0o644)
        let tried = try await project.shipit(
            "plugin", "test", "plugins/mark", "--with", "file=out", "--output", "json"
        ).exits(broken.rules.isEmpty ? 0 : 3)
        let rules = try tried.json["cases"].items[0]["rules"].items
        let names = rules.filter { $0["state"] == "broken" }.compactMap { $0["rule"].string }
        #expect(Set(names) == broken.rules, "\(tried)")
        #expect(try tried.json["passed"] == .bool(broken.rules.isEmpty))
        #expect(!project.exists("done") && !project.exists("one") && !project.exists(".shipit"))
        try await project.untilNoProcess()
    }

    @Test func `what a plugin is given stands in its test file, or must be given`() async throws {
        let project = try await project()
        try await project.shipit("plugin", "new", "point").exits(0)
        let file = "plugins/point/test.yaml"
        let cases = try #require(project.read(file))
        try project.write(file, cases.replacing("link:", with: "lnik:"))
        try await project.shipit("plugin", "test", "plugins/point").exits(2).says(
            "test.yaml:5", "did you mean \"link\"")
        try FileManager.default.removeItem(atPath: project.path(file))
        try await project.shipit("plugin", "test", "plugins/point").exits(2).says("missing-input", "--with NAME=VALUE")
        try await project.shipit(
            "plugin", "test", "plugins/point", "--with", "link=here", "--with", "to=there"
        ).exits(0)
        try await project.shipit("plugin", "test", "plugins/point", "--with", "lnik=here").exits(2).says("\"lnik\"")
        // What was there comes back: files of its folder `test` are put there first.
        try FileManager.default.createDirectory(
            atPath: project.path("plugins/point/test"), withIntermediateDirectories: true)
        symlink("elsewhere", project.path("plugins/point/test/here"))
        try await project.shipit(
            "plugin", "test", "plugins/point", "--with", "link=here", "--with", "to=there"
        ).exits(0)
        try await project.shipit("plugin", "test", "plugins/none").exits(2).says("plugins/none")
    }

    // MARK: Those that come with shipit

    @Test(.needs("python3")) func `status-page keeps every promise`() async throws {
        let project = try await project()
        try ShippedPlugin.put("status-page", into: project)
        try await project.shipit(
            "plugin", "test", "plugins/status-page", "--with", "page=index.html", "--with",
            "shipit=\(try Binaries.shipit())"
        ).exits(0)
    }

    @Test(.needs("curl", "python3"), arguments: ["discord", "plain"])
    func `chat-webhook keeps every promise`(service: String) async throws {
        let (project, recorder) = (try await project(), try await Recorder())
        try ShippedPlugin.put("chat-webhook", into: project)
        try await project.shipit(
            "plugin", "test", "plugins/chat-webhook", "--with", "url=\(recorder.url)", "--with", "text=hello", "--with",
            "service=\(service)", "--with", "memory=memory"
        ).exits(0)
    }

    @Test(.needsDrain, .needs("haproxy", "curl", "python3")) func `http-drain keeps every promise to HAProxy`()
        async throws
    {
        let (project, balancer) = (try await project(), try await LoadBalancer(.haproxy))
        try ShippedPlugin.put("http-drain", into: project)
        try await project.shipit(
            "plugin", "test", "plugins/http-drain", "--action", "drain", "--with", "admin=\(balancer.admin)", "--with",
            "server=be/web1"
        ).exits(0)
        #expect(try await balancer.adminState() == 0)
        _ = try await balancer.ask("set server be/web1 state drain")
        try await project.shipit(
            "plugin", "test", "plugins/http-drain", "--action", "return", "--with", "admin=\(balancer.admin)", "--with",
            "server=be/web1"
        ).exits(0)
        #expect(try await balancer.adminState() == 8)
    }
}
