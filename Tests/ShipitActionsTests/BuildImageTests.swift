import FoundationEssentials
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

@Suite(.timeLimit(.minutes(3)))
struct BuildImageTests {
    private let action = BuildImageAction()
    private let archive: [String: InputValue] = ["tag": "sms-app:2.0.0", "builder": "archive"]

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await Scene.with { scene in
            try scene.write("tree/Dockerfile", "FROM scratch\n")
            try scene.write("tree/app/run", "#!/bin/sh\n", executable: true)
            try scene.write("tree/app/" + String(repeating: "long-", count: 40) + "name", "x")
            try FileManager.default.createSymbolicLink(
                atPath: scene.path("tree/current"), withDestinationPath: "app/run")
            try await body(scene)
        }
    }

    private func context(
        _ scene: Scene, _ inputs: [String: InputValue], number: Int = 1, variables: [String: String] = [:]
    ) throws -> ActionContext {
        try scene.context(inputs, number: number, tree: scene.path("tree"), variables: variables)
    }

    private func listing(_ archive: String, _ scene: Scene) async throws -> String {
        let context = try scene.context([:], stage: "list")
        let request = context.request([
            "tar", "--list", "--verbose", "--numeric-owner", "--full-time", "--utc", "--file", archive,
        ])
        return String(
            decoding: await RealCommand.run(request, logs: scene.path("logs")).1.standardOutput, as: UTF8.self)
    }

    @Test func `an archive has the tree, sorted, without times, owners and odd modes`() async throws {
        try await scene { scene in
            let outputs = try await action.perform(try context(scene, archive))
            let digest = try #require(outputs["digest"]?.dropFirst("sha256:".count))
            #expect(outputs["image"] == "sms-app:2.0.0" && outputs["builder"] == "archive")
            #expect(outputs["path"] == ".shipit/images/sms-app-2.0.0-\(digest.prefix(16)).tar")
            #expect(scene.names(".shipit/images").count == 1)
            let lines = try await listing(scene.path(try #require(outputs["path"])), scene)
                .split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
            let long = "./app/" + String(repeating: "long-", count: 40) + "name"
            #expect(
                lines.map { String($0[5]) } == ["./", "./Dockerfile", "./app/", long, "./app/run", "./current"])
            #expect(lines.allSatisfy { $0[1] == "0/0" && $0[3] == "1970-01-01" })
            let modes = Dictionary(lines.map { (String($0[5]), String($0[0])) }, uniquingKeysWith: { $1 })
            #expect(modes["./Dockerfile"] == "-rw-r--r--" && modes["./app/run"] == "-rwxr-xr-x")
            #expect(modes["./current"]?.first == "l")
        }
    }

    @Test func `the same tree gives the same bytes, wherever, whenever and by whomever it was exported`() async throws {
        var digests: Set<String> = []
        for round in 1...2 {
            try await scene { scene in
                let path = scene.path("tree/Dockerfile")
                let attributes: [FileAttributeKey: Any] = [
                    .posixPermissions: round == 1 ? 0o600 : 0o666,
                    .modificationDate: Date(timeIntervalSince1970: 1e9 * Double(round)),
                ]
                try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
                let outputs = try await action.perform(
                    try context(scene, archive, variables: ["TAR_OPTIONS": round == 1 ? "" : "--exclude=app"]))
                digests.insert(try #require(outputs["digest"]))
            }
        }
        #expect(digests.count == 1)
    }

    @Test(arguments: ["builder", "build"])
    func `after a crash it goes on and leaves one archive`(step: String) async throws {
        for crash in [World.Crash.before(step), .unrecorded(step), .after(step)] {
            try await scene { scene in
                scene.world.crash(crash)
                let context = try context(scene, archive)
                #expect(
                    await error { () throws(ActionError) in _ = try await action.perform(context) } == .stopped("crash")
                )
                #expect(try await action.verify(context) == .notDone)
                let outputs = try await action.perform(context)
                #expect(try await action.perform(context) == outputs)
                #expect(try await action.verify(context) == .done(outputs: outputs))
                #expect(scene.names(".shipit/images").count == 1)
            }
        }
    }

    @Test func `verify does not take a changed archive for the one that was made`() async throws {
        try await scene { scene in
            let context = try context(scene, archive)
            let path = try #require(try await action.perform(context)["path"])
            try scene.write(path, "tampered")
            #expect(try await action.verify(context) == .notDone)
        }
    }

    @Test(arguments: [
        ("context", "/etc"), ("context", "../.."), ("file", "../Dockerfile"), ("tag", "--privileged"), ("tag", "a b"),
        ("builder", "kaniko"), ("no-cache", "maybe"),
    ])
    func `inputs that would leave the tree or mean something else are refused`(input: String, value: String)
        async throws
    {
        try await scene { scene in
            let context = try context(scene, archive.merging([input: .text(Template(literal: value))]) { $1 })
            let failure = await error { () throws(ActionError) in _ = try await action.perform(context) }
            guard case .badInput(input, _) = failure else {
                Issue.record("\(input): \(value) gave \(String(describing: failure))")
                return
            }
        }
    }

    @Test func `the command line of an engine has everything, sorted, and no shell`() {
        let order = ImageOrder(
            context: "/tree", file: "/tree/Dockerfile", tag: "app:1", noCache: true,
            arguments: ["B": "2 $x", "A": "1"], version: "1.0.0", commit: "abc")
        #expect(
            order.build(.docker) == [
                "docker", "build", "--tag", "app:1", "--file", "/tree/Dockerfile", "--no-cache", "--label",
                "org.opencontainers.image.revision=abc", "--label", "org.opencontainers.image.version=1.0.0",
                "--build-arg", "A=1", "--build-arg", "B=2 $x", "/tree",
            ])
        #expect(order.build(.buildah).first == "buildah")
    }

    /// A stand-in for the docker command: it keeps its images as files and writes down what it was asked.
    private static let fakeDocker = #"""
        #!/bin/sh
        echo "$@" >> docker.log
        case "$1" in
        version) test ! -e no-engine ;;
        build) for word in "$@"; do case "$word" in *revision=*) echo "${word#*revision=}" > image ;; esac; done ;;
        image) test -e image && printf 'sha256:%064d %s\n' 7 "$(cat image)" ;;
        esac
        """#

    private func withDocker(_ body: (Scene, [String: String]) async throws -> Void) async throws {
        try await scene { scene in
            try scene.write("bin/docker", Self.fakeDocker, executable: true)
            try await body(scene, ["PATH": scene.path("bin") + ":/usr/bin:/bin"])
        }
    }

    @Test func `docker builds where its engine answers, and the digest is the image's id`() async throws {
        try await withDocker { scene, path in
            let context = try context(scene, ["tag": "app:1", "no-cache": "yes"], variables: path)
            #expect(try await action.verify(context) == .notDone)
            let outputs = try await action.perform(context)
            let digest = "sha256:" + String(repeating: "0", count: 63) + "7"
            #expect(outputs == ["image": "app:1", "digest": digest, "builder": "docker"])
            let log = try #require(scene.text("docker.log"))
            #expect(log.contains("build --tag app:1 --file \(scene.path("tree"))/Dockerfile --no-cache --label"))
            // Under a key of its own, since the one of before has its answer already.
            let later = try self.context(scene, ["tag": "app:1"], number: 2, variables: path)
            #expect(try await action.verify(later) == .done(outputs: outputs))
        }
    }

    @Test func `an image of another commit is not the one that was to be built`() async throws {
        try await withDocker { scene, path in
            try scene.write("image", "another-commit\n")
            #expect(try await action.verify(try context(scene, ["tag": "app:1"], variables: path)) == .notDone)
        }
    }

    @Test func `without an engine auto makes an archive, and docker alone is a failure`() async throws {
        try await withDocker { scene, path in
            try scene.write("no-engine", "")
            let auto = try context(scene, ["tag": "app:1"], variables: path)
            #expect(try await action.perform(auto)["builder"] == "archive")
            let docker = try context(scene, ["tag": "app:1", "builder": "docker"], number: 2, variables: path)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(docker) }
                    == .failed("docker cannot build here: the engine does not answer"))
            let arguments = try context(scene, ["tag": "app:1", "args": .map(["A": "1"])], number: 3, variables: path)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(arguments) }
                    == .failed("no container engine answers, and `args` mean nothing to an archive"))
        }
    }

    @Test func `a crash while docker builds does not build twice`() async throws {
        try await withDocker { scene, path in
            scene.world.crash(.unrecorded("build"))
            let context = try context(scene, ["tag": "app:1"], variables: path)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(context) } == .stopped("crash"))
            // The engine is gone meanwhile: the choice was made before and is kept.
            try scene.write("no-engine", "")
            #expect(try await action.perform(context)["builder"] == "docker")
            let builds = try #require(scene.text("docker.log")).split(separator: "\n").filter { $0.hasPrefix("build ") }
            #expect(builds.count == 1)
        }
    }

    @Test func `the preview shows the command lines and runs none`() async throws {
        try await scene { scene in
            let lines = try await action.preview(try context(scene, ["tag": "app:1"]))
            #expect(lines.count == 3)
            #expect(
                lines[0].hasPrefix("docker build --tag app:1 ")
                    && lines[1].hasPrefix("where that does not answer: buildah build "))
            #expect(lines[2].contains("tar --create --file .shipit/images/app-1-SHA256.tar "))
            #expect(scene.world.started.isEmpty)
        }
    }

    @Test(.enabled(if: RealDocker.isWanted, "no docker engine answers here"))
    func `a real engine builds a real image`() async throws {
        try await scene { scene in
            let tag = "shipit-test:\(UUID().uuidString.lowercased())"
            let context = try context(scene, ["tag": .text(Template(literal: tag)), "builder": "docker"])
            let outputs = try await action.perform(context)
            #expect(try await action.verify(context) == .done(outputs: outputs))
            _ = await RealCommand.run(context.request(["docker", "image", "rm", tag]), logs: scene.path("logs"))
        }
    }
}

/// Whether the test with a real engine is to run. Where all servers are required it runs, and fails without one, unless
/// the environment says that there is none on purpose.
enum RealDocker {
    static let isWanted: Bool = {
        let environment = ProcessInfo.processInfo.environment
        if environment["SHIPIT_TEST_DOCKER"] == "none" { return false }
        if environment["SHIPIT_TEST_REQUIRE"] == "all" { return true }
        return FileManager.default.fileExists(atPath: "/var/run/docker.sock")
    }()
}
