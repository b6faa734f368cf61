import Foundation
import Testing

/// The commands that look: logs, tags, validate, doctor, version.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct LookingTests {
    static let talking = """
        shipit: 1
        name: deploy
        stages:
          a: {run: "echo out-of-a; echo err-of-a >&2"}
          b: {needs: [a], run: "echo begin-of-b; ops/await go; echo end-of-b"}
        """

    @Test func `logs print what the stages printed, all of them or one`() async throws {
        let project = try await ScratchProject(Self.talking)
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0").exits(0)

        let all = try await project.shipit("logs", "latest").exits(0)
        let one = try await project.shipit("logs", "latest", "a").exits(0)

        for words in ["out-of-a", "err-of-a", "begin-of-b", "end-of-b"] {
            #expect(all.stdout.contains(words), "\(all)")
        }
        #expect(one.stdout.contains("out-of-a") && one.stdout.contains("err-of-a"))
        #expect(!one.stdout.contains("of-b"))
        try await project.shipit("logs", "latest", "bb").exits(2).says("bb")
    }

    @Test func `logs -f follows a run and ends with it`() async throws {
        let project = try await ScratchProject(Self.talking)
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("b prints") { try await project.shipit("logs", "latest").stdout.contains("begin-of-b") }
        let logs = try project.start("logs", "latest", "-f")
        try await eventually("the output so far is shown") { logs.standardOutput.contains("begin-of-b") }
        #expect(logs.poll() == nil)

        try project.touch("go")
        try await project.finish(deploy).exits(0)
        let followed = try await project.finish(logs, within: .seconds(15)).exits(0)

        #expect(followed.stdout.contains("end-of-b"))
    }

    @Test func `control sequences and bytes that are no text are shown harmlessly`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: "printf 'one\\\\033[2Jtwo \\\\377 three\\\\n'"}}
            """)
        try await project.shipit("deploy", "v1.0.0").exits(0)

        let logs = try await project.shipit("logs", "latest", "a").exits(0)

        #expect(!logs.stdout.unicodeScalars.contains("\u{1b}"))
        #expect(logs.stdout.contains("\\xff") || logs.stdout.contains("\\xFF"), "\(logs)")
        #expect(logs.stdout.contains("three"))
    }

    @Test func `status shows people the state and what to do next`() async throws {
        let project = try await ScratchProject(Self.talking)
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("b runs") { try await project.shipit("logs", "latest").stdout.contains("begin-of-b") }

        try await project.shipit("status").exits(0).says("running", "b", "v1.0.0")
        #expect(try await project.state(of: "b")["state"] == "running")
        #expect(try await project.status()["run"]["state"] == "running")
        try await project.killNow(deploy)

        try await project.shipit("status").exits(0).says("interrupted", "shipit resume")
    }

    @Test func `tags lists the releases, the highest version first`() async throws {
        let project = try await ScratchProject(BadInputTests.good, tags: ["v1.2.0", "v1.10.0", "v1.9.0"])

        let tags = try await project.shipit("tags").exits(0)
        let json = try await project.shipit("tags", "--output", "json").exits(0).json

        let places = try ["v1.10.0", "v1.9.0", "v1.2.0"].map { try #require(tags.stdout.range(of: $0)).lowerBound }
        #expect(places == places.sorted())
        #expect(json.items.count == 3)
        #expect(!project.exists(".shipit"))
    }

    @Test func `validate reads several files, without git, and reports all of them`() async throws {
        let project = try await ScratchProject(
            nil,
            files: [
                "one.yaml": BadInputTests.good, "two.yaml": BadInputTests.good.replacing("run:", with: "rnu:"),
                "three.yaml": "shipit: 1\nname: three\nstages: {b: {needs: [x], run: 'true'}}\n",
            ])

        try await project.shipit("validate", project.path("one.yaml")).exits(0)
        try await project.shipit(
            "validate", project.path("one.yaml"), project.path("two.yaml"), project.path("three.yaml")
        ).exits(2).says("two.yaml:5:", "three.yaml:3:", "did you mean")
        try await project.shipit("validate", project.path("none.yaml")).exits(2).says("none.yaml")
    }

    @Test func `validate finds the project's pipelines by itself, and warns of habits that hurt`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              migrate: {uses: migrate, with: {status: ops/m status, apply: ops/m apply}}
            """)

        try await project.shipit("validate").exits(0).says("warning")
        try await project.shipit("validate", "--strict").exits(2)
    }

    @Test func `doctor is content here, and version says which`() async throws {
        let project = try await ScratchProject(BadInputTests.good)

        try await project.shipit("doctor").exits(0).says("processes")
        try await project.shipit("doctor", variables: ["SHIPIT_CGROUPS": "none"]).exits(0).says("by parentage")
        let version = try await project.shipit("version").exits(0)
        let json = try await project.shipit("version", "--output", "json").exits(0).json

        #expect(version.stdout.contains(/\d+\.\d+/))
        #expect(json["version"].string.map { version.stdout.contains($0) } == true)
        try await project.shipit("--version").exits(0)
    }

    @Test func `the state folder is private and keeps itself out of git`() async throws {
        let project = try await ScratchProject(Self.talking)
        try project.write(".gitignore", "")
        try await project.git("commit", "--all", "--quiet", "--message", "Ignore nothing")
        try project.touch("go")

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(try await project.git("status", "--porcelain", "--", ".shipit") == "")
        let modes = try await project.listing(".shipit")
        #expect(
            modes.allSatisfy {
                $0.hasSuffix("------") || $0.first == "l" || $0.hasPrefix("dr-x") || $0.hasPrefix("-r")
            }, "\(modes)")
    }
}

extension ScratchProject {
    /// The permissions of everything below a folder, as `ls` writes them.
    func listing(_ folder: String) async throws -> [String] {
        let find = try ChildProcess(
            ["find", path(folder), "-printf", "%M\\n"], folder: root, variables: variables,
            output: nextOutput())
        _ = try await find.ending(within: .seconds(20))
        return find.standardOutput.split(separator: "\n").map(String.init)
    }
}
