import Foundation
import Glibc
import Testing

/// Every mistake gets one clear message and the right exit code, and nothing has changed.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct BadInputTests {
    static let good = """
        shipit: 1
        name: deploy
        environments: {staging: {}, production: {}}
        stages:
          a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}

        """

    /// One mistake: the command, its exit code, and words that its message must hold.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var name: String
        var pipeline: String? = good
        var arguments: [String] = ["deploy", "v1.0.0", "--env", "staging"]
        var code: Int32 = 2
        var words: [String]
        var testDescription: String { name }
    }

    static let mistakes: [Mistake] = [
        Mistake(
            name: "no such tag, with a near one", arguments: ["deploy", "v1.0.1", "--env", "staging"],
            words: ["v1.0.1", "v1.0.0"]),
        Mistake(name: "a commit is not a tag", arguments: ["deploy", "HEAD", "--env", "staging"], words: ["HEAD"]),
        Mistake(
            name: "an expression is not a tag", arguments: ["deploy", "v1.0.0~0", "--env", "staging"],
            words: ["v1.0.0~0"]),
        Mistake(
            name: "an unknown environment", arguments: ["deploy", "v1.0.0", "--env", "stagging"],
            words: ["stagging", "staging"]),
        Mistake(
            name: "an unknown variable", arguments: ["deploy", "v1.0.0", "--env", "staging", "--set", "replicas=2"],
            words: ["replicas"]),
        Mistake(
            name: "an unknown pipeline", arguments: ["deploy", "v1.0.0", "--pipeline", "deplyo"],
            words: ["deplyo", "deploy"]),
        Mistake(name: "no pipelines folder", pipeline: nil, arguments: ["deploy", "v1.0.0"], words: ["pipelines"]),
        Mistake(
            name: "invalid YAML", pipeline: "shipit: 1\nname: deploy\nstages: [a\n", words: ["pipelines/deploy.yaml:"]),
        Mistake(
            name: "an unknown key", pipeline: good.replacing("rollback:", with: "rolback:"),
            words: ["pipelines/deploy.yaml:5:", "rolback", "rollback", "^^^"]),
        Mistake(
            name: "a need that nothing satisfies", pipeline: good + "  b: {needs: [aa], run: 'true'}\n",
            words: ["pipelines/deploy.yaml:6:", "aa", "did you mean"]),
        Mistake(
            name: "a cycle", pipeline: good + "  b: {needs: [c], run: 'true'}\n  c: {needs: [b], run: 'true'}\n",
            words: ["cycle", "b", "c"]),
        Mistake(
            name: "a value in a script", pipeline: good + "  b: {run: 'echo ${{ release.tag }}'}\n",
            words: ["pipelines/deploy.yaml:6:", "env:"]),
        Mistake(
            name: "a duration without its unit", pipeline: good + "  b: {run: 'true', timeout: 5}\n",
            words: ["pipelines/deploy.yaml:6:", "timeout", "unit"]),
        Mistake(
            name: "two mistakes at once",
            pipeline: good + "  b: {run: 'true', tiemout: 5s}\n  c: {needs: [zz], run: 'true'}\n",
            words: ["pipelines/deploy.yaml:6:", "pipelines/deploy.yaml:7:"]),
        Mistake(
            name: "a key that is not enforced yet",
            pipeline: good + "  ask: {run: 'true', windows: [1]}\n", words: ["windows", "not enforced"]),
        Mistake(
            name: "a schedule without a zone", pipeline: good + "schedule: [{cron: '0 2 * * *'}]\n",
            words: ["pipelines/deploy.yaml:6:", "zone"]),
        Mistake(name: "an unknown command", arguments: ["depoly", "v1.0.0"], words: ["depoly"]),
        Mistake(name: "no command", arguments: [], words: ["command", "--help"]),
        Mistake(name: "a missing argument", arguments: ["deploy"], words: ["tag"]),
        Mistake(
            name: "an unknown option", arguments: ["deploy", "v1.0.0", "--enviroment", "staging"],
            words: ["--enviroment"]),
        Mistake(name: "an option without its value", arguments: ["deploy", "v1.0.0", "--env"], words: ["env"]),
        Mistake(
            name: "no jobs at all", arguments: ["deploy", "v1.0.0", "--env", "staging", "--jobs", "0"], words: ["jobs"]),
        Mistake(name: "an unknown form", arguments: ["status", "--output", "xml"], words: ["xml"]),
        Mistake(name: "no run yet", arguments: ["status"], words: ["run"]),
        Mistake(name: "nothing to resume", arguments: ["resume"], words: ["resume"]),
        Mistake(name: "nothing to roll back", arguments: ["rollback"], words: ["run"]),
        Mistake(name: "nothing to cancel", arguments: ["cancel"], words: ["run"]),
        Mistake(name: "an unknown run", arguments: ["logs", "20200101-0000-abcd"], words: ["20200101-0000-abcd"]),
        Mistake(name: "a hostile run", arguments: ["status", "../../etc/passwd"], words: ["../../etc/passwd"]),
        Mistake(
            name: "a folder that is not there", arguments: ["-C", "/nowhere/at/all", "runs"], words: ["/nowhere/at/all"]
        ),
        Mistake(name: "an empty state folder's name", arguments: ["--state", "", "runs"], words: ["state"]),
    ]

    @Test(arguments: mistakes)
    func `a mistake gets its message and its code, and nothing has changed`(_ mistake: Mistake) async throws {
        let project = try await ScratchProject(mistake.pipeline)
        let before = try project.image()

        let answer = try await project.run(mistake.arguments).exits(mistake.code)

        for word in mistake.words { answer.says(word) }
        #expect(answer.stdout == "", "what went wrong belongs to stderr")
        #expect(before.changes(to: try project.image()) == [])
        #expect(!project.exists(".shipit"))
        #expect(!answer.stderr.contains("Error Domain") && !answer.stderr.contains("NSPOSIX"), "\(answer)")
    }

    @Test func `without a repository nothing can be deployed`() async throws {
        let project = try await ScratchProject(Self.good)
        try FileManager.default.removeItem(atPath: project.path(".git"))

        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(2).says("repository", project.root)

        #expect(project.effects == [])
        #expect(!project.exists(".shipit"))
    }

    @Test func `requirements of the release are refused, each with its reason`() async throws {
        let pipeline = """
            shipit: 1
            name: deploy
            release: {tags: "v*", require: [annotated-tag, clean-tree, version-file: VERSION, reachable-from: main]}
            stages: {a: {run: echo a >> effects.log}}
            """
        let project = try await ScratchProject(pipeline, tags: ["v1.0.0", "x1.0.0"])
        try await project.git("tag", "v1.0.1")
        try await project.git("tag", "--annotate", "--message", "Wrong", "v7.0.0")
        try await project.git("checkout", "--quiet", "-b", "side")
        try await project.release("v3.0.0")
        try await project.git("checkout", "--quiet", "main")

        try await project.shipit("deploy", "v1.0.1").exits(3).says("v1.0.1", "annotated")
        try await project.shipit("deploy", "v7.0.0").exits(3).says("VERSION")
        try await project.shipit("deploy", "v3.0.0").exits(3).says("main")
        let outside = try await project.shipit("deploy", "x1.0.0")
        #expect(outside.exitCode == 3 || outside.exitCode == 2, "\(outside)")
        outside.says("v*")
        try project.write("VERSION", "edited\n")
        try await project.shipit("deploy", "v1.0.0").exits(3).says("clean")
        #expect(project.effects == [])
        #expect(!project.exists(".shipit"))

        try await project.git("checkout", "--quiet", "--", "VERSION")
        try await project.shipit("deploy", "v1.0.0").exits(0)
    }

    @Test func `a file in the place of the state folder is an error of the machine, and stays as it is`() async throws {
        let project = try await ScratchProject(Self.good)
        try project.write("state", "precious\n")

        try await project.shipit("deploy", "v1.0.0", "--env", "staging", "--state", "state").exits(1).says(
            project.path("state"))

        #expect(project.read("state") == "precious\n")
        #expect(project.effects == [])
    }

    @Test func `a database of somebody else's in the state folder is left alone`() async throws {
        let project = try await ScratchProject(Self.good)
        try await project.shipit("deploy", "v1.0.0", "--env", "staging").exits(0)
        let names = try FileManager.default.contentsOfDirectory(atPath: project.path(".shipit"))
        let databases = names.filter { $0.hasSuffix(".db") || $0.hasSuffix(".sqlite") }
        #expect(databases.count == 1, "\(names)")
        for name in names where databases.contains(where: { name.hasPrefix($0) && name != $0 }) {
            try FileManager.default.removeItem(atPath: project.path(".shipit/" + name))
        }
        let database = ".shipit/" + (databases.first ?? "")
        try project.write(database, String(repeating: "this is no database\n", count: 500))

        try await project.shipit("deploy", "v1.0.0", "--env", "staging", "--again").exits(1).says(".shipit")

        #expect(project.effects == ["a"])
        #expect(project.read(database)?.hasPrefix("this is no database") == true)
    }

    @Test func `a state folder on a read-only disk is an error of the machine`() async throws {
        let project = try await ScratchProject(Self.good)
        let disk = project.base + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard mount("tmpfs", disk, "tmpfs", UInt(MS_RDONLY), "mode=700") == 0 else {
            print("not tried: a read-only disk cannot be mounted here: \(String(cString: strerror(errno)))")
            return
        }
        defer { umount(disk) }

        for state in [disk, disk + "/below"] {
            try await project.shipit("deploy", "v1.0.0", "--env", "staging", "--state", state).exits(1).says(
                disk, "read-only")
        }

        #expect(project.effects == [])
        #expect(!project.exists(".shipit"))
    }

    @Test func `a full disk stops a run and is said`() async throws {
        let project = try await ScratchProject(Self.good)
        let disk = project.base + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard mount("tmpfs", disk, "tmpfs", 0, "size=64k,mode=700") == 0 else {
            print("not tried: a small disk cannot be mounted here: \(String(cString: strerror(errno)))")
            return
        }
        defer { umount(disk) }
        Data(count: 64 * 1024).withUnsafeBytes { bytes in
            let file = open(disk + "/full", O_WRONLY | O_CREAT, 0o600)
            _ = write(file, bytes.baseAddress, bytes.count)
            close(file)
        }

        try await project.shipit("deploy", "v1.0.0", "--env", "staging", "--state", disk).exits(1)

        #expect(project.effects == [])
    }

    @Test(arguments: [
        ["--help"], ["deploy", "--help"], ["deploy", "v1.0.0", "--env", "staging", "--help"], ["help", "rollback"],
        ["rollback", "latest", "--help"], ["resume", "-h"], ["cancel", "--help"], ["validate", "--help"],
    ])
    func `help anywhere is harmless`(_ arguments: [String]) async throws {
        let project = try await ScratchProject(Self.good)

        let help = try await project.run(arguments).exits(0)

        #expect(help.stdout.localizedCaseInsensitiveContains("usage"))
        #expect(project.effects == [])
        #expect(!project.exists(".shipit"))
    }
}

extension ScratchProject {
    func run(_ arguments: [String]) async throws -> Shipit {
        let process = try ChildProcess(
            [try Binaries.shipit()] + arguments, folder: root, variables: variables, output: nextOutput())
        return try await finish(process)
    }
}
